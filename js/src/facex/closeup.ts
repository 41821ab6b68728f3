import { OUTSIDE, traceBoundaries } from "../shared/boundaries";
import { decodePictures, toBytes } from "../shared/bytes";
import { beginCanvas } from "../shared/canvas";
import { createPixelReader, greyOf } from "../shared/pixels";
import type { Face } from "./traits";

/** A face, decoded. */
export interface Closeup {
  face: Face;
  picture: ImageBitmap;
  /** Attention as grey values; null where it cannot be read. */
  map: { grey: Uint8Array; width: number; height: number } | null;
  /** The region's outline: polylines in parts of the picture's width and height. */
  outline: Float32Array[];
  /** Says in words what of it cannot be read; empty where all can. */
  wrong: string;
}

/** The darkness where there is no attention. */
const SHADE = 0.7;

/** Decodes a face; says in words why that cannot be. */
export async function readCloseup(face: Face): Promise<Closeup | string> {
  const wires = [face.picture, face.map, face.region_mask].map(toBytes);
  const [picture, map, mask] = await decodePictures(wires);
  const pixels = createPixelReader();
  const readGrey = (bitmap: ImageBitmap | null | undefined) => {
    if (!bitmap) return null;
    const { width, height } = bitmap;
    const grey = greyOf(pixels(bitmap, width, height));
    bitmap.close();
    return grey && { grey, width, height };
  };
  const [attention, region] = [readGrey(map), readGrey(mask)];
  if (!picture) return "the browser cannot decode the face";
  const unread = [!map && wires[1] && "attention map", !mask && wires[2] && "outline"];
  const parts = unread.filter(Boolean).join(" and ");
  return {
    ...{ face, picture, map: attention, outline: region ? outlineOf(region) : [] },
    wrong: parts && `the ${parts} cannot be read`,
  };
}

/** The border of the bright part of a mask. */
export function outlineOf({ grey, width, height }: NonNullable<Closeup["map"]>): Float32Array[] {
  const labels = Uint16Array.from(grey, (value) => (value > 127 ? 1 : 0));
  return (
    traceBoundaries(labels, width, height)
      // Not where the ground meets the end of the picture.
      .filter(({ a, b }) => a === 1 || b !== OUTSIDE)
      .flatMap(({ lines }) => lines.map((line) => line.map((v, i) => v / (i % 2 ? height : width))))
  );
}

export interface CloseupOptions {
  attention: boolean;
  /** Device pixels of one CSS pixel. */
  ratio: number;
}

/** Paints a face on the whole of a canvas: attention, the region's outline and the patch's box over it. */
export function paintCloseup(canvas: HTMLCanvasElement, closeup: Closeup, options: CloseupOptions): void {
  const { face, picture, map, outline } = closeup;
  const { width, height } = canvas;
  const context = beginCanvas(canvas, picture.width);
  if (!context) return;
  context.drawImage(picture, 0, 0, width, height);
  if (options.attention && map) {
    context.imageSmoothingEnabled = true;
    const shade = shadeOf(map);
    if (shade) context.drawImage(shade, 0, 0, width, height);
  }
  const stroke = (trace: () => void, dash: number[]) => {
    // Light upon dark: seen on any picture.
    for (const [colour, wide] of [
      ["#000000b0", 3.5],
      ["#ffffff", 1.5],
    ] as const) {
      context.beginPath();
      trace();
      context.strokeStyle = colour;
      context.lineWidth = wide * options.ratio;
      context.setLineDash(colour === "#ffffff" ? dash.map((length) => length * options.ratio) : []);
      context.stroke();
    }
    context.setLineDash([]);
  };
  context.lineJoin = "round";
  stroke(() => {
    for (const line of outline)
      for (let i = 0; i < line.length; i += 2) {
        const [x, y] = [line[i]! * width, line[i + 1]! * height];
        if (i === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
  }, []);
  const [row, column, side] = face.box;
  const [h, w] = face.size;
  if (side > 0 && h > 0 && w > 0)
    stroke(
      () => context.rect((column * width) / w, (row * height) / h, (side * width) / w, (side * height) / h),
      [5, 3],
    );
}

/**
 * Darkness where there is little attention: what draws it keeps its own colours, so that one sees what it is, in
 * either theme and by any eye.
 */
function shadeOf(map: NonNullable<Closeup["map"]>): HTMLCanvasElement | null {
  const canvas = document.createElement("canvas");
  canvas.width = map.width;
  canvas.height = map.height;
  const context = canvas.getContext("2d");
  if (!context) return null;
  const image = context.createImageData(map.width, map.height);
  map.grey.forEach((grey, i) => {
    image.data[4 * i + 3] = 255 * SHADE * (1 - grey / 255);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}
