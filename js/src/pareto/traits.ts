import type { Wire } from "../shared/bytes";
import type { RunState } from "../shared/head";
import type { TrustRow } from "../shared/trust";

/** The traits of the model, as cfwidgets/widgets/pareto.py declares them. */
export interface Traits {
  /** The image, as the editor sees it, and painted anew without a change. */
  original: Wire;
  repainted: Wire;
  size: [height: number, width: number];
  /** The front: a picture, an entry and a row of changes (float32) each; the original class's probability falling. */
  tiles: Wire;
  members: Member[];
  deltas: Wire;
  /** The place of the best pick; -1 for none. */
  crossing: number;
  /** Of the attributes; and what the image has, 0 to 1. */
  names: string[];
  attributes: number[];
  /** Those that the search leaves as they are. */
  frozen: string[];
  /** How far an attribute may be changed. */
  reach: number;
  model: string;
  labels: string[];
  original_class: number;
  /** Its probability for the image, and for that painted anew; the model's answer to the latter. */
  before: number | null;
  repainted_p: number | null;
  repainted_label: string;
  /** The place of the counterfactual that is shown; -1 for the best pick, or where there is none see `lookAt`. */
  chosen: number;
  /** To which of them the strip is filtered; none for all. */
  brushed: number[];
  /** Changes by hand, one an attribute; none for none. */
  edit: number[];
  edited: Partial<Edited>;
  /** The point that is marked in the charts, and what was clicked there. */
  cursor: ArrayLike<number> | null;
  /** What the brush of each chart spans. */
  across_0: unknown;
  up_0: unknown;
  across_1: unknown;
  up_1: unknown;
  across_2: unknown;
  up_2: unknown;
  importance: Importance[];
  trust: TrustRow[];
  state: RunState;
  activity: string;
  progress: number;
  counts: string;
  notes: string;
  error: string;
}

export interface Member {
  /** The probability that is left to the original class. */
  p: number;
  flips: boolean;
  /** The model's answer. */
  label: string;
  plausibility: number | null;
  success: number | null;
  intensity: number | null;
  /** A second model's answer. */
  second: string | null;
}

/** The answer for changes made by hand. */
export interface Edited {
  deltas: number[];
  top: [label: string, probability: number][];
  p: number;
  flips: boolean;
  critic: number | null;
  /** A second model's answer. */
  second: string | null;
  picture: Wire;
}

export interface Importance {
  name: string;
  /** The log-probability that is won back by taking the change back. */
  success: number;
  per_unit: number;
  /** The mean change. */
  change: number;
}
