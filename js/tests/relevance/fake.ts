import { deflateSync } from "node:zlib";
import type { Entry, Traits } from "../../src/relevance/traits";
import { DONE, numbered, pack, wire } from "../fake";

/** Levels of six pixels, two rows of three, as the kernel sends them. */
export function deflated(levels: readonly number[]): number[] {
  const bytes = new Uint8Array(Int16Array.from(levels).buffer);
  return [...deflateSync(bytes)];
}

const MOST = 32767;
export const MAPS = [
  [0, MOST, -16384, 0, 0, 0],
  [MOST, 0, 0, 0, 0, 16384],
] as const;

export function entryOf(changes: Partial<Entry> = {}): Entry {
  return {
    ...{ method: "rap", refusal: "", layer: "", peak: 2, seconds: 0.25, error: 0.004, complete: true },
    ...{ deletion: [0.21, 0.4], insertion: [0.5, 0.41], better: [true, false] },
    stages: [
      { layer: "fc", alike: 0.43, changed: true, peak: 1 },
      { layer: "", alike: 0.91, changed: false, peak: 1 },
    ],
    ...changes,
  };
}

export function relevanceState(changes: Partial<Traits> = {}): Traits {
  return {
    ...{ model: "ResNet", labels: ["tench", "cat", "dog"], target: 1, against: -1 },
    picture: wire(Uint8Array.of(7)),
    size: [2, 3],
    fills: numbered(4, 100),
    entries: [
      entryOf(),
      entryOf({
        method: "lrp",
        refusal: "no rule for this <b>network</b>",
        better: [],
        stages: [],
        ...{ error: null, complete: null },
      }),
      entryOf({ method: "grad_cam", peak: 4, error: null, complete: null, better: [], stages: [] }),
    ],
    layers: [
      { layer: "conv1", after: 0.9, refusal: "", peak: 1 },
      { layer: "conv2", after: 0.5, refusal: "", peak: 1 },
      { layer: "odd", after: 0.2, refusal: "it has no places", peak: 0 },
    ],
    maps: pack([deflated(MAPS[0]), [], deflated(MAPS[1])]),
    layer_maps: pack([deflated(MAPS[1]), deflated(MAPS[0]), []]),
    stage_maps: pack([deflated(MAPS[1]), deflated(MAPS[0])]),
    whole: [
      [1, 0.8],
      [2, 0.15],
      [0, 0.05],
    ],
    hiding: { method: "rap", percent: 10, least: false, fill: "blur" },
    answer: {
      hiding: { method: "rap", percent: 10, least: false, fill: "blur" },
      target: 1,
      against: -1,
      top: [
        [2, 0.6],
        [1, 0.3],
        [0, 0.1],
      ],
      probability: 0.3,
      picture: null,
    },
    ...{ cursor: [10, 10], point: [], region: [] },
    ...{ ...DONE, counts: "3 of 3 methods" },
    trust: [{ name: "deletion area of rap", value: ".21", note: "random .40", help: "lower", ok: true }],
    ...changes,
  };
}
