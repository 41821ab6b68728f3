import type { Traits } from "../../src/transitions/traits";
import { DONE, numbered, wire } from "../fake";

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
  nearest: false,
});

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
    ...{ point: [], region: [] },
    answer: { cells: [2, 2], share: [0.5, -0.25, 0.7, 0.05], total: 7.94, off: 0.03 },
    ...DONE,
    trust: [
      { name: "agreement, 5 seeds", value: ".68", note: "chance .33", help: "higher is better", ok: null },
    ],
    counts: "update 2,000 of 2,000 · 96 candidates",
    ...changes,
  };
}
