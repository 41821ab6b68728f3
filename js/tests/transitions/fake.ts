import { vi } from "vitest";
import type { Traits } from "../../src/transitions/traits";
import { wire } from "../fake";

/** Blobs in one buffer, as cfwidgets packs them. */
export function pack(blobs: readonly (readonly number[])[]): DataView {
  const header = new DataView(new ArrayBuffer(4 + 4 * blobs.length));
  header.setUint32(0, blobs.length, true);
  let end = 0;
  blobs.forEach((blob, i) => {
    end += blob.length;
    header.setUint32(4 + 4 * i, end, true);
  });
  return wire(Uint8Array.from([...new Uint8Array(header.buffer), ...blobs.flat()]));
}

/** `count` blobs, each of one byte that says which it is. */
export const numbered = (count: number, first = 0) =>
  pack(Array.from({ length: count }, (_, i) => [first + i]));

/** Eleven phases of a path from 9 to 4 that flips at 6, of which all frames are there. */
export function pathOf(at: readonly number[] = Array.from({ length: 11 }, (_, i) => i)) {
  return {
    ends: [17, 40] as [number, number],
    phases: 11,
    at: [...at],
    wrong: at.map((phase) => 1 - phase / 10),
    correct: at.map((phase) => phase / 10),
    called: at.map((phase) => (phase >= 6 ? 4 : 9)),
    flip: 6,
    scale: 0.12,
    strip: [0, 5, 10],
  };
}

const candidate = (id: number, right: boolean, cosine: number, tile: number) => ({
  ...{ id, right, cosine, tile },
  called: right ? 4 : 9,
  confidence: 0.93,
});

export const EMPTY = new DataView(new ArrayBuffer(0));

export function transitionState(changes: Partial<Traits> = {}): Traits {
  return {
    picture: wire(Uint8Array.of(200)),
    picture_maps: numbered(2, 201),
    size: [2, 3],
    labels: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    predicted: 9,
    wrong: 9,
    correct: 4,
    whole: [
      [9, 0.913],
      [4, 0.081],
      [7, 0.003],
    ],
    gallery: [
      candidate(17, false, 0.81, 0),
      candidate(23, false, 0.79, 1),
      candidate(40, true, 0.84, 2),
      candidate(41, true, 0.8, 3),
      candidate(42, true, 0.7, 4),
    ],
    gallery_tiles: numbered(5, 100),
    gallery_maps: numbered(5, 110),
    gallery_scale: 0.05,
    picked: [],
    following: true,
    best: [17, 40],
    path: pathOf(),
    frames: numbered(11),
    maps: numbered(11, 50),
    phase: 2,
    cursor: [0, 0],
    answer: { cells: [2, 2], share: [0.5, -0.25, 0.7, 0.05], total: 7.94, off: 0.03 },
    trust: [{ name: "agreement, 5 seeds", value: ".68", note: "chance .33", help: "higher is better" }],
    measures: true,
    state: "done",
    activity: "",
    progress: 1,
    counts: "update 2,000 of 2,000 · 96 candidates",
    notes: "",
    error: "",
    ...changes,
  };
}

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
      drawImage: (picture: unknown) => drawn.push({ canvas: this, picture }),
      getImageData: (_x: number, _y: number, width: number, height: number) => pixels(width, height),
      createImageData: pixels,
      fillText: (text: string) => texts.push(text),
      ...{ putImageData: nothing, clearRect: nothing, fillRect: nothing, strokeRect: nothing },
      ...{ strokeText: nothing, setLineDash: nothing },
    } as unknown as RenderingContext;
  });
  return { drawn, texts };
}
