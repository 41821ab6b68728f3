import { vi } from "vitest";

export interface FakeBitmap {
  /** The first byte of what it was decoded from. */
  from: number;
  width: number;
  height: number;
  closed: boolean;
}

/**
 * What happy-dom has not: pictures. A blob is decoded to a bitmap that knows its first byte; 255 is no picture. With
 * `held`, decoding waits until it is released.
 */
export function stubBitmaps(size: { width: number; height: number } = { width: 3, height: 2 }) {
  const bitmaps: FakeBitmap[] = [];
  const waiting: { from: number; go: () => void }[] = [];
  const control = {
    bitmaps,
    held: false,
    /** The first bytes of what is being decoded. */
    waiting: () => waiting.map(({ from }) => from),
    /** Ends the decoding of what begins with such a byte, or of all. */
    release(from?: number) {
      for (const entry of [...waiting])
        if (from === undefined || entry.from === from) {
          waiting.splice(waiting.indexOf(entry), 1);
          entry.go();
        }
    },
    open: () => bitmaps.filter(({ closed }) => !closed),
  };
  vi.stubGlobal("createImageBitmap", async (blob: Blob) => {
    const from = new Uint8Array(await blob.arrayBuffer())[0]!;
    if (control.held) await new Promise<void>((go) => waiting.push({ from, go }));
    if (from === 255) throw new DOMException("The source image could not be decoded.");
    const bitmap = { from, ...size, closed: false, close: () => Object.assign(bitmap, { closed: true }) };
    bitmaps.push(bitmap);
    return bitmap;
  });
  return control;
}

export interface Drawn {
  canvas: HTMLCanvasElement;
  picture: unknown;
}

/** A canvas that only remembers what was drawn on it, newest last, and whose pixels all are `grey`. */
export function stubCanvas(grey = 255) {
  const drawn: Drawn[] = [];
  const texts: string[] = [];
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement) {
    const pixels = (width: number, height: number) => ({
      data: new Uint8ClampedArray(4 * width * height).fill(grey),
    });
    const nothing = () => {};
    return {
      canvas: this,
      drawImage: (picture: unknown) => drawn.push({ canvas: this, picture }),
      getImageData: (_x: number, _y: number, width: number, height: number) => pixels(width, height),
      createImageData: pixels,
      fillText: (text: string) => texts.push(text),
      measureText: (text: string) => ({ width: 6 * text.length }),
      ...{ putImageData: nothing, clearRect: nothing, fillRect: nothing, strokeRect: nothing },
      ...{ strokeText: nothing, setLineDash: nothing, beginPath: nothing, stroke: nothing },
      ...{ moveTo: nothing, lineTo: nothing, rect: nothing, setTransform: nothing },
    } as unknown as RenderingContext;
  });
  /** The first bytes of the pictures that were drawn on a canvas; undefined for what was decoded from none. */
  const drawnOn = (canvas: Element) =>
    drawn.filter((one) => one.canvas === canvas).map(({ picture }) => (picture as Partial<FakeBitmap>).from);
  return { drawn, drawnOn, texts };
}
