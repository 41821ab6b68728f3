import { h } from "./dom";

/** The colours of pixels, row by row: red, green, blue and opacity. */
export type Pixels = Uint8ClampedArray;

/**
 * Reads the pixels of decoded pictures, on a canvas of the CPU: reading back from a GPU's takes a frame's time. It gives
 * null where the browser has no canvas.
 */
export function createPixelReader() {
  const canvas = h("canvas");
  let context: CanvasRenderingContext2D | null = null;
  return (picture: CanvasImageSource, width: number, height: number): Pixels | null => {
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context ??= canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return null;
    context.clearRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
}

/** The grey values of a grey picture. */
export const greyOf = (pixels: Pixels | null): Uint8Array<ArrayBuffer> | null =>
  pixels && new Uint8Array(pixels.length / 4).map((_, i) => pixels[4 * i]!);

/** The luma of each pixel, 0 to 255. */
export const brightnessOf = (pixels: Pixels | null): Uint8Array<ArrayBuffer> | null =>
  pixels &&
  new Uint8Array(pixels.length / 4).map(
    (_, i) => 0.299 * pixels[4 * i]! + 0.587 * pixels[4 * i + 1]! + 0.114 * pixels[4 * i + 2]! + 0.5,
  );

/** How much brighter `after` is than `before`, coded as a map whose scale is the whole range. */
export const differenceOf = (after: Uint8Array, before: Uint8Array): Uint8Array =>
  after.map((value, i) => 128 + Math.round((127 * (value - before[i]!)) / 255));
