import type { Wire } from "../shared/bytes";

/** The traits of the model, as cfwidgets/widgets/superpixels.py declares them. */
export interface Traits {
  /** What is explained, and the same with every superpixel hidden: encoded pictures. */
  picture: Wire;
  hidden_picture: Wire;
  /** Zlib-deflated little-endian uint16, row by row. */
  label_map: Wire;
  /** Height and width of the label map. */
  size: [number, number];
  count: number;
  labels: string[];
  /** The explained class; below 0 while it is not known. */
  target: number;
  objective: "sufficient" | "necessary";
  /** Superpixels of the best answer so far, sorted. */
  best: number[];
  /** Whether `best` is what is shown, and changes with it; an edit ends that, and `shown` is. */
  following: boolean;
  shown: number[];
  /** Per superpixel from 0 to 1, or empty. */
  importance: number[];
  /** Classes and their probabilities on the whole picture. */
  whole: ClassProbability[];
  answer: Answer | null;
  state: State;
  activity: string;
  progress: number;
  generation: number;
  generations: number;
  evaluations: number;
  /** Whether a search that has ended can go on. */
  continuable: boolean;
  /** A packed mask a generation. */
  history_masks: Wire;
  /** The generation looked at, twice: a bqplot line is linked to it. */
  cursor: [number, number];
  trust: TrustRow[];
  /** Whether there will be such rows when the run has ended. */
  measures: boolean;
  error: string;
}

export type State = "empty" | "running" | "done" | "stopped" | "failed";
export type ClassProbability = [index: number, probability: number];

/** The model's answer for exactly one mask and one class. */
export interface Answer {
  shown: number[];
  target: number;
  top: ClassProbability[];
  probability: number;
  /** The class's probability on the whole picture. */
  whole: number;
}

export interface TrustRow {
  name: string;
  value: string;
  note: string;
  help: string;
}
