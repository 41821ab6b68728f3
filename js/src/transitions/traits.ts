import type { Wire } from "../shared/bytes";
import { runTraits } from "../shared/traits";
import type { Reader, TraitsOf } from "../shared/wire";

/** Of a shape that wire.ts guards. */
const unguarded =
  <T>(): Reader<T> =>
  (value) =>
    value as T;

/** The traits of the model, as cfwidgets/widgets/transitions.py declares them. */
export const traits = {
  ...runTraits,
  /** The explained image as the model sees it. */
  picture: unguarded<Wire>(),
  /** A pack of its two relevance maps, for `wrong` and for `correct`; or empty. */
  picture_maps: unguarded<Wire>(),
  /** Height and width of the picture, the frames, the maps and the tiles; 0 while they are not known. */
  size: unguarded<[number, number]>(),
  labels: unguarded<string[]>(),
  /** Classes; below 0 while they are not known. */
  predicted: unguarded<number>(),
  wrong: unguarded<number>(),
  correct: unguarded<number>(),
  /** Classes and their probabilities for the image, `wrong` and `correct` among them. */
  whole: unguarded<ClassProbability[]>(),
  /** The candidates to show, the nearest to the image first within each row. */
  gallery: unguarded<Candidate[]>(),
  /** Packs: the picture of each tile, and its map for the class it is called. */
  gallery_tiles: unguarded<Wire>(),
  gallery_maps: unguarded<Wire>(),
  gallery_scale: unguarded<number>(),
  /** The ends of the path, unless `following`: then they are `best`, whatever that will be. */
  picked: unguarded<Ends>(),
  following: unguarded<boolean>(),
  best: unguarded<Ends>(),
  path: unguarded<Partial<PathTrait>>(),
  /** Packs, one blob an entry of the path: its frame; its map for `wrong` above its map for `correct`. */
  frames: unguarded<Wire>(),
  maps: unguarded<Wire>(),
  /** The phase looked at. */
  phase: unguarded<number>(),
  /** The phase looked at, twice: a bqplot line is linked to it. */
  cursor: unguarded<[number, number]>(),
  /** How much of the change goes along with each region. */
  answer: unguarded<Partial<RegionsAnswer>>(),
};

export type Traits = TraitsOf<typeof traits>;

export type ClassProbability = [index: number, probability: number];
/** Ids of the candidates at the ends of a path; empty while there are none. */
export type Ends = [wrong: number, correct: number] | [];

export interface Candidate {
  id: number;
  /** In which row it stands: that of `correct`, or that of `wrong`. */
  right: boolean;
  /** How near its features are to those of the image. */
  cosine: number;
  called: number;
  /** The probability of `called`. */
  confidence: number;
  /** Its place in the packs of tiles. */
  tile: number;
  /** No candidate is called as the row says: this is the nearest one. */
  nearest?: boolean;
}

export interface PathTrait {
  ends: Ends;
  phases: number;
  /** The phases whose frames are here, ascending, the first 0 and the last phases - 1. */
  at: number[];
  /** The probabilities of the two classes at these phases, and the class that each is called. */
  wrong: number[];
  correct: number[];
  called: number[];
  /** The phase where the decision flips. */
  flip: number | null;
  /** The relevance that a map's brightest pixel stands for. */
  scale: number;
  /** Typical phases. */
  strip: number[];
}

export interface RegionsAnswer {
  cells: [rows: number, columns: number];
  /** Row by row; they sum to 1. */
  share: number[];
  /** The change of the log-odds over the path. */
  total: number;
  /** How far the sum is off. */
  off: number;
}
