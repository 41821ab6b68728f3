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
} from "../shared/wire";

/** Ids of the candidates at the ends of a path; empty while there are none. */
export type Ends = readonly [wrong: number, correct: number] | readonly [];

function ends(value: unknown): Ends {
  const [wrong, correct] = tuple(integer(null), integer(null))(value);
  return wrong === null || correct === null ? [] : [wrong, correct];
}

function size(value: unknown): readonly [height: number, width: number] {
  const [height, width] = tuple(integer(), integer())(value);
  return height > 0 && width > 0 ? [height, width] : [0, 0];
}

/** Amounts that are NaN where they are not known. */
const amounts = list(number(Number.NaN));

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  ...linkedTraits,
  /** The explained image as the model sees it. */
  picture: bytes(),
  /** A pack of its two relevance maps, for `wrong` and for `correct`; or empty. */
  picture_maps: bytes(),
  /** Of the picture, the frames, the maps and the tiles; 0 while it is not known. */
  size,
  labels: list(text()),
  /** Classes; below 0 while they are not known. */
  predicted: integer(-1),
  wrong: integer(-1),
  correct: integer(-1),
  /** Classes and their probabilities for the image, `wrong` and `correct` among them. */
  whole: list(tuple(integer(-1), number())),
  /** The candidates to show, the nearest to the image first within each row. */
  gallery: records(
    {
      id: integer(-1),
      /** In which row it stands: that of `correct`, or that of `wrong`. */
      right: bool(),
      /** How near its features are to those of the image. */
      cosine: number(Number.NaN),
      /** The predicted class, and its probability. */
      called: integer(-1),
      confidence: number(Number.NaN),
      /** Its place in the packs of tiles. */
      tile: integer(-1),
      /** No candidate is predicted as the row says: this is the nearest one. */
      nearest: bool(),
    },
    "id",
  ),
  /** Packs: the picture of each tile, and its map for its predicted class. */
  gallery_tiles: bytes(),
  gallery_maps: bytes(),
  gallery_scale: number(),
  /** The ends of the path, unless `following`: then they are `best`, whatever that will be. */
  picked: ends,
  following: bool(),
  best: ends,
  path: record({
    ends,
    phases: integer(),
    /** The phases whose frames are here, ascending, the first 0 and the last phases - 1. */
    at: amounts,
    /** The probabilities of the two classes at these phases, and the class that is predicted there. */
    wrong: amounts,
    correct: amounts,
    called: list(integer(-1)),
    /** The phase where the decision flips. */
    flip: integer(null),
    /** The relevance that a map's brightest pixel stands for. */
    scale: number(),
    /** Typical phases. */
    strip: list(integer(-1)),
  }),
  /** Packs, one blob an entry of the path: its frame; its map for `wrong` above its map for `correct`. */
  frames: bytes(),
  maps: bytes(),
  /** The phase looked at. */
  phase: integer(),
  /** The phase looked at, twice: a bqplot line is linked to it. */
  cursor: tuple(number(), number()),
  /** How much of the change goes along with each region. */
  answer: record(
    {
      /** Rows and columns. */
      cells: tuple(integer(), integer()),
      /** Row by row; they sum to 1. */
      share: amounts,
      /** The change of the log-odds over the path. */
      total: number(null),
      /** How far the sum is off. */
      off: number(null),
    },
    "cells",
  ),
};

export type Traits = TraitsOf<typeof traits>;
export type TransitionFrame = Frame<typeof traits>;
export type Candidate = Traits["gallery"][number];
export type ClassProbability = Traits["whole"][number];
export type RegionsAnswer = NonNullable<Traits["answer"]>;
