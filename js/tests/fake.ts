import { deflateSync } from "node:zlib";
import type { AnyModel } from "@anywidget/types";
import { vi } from "vitest";
import type { RunTraits } from "../src/shared/traits";
import type { Traits } from "../src/superpixels/traits";

type Callback = (...values: unknown[]) => void;

/** A model without a kernel: `set` tells its listeners at once; what was saved and sent is kept to look at. */
export function fakeModel<T extends object>(state: T) {
  const listeners = new Map<string, Set<Callback>>();
  const saved: Partial<T>[] = [];
  const sent: unknown[] = [];
  let unsaved: Partial<T> = {};
  let sets = 0;
  const fire = (event: string, ...values: unknown[]) => {
    for (const callback of [...(listeners.get(event) ?? [])]) callback(...values);
  };
  /** A message from the kernel that is no trait. */
  const message = (content: unknown, buffers: readonly DataView[]) => fire("msg:custom", content, buffers);
  /** As a message from the kernel: nothing of it is to be saved again. */
  const receive = (values: Partial<T>) => {
    Object.assign(state, values);
    for (const key of Object.keys(values)) fire(`change:${key}`);
  };
  /** Each view gets an object of its own over the same state, as hosts do it. */
  const view = () =>
    ({
      get: <K extends keyof T>(key: K) => state[key],
      set<K extends keyof T>(key: K, value: T[K]) {
        // As marimo does it: to set an equal list is a change. Whoever answers each change by another hangs.
        if (Object.is(state[key], value)) return;
        sets += 1;
        if (sets > 5000) throw new Error(`${String(key)} is set again and again`);
        unsaved[key] = value;
        receive({ [key]: value } as unknown as Partial<T>);
      },
      save_changes() {
        saved.push(unsaved);
        unsaved = {};
      },
      send: (content: unknown) => sent.push(content),
      on(event: string, callback: Callback) {
        if (!listeners.has(event)) listeners.set(event, new Set());
        listeners.get(event)!.add(callback);
      },
      off: (event: string, callback: Callback) => listeners.get(event)?.delete(callback),
    }) as unknown as AnyModel<T>;
  const count = () => [...listeners.values()].reduce((sum, callbacks) => sum + callbacks.size, 0);
  return { state, model: view(), view, receive, message, fire, saved, sent, listeners: count };
}

/** The bytes as a host hands them over: a part of a larger buffer. */
export function wire(bytes: Uint8Array): DataView {
  const buffer = new Uint8Array(bytes.length + 8);
  buffer.set(bytes, 4);
  return new DataView(buffer.buffer, 4, bytes.length);
}

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

/** A run that has ended, of which there is nothing to say. */
export const DONE: RunTraits = {
  ...{ state: "done", activity: "", time_left: "", progress: 1, counts: "", notes: "", error: "" },
  ...{ caveats: [], trust: [], measures: true, resumable: true, opens_with: "" },
};

export const EMPTY = new DataView(new ArrayBuffer(0));

export function labelMap(labels: readonly number[]): DataView {
  const bytes = new DataView(new ArrayBuffer(2 * labels.length));
  labels.forEach((label, i) => {
    bytes.setUint16(2 * i, label, true);
  });
  return wire(deflateSync(new Uint8Array(bytes.buffer)));
}

/** Six superpixels, two rows of three, each 4 by 4 pixels. */
export const SIX = Array.from(
  { length: 8 * 12 },
  (_, i) => 3 * Math.floor(i / 48) + Math.floor((i % 12) / 4),
);

export function superpixelState(changes: Partial<Traits> = {}): Traits {
  return {
    picture: wire(Uint8Array.of(1, 2, 3)),
    hidden_picture: wire(Uint8Array.of(4, 5, 6)),
    label_map: labelMap(SIX),
    size: [8, 12],
    count: 6,
    labels: ["tench", "Egyptian cat", "tabby", "<img src=x onerror=alert(1)>", "lynx", "tiger cat"],
    target: 1,
    method: "E-LIME",
    objective: "sufficient",
    best: [0, 1, 4],
    smallest: [],
    following: false,
    shown: [0, 1, 4],
    importance: [1, 0.8, 0.1, -0.2, 0.7, 0],
    order: [0, 1, 4, 2, 5, 3],
    whole: [
      [1, 0.357],
      [2, 0.217],
      [5, 0.2],
    ],
    answer: {
      shown: [0, 1, 4],
      target: 1,
      top: [
        [1, 0.913],
        [2, 0.042],
        [4, 0.007],
        [5, 0.0002],
        [3, 0.0001],
      ],
      probability: 0.913,
      whole: 0.357,
    },
    ...DONE,
    history_masks: wire(Uint8Array.of(0b11111100, 0b11001000)),
    cursor: [1, 1],
    trust: [{ name: "deletion area", value: ".11", note: "random .29", help: "lower is better", ok: null }],
    ...{ point: [], region: [] },
    counts: "2,030 pictures evaluated · generation 50 of 50",
    ...changes,
  };
}

/** What happy-dom has not: pictures, the size of the canvas on the page, pointer capture. */
export function stubBrowser() {
  const bitmaps: { closed: boolean }[] = [];
  vi.stubGlobal("createImageBitmap", async () => {
    const bitmap = {
      width: 12,
      height: 8,
      closed: false,
      close: () => Object.assign(bitmap, { closed: true }),
    };
    bitmaps.push(bitmap);
    return bitmap;
  });
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue({
    ...{ left: 100, top: 50, width: 120, height: 80 },
    ...{ x: 100, y: 50, right: 220, bottom: 130, toJSON: () => ({}) },
  });
  HTMLCanvasElement.prototype.setPointerCapture = () => {};
  return bitmaps;
}
