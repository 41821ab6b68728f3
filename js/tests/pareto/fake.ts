import type { Edited, Member, Traits } from "../../src/pareto/traits";
import { DONE, numbered, wire } from "../fake";

export function member(
  p: number,
  plausibility: number | null,
  intensity: number,
  more: Partial<Member> = {},
): Member {
  const flips = p < 0.5;
  return {
    ...{ p, flips, label: flips ? "female" : "Male" },
    ...{ plausibility, success: Math.log(p), intensity, second: null, ...more },
  };
}

export const members = () => [
  member(0.9, 0, 0.1),
  member(0.6, 0.2, 0.5),
  member(0.4, 0.5, 0.9),
  member(0.1, 1, 1.6),
];

export const NAMES = ["Blond_Hair", "Bald", "Young"];

/** One row a counterfactual. */
export const DELTAS = [
  [0.25, 0, 0],
  [0.5, -0.25, 0],
  [0.75, -0.5, 0],
  [1, -0.75, 0.5],
];

export function floats(rows: readonly (readonly number[])[]): DataView {
  return wire(new Uint8Array(Float32Array.from(rows.flat()).buffer));
}

export function edited(deltas: number[], p: number, from = 99): Edited {
  return {
    ...{ deltas, p, flips: p < 0.5, critic: -1, second: null },
    top: [
      [p < 0.5 ? "female" : "Male", Math.max(p, 1 - p)],
      [p < 0.5 ? "Male" : "female", Math.min(p, 1 - p)],
    ],
    picture: wire(Uint8Array.of(from)),
  };
}

export function paretoState(changes: Partial<Traits> = {}): Traits {
  return {
    original: wire(Uint8Array.of(50)),
    repainted: wire(Uint8Array.of(51)),
    size: [16, 16],
    tiles: numbered(4),
    members: members(),
    deltas: floats(DELTAS),
    ...{ crossing: 2, simplest: -1 },
    names: NAMES,
    ...{ attributes: [0, 0, 1], groups: [], frozen: [] },
    ...{ reach: 1, model: "lipstick", labels: ["female", "Male"], original_class: 1 },
    ...{
      before: 0.97,
      repainted_p: 0.95,
      repainted_label: "Male",
      chosen: -1,
      brushed: [],
      edit: [],
      // As the kernel sends it: none.
      edited: {} as unknown as null,
      cursor: null,
      ...{ point: [], region: [] },
    },
    ...{ across_0: null, up_0: null, across_1: null, up_1: null, across_2: null, up_2: null },
    importance: [
      { name: "Blond_Hair", success: 1.5, per_unit: 2, change: 0.8 },
      { name: "Bald", success: -0.3, per_unit: -1, change: -0.6 },
    ],
    ...DONE,
    trust: [{ name: "reconstruction", value: ".95", note: "the image .97", help: "", ok: null }],
    counts: "2 of 4 flip · 1,200 asked",
    ...changes,
  };
}
