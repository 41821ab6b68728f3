import { h } from "../shared/dom";
import { brightnessOf, createPixelReader, differenceOf } from "../shared/pixels";
import { type Table, type Tables, tint } from "../shared/signed";

/** Something to look at: a picture, and its two maps if there are any. */
export interface Layers {
  readonly picture: CanvasImageSource;
  readonly maps: Uint8Array | null;
}

/** How one picture is drawn: as it is, with its map over it, or its map alone. */
export type Kind = "plain" | "overlay" | "map";

export interface Palette {
  /** What shines through under an overlay. */
  ground: string;
  /** How much of it lies over the picture, 0 to 1. */
  veil: number;
  tables: Tables;
}

export type Composer = ReturnType<typeof createComposer>;

/**
 * Puts pictures and maps together in their own pixels: what is drawn larger afterwards costs the same for every size.
 * Each call gives the same canvas, redrawn.
 */
export function createComposer() {
  const read = createPixelReader();
  const [out, map] = [h("canvas"), h("canvas")];
  let image: ImageData | null = null;
  let known: { of: CanvasImageSource; luma: Uint8Array | null } | null = null;

  const tinted = (levels: Uint8Array, table: Table, width: number, height: number) => {
    if (map.width !== width || map.height !== height) {
      [map.width, map.height] = [width, height];
      image = null;
    }
    const context = map.getContext("2d");
    if (!context) return map;
    image ??= context.createImageData(width, height);
    tint(levels, table, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    return map;
  };
  return {
    /** `which` of the two maps: 0 for the wrong class, 1 for the correct one. */
    draw(
      layers: Layers,
      kind: Kind,
      which: number,
      [width, height]: readonly [number, number],
      palette: Palette,
    ): HTMLCanvasElement {
      if (out.width !== width) out.width = width;
      if (out.height !== height) out.height = height;
      const context = out.getContext("2d");
      if (!context) return out;
      context.clearRect(0, 0, width, height);
      const count = width * height;
      const levels = layers.maps?.subarray(which * count, (which + 1) * count);
      if (levels && kind === "map") return tinted(levels, palette.tables.solid, width, height);
      context.drawImage(layers.picture, 0, 0, width, height);
      if (!levels || kind === "plain") return out;
      // Without its colours, by compositing: Safari has no filters on a canvas.
      context.globalCompositeOperation = "saturation";
      context.fillStyle = "hsl(0 0% 50%)";
      context.fillRect(0, 0, width, height);
      context.globalCompositeOperation = "source-over";
      context.globalAlpha = palette.veil;
      context.fillStyle = palette.ground;
      context.fillRect(0, 0, width, height);
      context.globalAlpha = 1;
      context.drawImage(tinted(levels, palette.tables.sheer, width, height), 0, 0);
      return out;
    },
    /** How much brighter a picture is than the reference. */
    difference(
      picture: CanvasImageSource,
      reference: CanvasImageSource,
      [width, height]: readonly [number, number],
      palette: Palette,
    ): HTMLCanvasElement {
      if (known?.of !== reference || known.luma?.length !== width * height)
        known = { of: reference, luma: brightnessOf(read(reference, width, height)) };
      const luma = brightnessOf(read(picture, width, height));
      if (!luma || !known.luma) return map;
      return tinted(differenceOf(luma, known.luma), palette.tables.solid, width, height);
    },
  };
}
