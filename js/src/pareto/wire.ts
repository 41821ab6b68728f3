import { toBytes } from "../shared/bytes";
import { isObject, number } from "../shared/wire";
import type { Traits } from "./traits";

export type Span = readonly [low: number, high: number];

/** Two numbers, in any of the forms in which a chart hands them over; null for none. */
export function span(value: unknown): Span | null {
  let ends: ArrayLike<unknown> | null = null;
  if (value instanceof DataView) {
    if (value.byteLength >= 16) ends = [value.getFloat64(0, true), value.getFloat64(8, true)];
  } else if (isObject(value) && "length" in value) ends = value as unknown as ArrayLike<unknown>;
  const [one, two] = [number(null)(ends?.[0]), number(null)(ends?.[1])];
  return one === null || two === null ? null : [Math.min(one, two), Math.max(one, two)];
}

/** The changes of one counterfactual, one an attribute; all zero where it has none. */
export function changesOf({ deltas, names }: Pick<Traits, "deltas" | "names">, place: number): number[] {
  const data = toBytes(deltas);
  const view = data && new DataView(data.buffer, data.byteOffset, data.byteLength);
  return names.map((_, i) => {
    const at = 4 * (place * names.length + i);
    const value = view && place >= 0 && at + 4 <= view.byteLength ? view.getFloat32(at, true) : 0;
    return Number.isFinite(value) ? value : 0;
  });
}

/** Which counterfactual is most like these changes; -1 of none. */
export function nearest(
  traits: Pick<Traits, "deltas" | "names" | "members">,
  changes: readonly number[],
): number {
  let [found, least] = [-1, Number.POSITIVE_INFINITY];
  for (let place = 0; place < traits.members.length; place++) {
    const distance = Math.hypot(...changesOf(traits, place).map((value, i) => value - (changes[i] ?? 0)));
    if (distance < least) [found, least] = [place, distance];
  }
  return found;
}
