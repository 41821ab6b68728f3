import type { Face, Region, Traits } from "../../src/facex/traits";
import { DONE, EMPTY, pack, wire } from "../fake";

/** The traits as the kernel sends them: these become something else when they are read. */
export type Sent = Omit<Traits, "prototype" | "face" | "skipped"> &
  Record<"prototype" | "face" | "skipped", unknown>;

/**
 * A drawing of squares: a ground, on it two eyes beside each other and lips below them; a hat on a panel of its own. In
 * tests/widgets/facex/test_drawing.py it is what Python makes of it.
 */
export const SQUARES = {
  regions: [
    { name: "background", paths: ["M0 0H100V100H0Z"], panel: 0 },
    { name: "r_eye", paths: ["M20 20h20v20h-20z"], panel: 0 },
    { name: "l_eye", paths: ["M60 20h20v20h-20z"], panel: 0 },
    { name: "u_lip", paths: ["M30 60H70V70H30Z", "M40 72H60V80H40Z"], panel: 0 },
    { name: "hat", paths: ["M120 20H150V40H120Z"], panel: 1 },
  ],
  panels: [
    { panel: 0, box: [0, 0, 100, 100] },
    { panel: 1, box: [120, 20, 30, 20] },
  ],
  order: [0, 1, 2, 3, 4],
  places: [
    { region: 1, beside: [-1, 1, -1, 2] },
    { region: 2, beside: [0, 5, -1, 2] },
    { region: 0, beside: [0, 1, 0, 3] },
    { region: 3, beside: [0, 1, 2, -1] },
    { region: 3, beside: [0, 1, 2, -1] },
    { region: 4, beside: [1, -1, -1, 3] },
  ],
};

export function region(name: string, label: string, ior: number | null, more: Partial<Region> = {}): Region {
  return {
    ...{ name, label, ior },
    low: ior === null ? null : ior - 0.04,
    high: ior === null ? null : ior + 0.04,
    count: ior === null ? 0 : 1000,
    rank: null,
    null: ior === null ? null : 0.31,
    ...{ effect: null, effect_low: null, effect_high: null, effect_count: 0, effect_rank: null, push: null },
    ...more,
  };
}

export const regions = () => [
  region("background", "background", 0.05, { rank: 4 }),
  region("l_eye", "left eye", 0.62, { rank: 2, count: 812 }),
  region("r_eye", "right eye", 0.4, { rank: 3 }),
  region("u_lip", "upper lip", 0.81, { rank: 1 }),
  region("hat", "hat", null),
];

/** The same of a model that looks at the eyes more than at the lips. */
export const otherRegions = () => [
  region("background", "background", 0.05, { rank: 4 }),
  region("l_eye", "left eye", 0.7, { rank: 1, count: 812 }),
  region("r_eye", "right eye", 0.6, { rank: 2 }),
  region("u_lip", "upper lip", 0.41, { rank: 3 }),
  region("hat", "hat", null),
];

/** With effects: the right eye moves the answer most, and against the class. */
export const measured = () =>
  regions().map((entry) => {
    const effect = { background: 0.4, l_eye: 1.2, r_eye: 12.3, u_lip: 2.1 }[entry.name];
    if (effect === undefined) return entry;
    return {
      ...entry,
      ...{ effect, effect_low: effect - 0.2, effect_high: effect + 0.2, effect_count: 64 },
      effect_rank: { background: 4, l_eye: 3, r_eye: 1, u_lip: 2 }[entry.name]!,
      push: entry.name === "r_eye" ? -12.1 : effect,
    };
  });

const patch = (tile: number, image: number, value: number) => ({
  ...{ tile, image, value },
  name: `${String(image).padStart(6, "0")}.jpg`,
});

/** Three patches of the lips, two of the left eye, none of the others. */
export const patches = () => ({
  u_lip: [patch(0, 12, 41.25), patch(1, 7, 40), patch(2, 30, 31)],
  l_eye: [patch(3, 7, 20), patch(4, 55, 19)],
});

export function face(image: number, name: string, changes: Partial<Face> = {}): Face {
  return {
    ...{ image, name, region: "u_lip", model: 0 },
    size: [64, 64],
    box: [32, 16, 8],
    answer: [
      ["Male", 0.913],
      ["not Male", 0.087],
    ],
    picture: wire(Uint8Array.of(210)),
    map: wire(Uint8Array.of(211)),
    region_mask: wire(Uint8Array.of(212)),
    ...changes,
  };
}

export function facexState(changes: Partial<Sent> = {}): Sent {
  return {
    prototype: SQUARES,
    regions: regions(),
    other: [],
    models: ["lipstick"],
    patches: patches(),
    other_patches: {},
    patch_tiles: pack([[100], [101], [102], [103], [104]]),
    other_tiles: EMPTY,
    target: "Male",
    groups: [],
    group: 0,
    grouped: [],
    quantity: "attention",
    chosen: "",
    pointed: "",
    cursor: null,
    opened: -1,
    opened_by: 0,
    face: {},
    ...DONE,
    trust: [{ name: "rank by luck", value: "10", note: "of 19", help: "higher is better", ok: null }],
    counts: "faces 2,000 of 2,000",
    skipped: {},
    ...changes,
  };
}

export const compared = (): Partial<Sent> => ({
  other: otherRegions(),
  models: ["lipstick", "balanced"],
  other_patches: { u_lip: [patch(0, 30, 12)] },
  other_tiles: pack([[150]]),
});
