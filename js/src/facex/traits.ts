import { cursor } from "../shared/cursor";
import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import {
  bytes,
  dictionary,
  integer,
  list,
  number,
  record,
  records,
  type TraitsOf,
  text,
  tuple,
} from "../shared/wire";
import { drawing } from "./drawing";

const named = records(
  {
    name: text(),
    /** Its name in words. */
    label: text(),
    /** From 0 to 1; null where no face has the region. */
    ior: number(null),
    /** Its interval of 95 %. */
    low: number(null),
    high: number(null),
    /** The number of faces that have it. */
    count: number(),
    /** 1 for the highest. */
    rank: number(null),
    /** The same of the randomised model. */
    null: number(null),
    /** The size of the change of the target's log-odds when the region is hidden; null where it was not measured. */
    effect: number(null),
    effect_low: number(null),
    effect_high: number(null),
    effect_count: number(),
    effect_rank: number(null),
    /** The change with its sign: above 0 where the region speaks for the class. */
    push: number(null),
  },
  "name",
);

/** Which values colour the face. */
export type Quantity = "attention" | "effect";

/** The attention of a model in each region, over all faces. */
const regions = (value: unknown) =>
  named(value)
    .filter(({ name }) => name !== "")
    .map((region) => ({ ...region, label: region.label || region.name }));

/** By region, the patches with the most attention, the best first. */
const patches = dictionary(
  records({
    /** Its place in the pack. */
    tile: integer(-1),
    /** The face that it was cut from: its number, and the name of its file. */
    image: integer(-1),
    name: text(),
    value: number(Number.NaN),
  }),
);

const pairs = list(tuple(text(), number(Number.NaN)));

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  prototype: drawing,
  regions,
  /** The same of a second model, or nothing. */
  other: regions,
  models: list(text()),
  patches,
  other_patches: patches,
  /** Packs of small pictures. */
  patch_tiles: bytes(),
  other_tiles: bytes(),
  /** The class that is explained. */
  target: text(),
  /** The names of the groups of faces; `grouped` has the regions of each. */
  groups: list(text()),
  group: integer(),
  grouped: list(regions),
  quantity: (value: unknown): Quantity => (value === "effect" ? "effect" : "attention"),
  /** The region that is pinned; "" for none. */
  chosen: text(),
  /** The region under the pointer; never saved. */
  pointed: text(),
  /** The place of that or the pinned region in `regions`, and what was clicked in a chart: linked with the chart's choice. */
  cursor,
  /** The face that is opened, by its number; -1 for none. And the model whose map is laid over it. */
  opened: integer(-1),
  opened_by: integer(),
  /** The face that was opened last, or one before it; null for none. */
  face: record(
    {
      image: integer(-1),
      /** The model whose map and prediction these are. */
      model: integer(),
      name: text(),
      /** Height and width. */
      size: tuple(number(), number()),
      /** The place of the patch: row, column and side. */
      box: tuple(number(), number(), number()),
      region: text(),
      /** Classes and their probabilities. */
      answer: (value: unknown) => pairs(value).filter(([label]) => label !== ""),
      picture: bytes(),
      /** Grey pictures: attention from 0 to 1; the region. */
      map: bytes(),
      region_mask: bytes(),
    },
    "image",
  ),
  /** The faces that could not be used; null where all could. */
  skipped: record(
    {
      count: integer(),
      total: integer(),
      /** The first of them: number and reason. */
      faces: list(tuple(integer(-1), text())),
    },
    "count",
  ),
};

export type Traits = TraitsOf<typeof traits>;
export type FaceXFrame = Frame<typeof traits>;
export type Region = Traits["regions"][number];
export type Patch = Traits["patches"][string][number];
export type Face = NonNullable<Traits["face"]>;
export type Skipped = NonNullable<Traits["skipped"]>;
