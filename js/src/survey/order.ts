import { NONE, type Table } from "./table";
import type { Filters } from "./traits";

/** The answered pictures, those with the largest key first, equals by their numbers: a counting sort. */
export function byKey(table: Table, key: (i: number) => number): Uint32Array {
  const starts = new Uint32Array(NONE + 2);
  let count = 0;
  for (let i = 0; i < table.count; i++)
    if (table.isAnswered(i)) {
      starts[NONE - key(i) + 1]! += 1;
      count++;
    }
  for (let k = 1; k < starts.length; k++) starts[k]! += starts[k - 1]!;
  const order = new Uint32Array(count);
  for (let i = 0; i < table.count; i++) if (table.isAnswered(i)) order[starts[NONE - key(i)]!++] = i;
  return order;
}

/** The answered pictures in one of the orders. */
export function ordered(table: Table, sort: Filters["sort"]): Uint32Array {
  if (sort === "entropy") return byKey(table, table.entropyKey);
  if (sort === "margin") return byKey(table, table.marginKey);
  if (sort === "order") return byKey(table, () => 0);
  const surprising = byKey(table, table.surprise);
  if (sort === "surprise") return surprising;
  // Class by class, and of each the most surprising first.
  const { truth, prediction } = table;
  const classOf = (i: number) => (truth[i]! >= 0 ? truth[i]! : prediction[i]!);
  return surprising.sort((a, b) => classOf(a) - classOf(b)); // which keeps the order of equals
}

/** Those of some pictures that pass all filters. `names` has the files, in small letters. */
export function filtered(
  order: Uint32Array,
  table: Table,
  { wrong, unsure, truth, prediction, change, text }: Filters,
  names: readonly string[],
): Uint32Array {
  const wanted = text.trim().toLowerCase();
  return order.filter(
    (i) =>
      (!wrong || table.isWrong(i)) &&
      (!unsure || table.isUnsure(i)) &&
      (truth < 0 || table.truth[i] === truth) &&
      (prediction < 0 || table.prediction[i] === prediction) &&
      (change === "" || table.change(i) === change) &&
      (wanted === "" || (names[i] ?? "").includes(wanted)),
  );
}

/** A number of pictures of one true and one predicted class. */
export interface Pair {
  truth: number;
  prediction: number;
  count: number;
  /** Of the pictures of the true class; of all, where that is not known. */
  share: number;
}

/** How many pictures are of each true class (row) and predicted class (column). */
export function confusion(table: Table, classes: number): Uint32Array {
  const counts = new Uint32Array(classes * classes);
  for (let i = 0; i < table.count; i++) {
    const [row, column] = [table.truth[i]!, table.prediction[i]!];
    if (row >= 0 && column >= 0 && row < classes && column < classes) counts[row * classes + column]! += 1;
  }
  return counts;
}

/** The pairs of classes that are confused most often. */
export function worstPairs(table: Table, classes: number, most: number): Pair[] {
  const counts = new Map<number, number>();
  const totals = new Map<number, number>();
  for (let i = 0; i < table.count; i++) {
    const [row, column] = [table.truth[i]!, table.prediction[i]!];
    if (row < 0 || column < 0) continue;
    totals.set(row, (totals.get(row) ?? 0) + 1);
    if (row !== column) counts.set(row * classes + column, (counts.get(row * classes + column) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || a - b)
    .slice(0, most)
    .map(([pair, count]) => {
      const truth = Math.floor(pair / classes);
      return { truth, prediction: pair % classes, count, share: count / totals.get(truth)! };
    });
}

/** The classes that are predicted most often. */
export function mostPredicted(table: Table, most: number): Pair[] {
  const counts = new Map<number, number>();
  let all = 0;
  for (const prediction of table.prediction) {
    if (prediction < 0) continue;
    counts.set(prediction, (counts.get(prediction) ?? 0) + 1);
    all++;
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || a - b)
    .slice(0, most)
    .map(([prediction, count]) => ({ truth: -1, prediction, count, share: count / all }));
}
