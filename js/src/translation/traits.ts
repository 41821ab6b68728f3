import { linkedTraits } from "../shared/crosshair";
import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import {
  anything,
  bool,
  bytes,
  dictionary,
  integer,
  list,
  number,
  oneOf,
  record,
  records,
  type TraitsOf,
  text,
  tuple,
} from "../shared/wire";

/** Probabilities, one a class. */
const answer = list(number(Number.NaN));

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  ...linkedTraits,
  model: text(),
  labels: list(text()),
  /** The class that is told from the rest, and the class for painted images; -1 for none. */
  target: integer(-1),
  painted: integer(-1),
  /** Name of a second classifier; empty for none. */
  second: text(),
  /** How many images there are, and their height and width. */
  total: integer(),
  size: tuple(integer(), integer()),
  /** Packs: a small picture of each image; of each image at hand a pack of its own, see `readBundle`. */
  tiles: bytes(),
  pictures: bytes(),
  /** One for each image that is translated. */
  entries: records({
    /** Predictions for the image, its twin, the twin's twin; by a second classifier for the first two. */
    image: answer,
    twin: answer,
    returned: answer,
    second: answer,
    second_twin: answer,
    /** The classes of real images that are predicted for the image and for its twin. */
    from: integer(-1),
    to: integer(-1),
    /** The two stand on different sides of the decision. */
    flips: bool(),
    /** Mean absolute difference to the twin, and to the twin's twin. */
    changed: number(Number.NaN),
    away: number(Number.NaN),
    /** The share of the pixels in the mask at the first threshold. */
    area: number(Number.NaN),
    /** The class it really has; -1 where unknown. */
    truth: integer(-1),
    /** The loss for that class; where unknown, how unsure the prediction is. */
    error: number(Number.NaN),
  }),
  /** The pack of an image that is not at hand. */
  fetched: record({ key: anything(), place: integer(-1), pictures: bytes() }, "place"),
  /** Place of the image that is shown. */
  chosen: integer(),
  /** Of the mask: a multiple of 1/256. */
  threshold: number(),
  /** The noise and the step of the attack that are asked for; empty for none. */
  stressed: list(number()),
  /** The answer. */
  stress: record(
    {
      chosen: integer(-1),
      asked: list(number()),
      picture: bytes(),
      twin: bytes(),
      difference: bytes(),
      image: answer,
      second: answer,
    },
    "asked",
  ),
  /** Of which disturbance a curve is asked for; how many levels are measured; whether an attack is possible. */
  curves: oneOf(["", "noise", "pgd"], ""),
  measured: dictionary(integer()),
  attackable: bool(),
  /** For the chart: the threshold twice; and over the threshold IoU and share of the area of the image shown. */
  cursor: list(number()),
  curve: list(number()),
  area: list(number()),
  /** For the other chart: the strength of the disturbance, twice. */
  strength: list(number()),
};

export type Traits = TraitsOf<typeof traits>;
export type TranslationFrame = Frame<typeof traits>;
export type Entry = Traits["entries"][number];
