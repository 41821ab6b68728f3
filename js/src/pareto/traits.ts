import { linkedTraits } from "../shared/crosshair";
import { cursor } from "../shared/cursor";
import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import {
  anything,
  bool,
  bytes,
  integer,
  list,
  number,
  record,
  records,
  type TraitsOf,
  text,
  tuple,
} from "../shared/wire";

/** A second model's answer; null where there is no second model. */
const second = (value: unknown) => (typeof value === "string" ? value : null);

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  ...linkedTraits,
  /** The image, as the editor sees it, and its reconstruction: decoded without a change. */
  original: bytes(),
  repainted: bytes(),
  /** Height and width. */
  size: tuple(integer(), integer()),
  /** The front: a picture, an entry and a row of changes (float32) each; the original class's probability falling. */
  tiles: bytes(),
  members: records({
    /** The probability that is left to the original class. */
    p: number(Number.NaN),
    flips: bool(),
    /** The model's answer. */
    label: text(),
    plausibility: number(null),
    success: number(null),
    intensity: number(null),
    second,
  }),
  deltas: bytes(),
  /** The place of the best pick; -1 for none. */
  crossing: integer(-1),
  /** That of the simplest flip, after those of the front; -1 for none. */
  simplest: integer(-1),
  /** Of the attributes; and what the image has, 0 to 1. */
  names: list(text()),
  attributes: list(number()),
  /** The places of attributes that exclude each other. */
  groups: list(list(integer())),
  /** Those that the search leaves as they are. */
  frozen: list(text()),
  /** How far an attribute may be changed. */
  reach: (value: unknown) => number()(value) || 1,
  model: text(),
  labels: list(text()),
  original_class: integer(-1),
  /** Its probability for the image, and for the reconstruction; the class that is predicted for the latter. */
  before: number(null),
  repainted_p: number(null),
  repainted_label: text(),
  /** The place of the counterfactual that is shown; -1 for the simplest, the best pick, or what `lookAt` finds. */
  chosen: integer(-1),
  /** To which of them the strip is filtered; none for all. */
  brushed: list(integer()),
  /** Changes by hand, one an attribute; none for none. */
  edit: list(number()),
  /** The answer for such changes; null for none. */
  edited: record(
    {
      deltas: list(number()),
      top: list(tuple(text(), number(Number.NaN))),
      p: number(Number.NaN),
      flips: bool(),
      critic: number(null),
      second,
      picture: bytes(),
    },
    "p",
  ),
  cursor,
  /** What the brush of each chart spans: see `span`. */
  across_0: anything(),
  up_0: anything(),
  across_1: anything(),
  up_1: anything(),
  across_2: anything(),
  up_2: anything(),
  importance: records({
    name: text(),
    /** The log-probability that is won back by taking the change back. */
    success: number(),
    per_unit: number(),
    /** The mean change. */
    change: number(),
  }),
};

export type Traits = TraitsOf<typeof traits>;
export type ParetoFrame = Frame<typeof traits>;
export type Member = Traits["members"][number];
export type Edited = NonNullable<Traits["edited"]>;
export type Importance = Traits["importance"][number];
