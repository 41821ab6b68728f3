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

/**
 * Puts pictures and maps together in their own pixels: what is drawn larger afterwards costs the same for every size.
 * Each call gives the same canvas, redrawn.
 */
export class Composer {
  readonly #read = createPixelReader();
  readonly #out = document.createElement("canvas");
  readonly #map = document.createElement("canvas");
  #image: ImageData | null = null;
  #reference: { of: CanvasImageSource; luma: Uint8Array | null } | null = null;

  /** `which` of the two maps: 0 for the wrong class, 1 for the correct one. */
  draw(
    layers: Layers,
    kind: Kind,
    which: number,
    size: readonly [number, number],
    palette: Palette,
  ): HTMLCanvasElement {
    const [width, height] = size;
    const context = this.#begin(width, height);
    if (!context) return this.#out;
    const count = width * height;
    const map = layers.maps?.subarray(which * count, (which + 1) * count);
    if (map && kind === "map") return this.#tinted(map, palette.tables.solid, width, height);
    context.drawImage(layers.picture, 0, 0, width, height);
    if (!map || kind === "plain") return this.#out;
    // Without its colours, by compositing: Safari has no filters on a canvas.
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "hsl(0 0% 50%)";
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "source-over";
    context.globalAlpha = palette.veil;
    context.fillStyle = palette.ground;
    context.fillRect(0, 0, width, height);
    context.globalAlpha = 1;
    context.drawImage(this.#tinted(map, palette.tables.sheer, width, height), 0, 0);
    return this.#out;
  }

  /** How much brighter a picture is than the reference. */
  difference(
    picture: CanvasImageSource,
    reference: CanvasImageSource,
    size: readonly [number, number],
    palette: Palette,
  ): HTMLCanvasElement {
    const [width, height] = size;
    if (this.#reference?.of !== reference || this.#reference.luma?.length !== width * height)
      this.#reference = { of: reference, luma: brightnessOf(this.#read(reference, width, height)) };
    const luma = brightnessOf(this.#read(picture, width, height));
    const before = this.#reference.luma;
    if (!luma || !before) return this.#map;
    return this.#tinted(differenceOf(luma, before), palette.tables.solid, width, height);
  }

  #begin(width: number, height: number): CanvasRenderingContext2D | null {
    if (this.#out.width !== width) this.#out.width = width;
    if (this.#out.height !== height) this.#out.height = height;
    const context = this.#out.getContext("2d");
    context?.clearRect(0, 0, width, height);
    return context;
  }

  #tinted(map: Uint8Array, table: Table, width: number, height: number): HTMLCanvasElement {
    if (this.#map.width !== width || this.#map.height !== height) {
      this.#map.width = width;
      this.#map.height = height;
      this.#image = null;
    }
    const context = this.#map.getContext("2d");
    if (!context) return this.#map;
    this.#image ??= context.createImageData(width, height);
    tint(map, table, new Uint32Array(this.#image.data.buffer));
    context.putImageData(this.#image, 0, 0);
    return this.#map;
  }
}
