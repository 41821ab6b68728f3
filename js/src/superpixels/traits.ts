import { linkedTraits } from "../shared/crosshair";
import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import {
  bool,
  bytes,
  integer,
  list,
  number,
  oneOf,
  record,
  type TraitsOf,
  text,
  tuple,
} from "../shared/wire";

/** Classes and their probabilities. */
const classes = list(tuple(integer(-1), number()));

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  ...linkedTraits,
  /** What is explained, and the same with every superpixel hidden: encoded pictures. */
  picture: bytes(),
  hidden_picture: bytes(),
  /** Zlib-deflated little-endian uint16, row by row. */
  label_map: bytes(),
  /** Height and width of the label map. */
  size: tuple(integer(), integer()),
  count: integer(),
  labels: list(text()),
  /** The explained class; below 0 while it is not known. */
  target: integer(-1),
  /** Whose idea the run follows. */
  method: oneOf(["E-LIME", "LIME"], "E-LIME"),
  objective: oneOf(["sufficient", "necessary"], "sufficient"),
  /** Superpixels of the best answer so far, sorted. */
  best: list(integer(-1)),
  /** What is left of it that keeps nine tenths of the probability; empty before it is known. */
  smallest: list(integer(-1)),
  /** Whether the answer is what is shown, and changes with it; an edit ends that, and `shown` is. */
  following: bool(),
  shown: list(integer(-1)),
  /** Per superpixel from -1, against the class, to 1, for it; or empty. */
  importance: list(number()),
  /** The superpixels, the most important first; of equals by lot. */
  order: list(integer(-1)),
  /** On the whole picture. */
  whole: classes,
  /** The model's answer for exactly one mask and one class. */
  answer: record(
    {
      shown: list(integer(-1)),
      target: integer(-1),
      top: classes,
      probability: number(Number.NaN),
      /** The class's probability on the whole picture. */
      whole: number(Number.NaN),
    },
    "shown",
  ),
  /** A packed mask a generation. */
  history_masks: bytes(),
  /** The generation looked at, twice: a bqplot line is linked to it. */
  cursor: tuple(number(), number()),
};

export type Traits = TraitsOf<typeof traits>;
export type SuperpixelFrame = Frame<typeof traits>;
export type Answer = NonNullable<Traits["answer"]>;
export type ClassProbability = Traits["whole"][number];
