/** Reads the pixels of decoded pictures, on a canvas of the CPU: reading back from a GPU's takes a frame's time. */
export class PixelReader {
  readonly #canvas = document.createElement("canvas");
  #context: CanvasRenderingContext2D | null = null;

  /** The grey values of a grey picture; null where the browser has no canvas. */
  grey(picture: CanvasImageSource, width: number, height: number): Uint8Array | null {
    const pixels = this.#read(picture, width, height);
    if (!pixels) return null;
    const grey = new Uint8Array(width * height);
    for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i]!;
    return grey;
  }

  /** The luma of each pixel, 0 to 255. */
  brightness(picture: CanvasImageSource, width: number, height: number): Uint8Array | null {
    const pixels = this.#read(picture, width, height);
    if (!pixels) return null;
    const luma = new Uint8Array(width * height);
    for (let i = 0; i < luma.length; i++)
      luma[i] = 0.299 * pixels[4 * i]! + 0.587 * pixels[4 * i + 1]! + 0.114 * pixels[4 * i + 2]! + 0.5;
    return luma;
  }

  #read(picture: CanvasImageSource, width: number, height: number): Uint8ClampedArray | null {
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.#context ??= this.#canvas.getContext("2d", { willReadFrequently: true });
    if (!this.#context) return null;
    this.#context.clearRect(0, 0, width, height);
    this.#context.drawImage(picture, 0, 0, width, height);
    return this.#context.getImageData(0, 0, width, height).data;
  }
}

/** How much brighter `after` is than `before`, coded as a map whose scale is the whole range. */
export function differenceOf(after: Uint8Array, before: Uint8Array): Uint8Array {
  return after.map((value, i) => 128 + Math.round((127 * (value - before[i]!)) / 255));
}
