import { linkedTraits } from "../shared/crosshair";
import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import {
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
  yesOrNo,
} from "../shared/wire";

/** Classes and their probabilities. */
const classes = list(tuple(integer(-1), number()));
/** An area, and that of random orders. */
const areas = tuple(number(Number.NaN), number(Number.NaN));
/** Which pixels are hidden, and how. */
const hiding = record({ method: text(), percent: integer(), least: bool(), fill: text() }, "method");

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  ...linkedTraits,
  model: text(),
  labels: list(text()),
  /** The explained class, and the one that the maps speak against; below 0 for none. */
  target: integer(-1),
  against: integer(-1),
  /** The image as the model sees it, its height and width, and packed what may stand for its pixels: see `FILLS`. */
  picture: bytes(),
  size: tuple(integer(), integer()),
  fills: bytes(),
  entries: records({
    method: text(),
    /** Why there is no map; empty where there is one. */
    refusal: text(),
    layer: text(),
    /** The largest size of its values. */
    peak: number(),
    seconds: number(Number.NaN),
    /** Of completeness; null where none is promised. */
    error: number(null),
    /** Whether that is near 0. */
    complete: yesOrNo(),
    deletion: areas,
    insertion: areas,
    /** Whether deletion and insertion are better than random orders; empty before they are measured. */
    better: list(bool()),
    /** Of the randomisation check: the lowest random layer, the rank correlation, whether the map is another one. */
    stages: records({ layer: text(), alike: number(Number.NaN), changed: yesOrNo(), peak: number() }),
  }),
  /** Grad-CAM of layers, from the image to the answer. */
  layers: records({ layer: text(), after: number(), refusal: text(), peak: number() }),
  /** Packs of maps, see `Maps`: of the methods, of the layers, of all stages. */
  maps: bytes(),
  layer_maps: bytes(),
  stage_maps: bytes(),
  /** On the whole picture. */
  whole: classes,
  hiding,
  /** The prediction for exactly what is hidden, and where the browser cannot know it, the picture. */
  answer: record(
    {
      hiding,
      target: integer(-1),
      against: integer(-1),
      top: classes,
      probability: number(Number.NaN),
      picture: bytes(),
    },
    "hiding",
  ),
  /** The percent hidden, twice, for the chart. */
  cursor: list(number()),
};

export type Traits = TraitsOf<typeof traits>;
export type RelevanceFrame = Frame<typeof traits>;
export type Entry = Traits["entries"][number];
export type Hiding = NonNullable<Traits["hiding"]>;
export type ClassProbability = Traits["whole"][number];
