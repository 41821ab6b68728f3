import type { Wire } from "../shared/bytes";
import { runTraits } from "../shared/traits";
import type { Reader, TraitsOf } from "../shared/wire";

/** Of a shape that wire.ts guards. */
const unguarded =
  <T>(): Reader<T> =>
  (value) =>
    value as T;

/** The traits of the model, as cfwidgets/widgets/facex.py declares them. */
export const traits = {
  ...runTraits,
  /** The drawing: a box, and the paths of each region in the order in which they are drawn. */
  prototype: unguarded<
    { box: number[]; regions: { name: string; paths: string[]; panel: number }[] } | object
  >(),
  regions: unguarded<Region[]>(),
  /** The same of a second model, or nothing. */
  other: unguarded<Region[]>(),
  models: unguarded<string[]>(),
  /** By region, the patches that moved the model most, the best first. */
  patches: unguarded<Record<string, Patch[]>>(),
  other_patches: unguarded<Record<string, Patch[]>>(),
  /** Packs of small pictures. */
  patch_tiles: unguarded<Wire>(),
  other_tiles: unguarded<Wire>(),
  /** The class that is explained. */
  target: unguarded<string>(),
  /** What the faces were split by; `grouped` has the regions of each group. */
  groups: unguarded<string[]>(),
  group: unguarded<number>(),
  grouped: unguarded<Region[][]>(),
  /** The region that is pinned; "" for none. */
  chosen: unguarded<string>(),
  /** The region under the pointer; never saved. */
  pointed: unguarded<string>(),
  /** The place of that or the pinned region in `regions`, and what was clicked in a chart: linked with the chart's choice. */
  cursor: unguarded<ArrayLike<number> | null>(),
  /** The face that is opened, by its number; -1 for none. And the model whose map is laid over it. */
  opened: unguarded<number>(),
  opened_by: unguarded<number>(),
  face: unguarded<Partial<Face>>(),
  /** The faces that could not be used; nothing where all could. */
  skipped: unguarded<Skipped | object>(),
};

export type Traits = TraitsOf<typeof traits>;

/** What the model makes of one region over all faces. */
export interface Region {
  name: string;
  /** Its name in words. */
  label: string;
  /** From 0 to 1; null where no face has the region. */
  ior: number | null;
  /** Its interval of 95 %. */
  low: number | null;
  high: number | null;
  /** How many faces have it. */
  count: number;
  /** 1 for the highest. */
  rank: number | null;
  /** The same on random weights. */
  null: number | null;
}

export interface Patch {
  /** Its place in the pack. */
  tile: number;
  /** The face that it was cut from: its id, and the name of its file. */
  image: number;
  name: string;
  value: number;
}

export interface Skipped {
  count: number;
  total: number;
  /** The first of them: number and reason. */
  faces: [face: number, why: string][];
}

export interface Face {
  image: number;
  /** Whose map and answer these are. */
  model: number;
  name: string;
  size: [height: number, width: number];
  /** Where the patch was cut out. */
  box: [row: number, column: number, side: number];
  region: string;
  /** The model's answer. */
  answer: [label: string, probability: number][];
  picture: Wire;
  /** Grey pictures: attention from 0 to 1; the region. */
  map: Wire;
  region_mask: Wire;
}
