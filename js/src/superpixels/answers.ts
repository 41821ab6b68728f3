import { indicesOf, type Mask } from "./masks";
import type { Answer, ClassProbability } from "./traits";

/** Whether the answer is to what is shown now: exactly this mask and this class. */
export function isCurrent(answer: Answer | null, mask: Mask, target: number): boolean {
  if (!answer || answer.target !== target) return false;
  const shown = indicesOf(mask);
  return answer.shown.length === shown.length && answer.shown.every((region, i) => region === shown[i]);
}

/** The probability of a class in a list of some, if it is there. */
export function find(classes: readonly ClassProbability[], target: number): number | null {
  return classes.find(([index]) => index === target)?.[1] ?? null;
}

export interface Row {
  index: number;
  probability: number | null;
  whole: number | null;
}

/** The bars to draw: the top classes of the answer (before the first one: of the whole picture), the explained one among them. */
export function barsOf(
  answer: Answer | null,
  whole: readonly ClassProbability[],
  target: number,
  limit = 5,
): Row[] {
  const known = answer?.top ?? [];
  const indices = (answer ? known : whole).map(([index]) => index).slice(0, limit);
  if (target >= 0 && !indices.includes(target)) indices.splice(limit - 1, 1, target);
  return indices.map((index) => ({
    index,
    probability: find(known, index) ?? (answer?.target === index ? answer.probability : null),
    whole: find(whole, index) ?? (answer?.target === index ? answer.whole : null),
  }));
}

/** The explained class on the shown part and on the whole picture, as far as an answer tells. */
export function standing(
  answer: Answer | null,
  whole: readonly ClassProbability[],
  target: number,
): { probability: number | null; whole: number | null } {
  const row = barsOf(answer, whole, target).find(({ index }) => index === target);
  return { probability: row?.probability ?? null, whole: row?.whole ?? null };
}
