import { deflateSync } from "node:zlib";
import type { Traits } from "../../src/translation/traits";
import { DONE, numbered, pack } from "../fake";

/** Levels of six pixels, two rows of three, deflated. */
export const deflated = (levels: readonly number[]) => [...deflateSync(Uint8Array.from(levels))];

/** All there is of an image of two rows of three pixels; its pictures' first bytes are `first` and those after it. */
export function bundleOf(first: number, truth: readonly number[] | null = [0, 0, 1, 0, 0, 1]): number[] {
  const difference = deflated([0, 10, 200, 0, 128, 255]);
  const view = pack([
    ...[[first], [first + 1], [first + 2], difference],
    deflated([0, 0, 100, 0, 0, 255]),
    deflated([9, 0, 0, 0, 0, 0]),
    truth ? deflated(truth) : [],
    ...[[first + 3], [first + 4]],
    ...[deflated([255, 0, 0, 0, 0, 0]), deflated([0, 255, 0, 0, 0, 0])],
  ]);
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
}

export function entryOf(changes: Partial<Traits["entries"][number]> = {}): Traits["entries"][number] {
  return {
    image: [0.1, 0.7, 0.2],
    twin: [0.6, 0.1, 0.3],
    returned: [0.2, 0.7, 0.1],
    ...{ second: [], second_twin: [], from: 1, to: 0, flips: true, changed: 0.01, away: 0.008 },
    ...{ area: 0.02, truth: 1, error: 0.36 },
    ...changes,
  };
}

export function translationState(changes: Partial<Traits> = {}): Traits {
  return {
    ...{ model: "ResNet", labels: ["sound", "cracked", "painted"], target: 1, painted: 2, second: "" },
    ...{ total: 3, size: [2, 3] as const },
    tiles: numbered(3, 200),
    pictures: pack([bundleOf(10), bundleOf(20, [0, 0, 0, 0, 0, 0]), bundleOf(30, null)]),
    entries: [
      entryOf(),
      entryOf({ image: [0.8, 0.1, 0.1], from: 0, to: 1, truth: 0, error: 0.22, area: 0.3 }),
      entryOf({ image: [0.3, 0.2, 0.5], from: 0, to: 0, flips: false, truth: 1, error: 1.6, area: 0.1 }),
    ],
    ...{ fetched: null, chosen: 0, threshold: 0.5, stressed: [], stress: null },
    ...{ curves: "" as const, measured: {}, attackable: true },
    ...{ point: [], region: [] },
    ...{ cursor: [0.5, 0.5], curve: [], area: [], strength: [0, 0] },
    ...{ ...DONE, counts: "3 of 3 images · 2 flipped" },
    trust: [{ name: "flip rate", value: ".92", note: "chance .5", help: "higher is better", ok: null }],
    ...changes,
  };
}
