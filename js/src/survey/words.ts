import { count, probability } from "../shared/format";
import type { Table } from "./table";
import type { Change, Filters } from "./traits";

export const HELP =
  "Each cell of the matrix counts the pictures of one true class (row) that are predicted as another (column). Click one, and the gallery shows its pictures; Enter or a click opens a picture. Surprise is the loss: how unlikely the model held the true class to be; where that is not known, the entropy of its answer. Behind ⇢ stands what a second model predicts instead.";
export const LATER = "the pictures will be here";
export const NOTHING = "no picture passes all of these filters";
export const kept = (rows: number) => (rows > 0 ? `${count(rows)} answers are kept` : "");

export const SORTING = {
  surprise: ["surprising", "the largest loss first; where the true class is not known, the largest entropy"],
  entropy: ["doubtful", "the largest entropy of the answer first"],
  margin: ["close", "the two likeliest classes the closest first"],
  class: ["class", "class by class, and of each the most surprising first"],
  order: ["order", "as in the data set"],
} as const satisfies Record<Filters["sort"], readonly [string, string]>;

/** Chips of a second model. */
export const CHANGED: Readonly<Record<Change, readonly [string, string]>> = {
  fixed: ["fixed", "wrong before, right by the second model"],
  broken: ["broken", "right before, wrong by the second model"],
  "both wrong, differently": ["both wrong, differently", "both models are wrong, each in its own way"],
  differs: ["differs", "the second model predicts another class; the true one is not known"],
};

/** A filter by classes, in words: "4 → 9", "true class 4", "predicted 9". */
export function cellName(name: (index: number) => string, truth: number, prediction: number): string {
  if (truth >= 0 && prediction >= 0)
    return truth === prediction ? `${name(truth)}, right` : `${name(truth)} → ${name(prediction)}`;
  return truth >= 0 ? `true class ${name(truth)}` : `predicted ${name(prediction)}`;
}

/** A picture in words. */
export function pictureName(table: Table, i: number, name: (index: number) => string): string {
  const [truth, prediction] = [table.truth[i]!, table.prediction[i]!];
  const sure = probability(table.confidence(i), 2);
  if (truth < 0) return `predicted ${name(prediction)} (${sure})`;
  if (truth === prediction) return `${name(truth)}, predicted rightly (${sure})`;
  return `${name(truth)}, predicted as ${name(prediction)} (${sure})`;
}
