import type { Traits } from "./traits";

/** A transition: what is known at each of some phases, from the wrong class's end (0) to the correct one's. */
export type Path = NonNullable<Traits["path"]>;

/** Reads the trait; null where there is no path yet. Throws a RangeError, in words for the reader, for what is none. */
export function readPath(trait: Traits["path"]): Path | null {
  if (!trait || (trait.phases === 0 && trait.at.length === 0)) return null;
  const { phases, at, flip, strip } = trait;
  if (phases < 1) throw new RangeError("the path does not say how many phases it has");
  const ascending = at.every((phase, i) => Number.isInteger(phase) && (i === 0 || phase > at[i - 1]!));
  if (!ascending || at[0] !== 0 || at[at.length - 1] !== phases - 1)
    throw new RangeError(`the path does not run from phase 0 to ${phases - 1}`);
  const inside = (phase: number) => phase >= 0 && phase < phases;
  return { ...trait, flip: flip !== null && inside(flip) ? flip : null, strip: strip.filter(inside) };
}

/** Whether two paths lead between the same ends, so that one of them only knows more. */
export const sameEnds = (a: Path | null, b: Path | null): boolean =>
  !!a && !!b && a.phases === b.phases && a.ends.join() === b.ends.join();

/** The last entry at or before a phase. */
function entryBefore(at: readonly number[], phase: number): number {
  let [low, high] = [0, at.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at[middle]! <= phase) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The entry whose phase is nearest; of two equally near ones the earlier. */
export function nearestEntry(at: readonly number[], phase: number): number {
  const low = entryBefore(at, phase);
  const next = at[low + 1];
  return next !== undefined && next - phase < phase - at[low]! ? low + 1 : low;
}

/** A series over the entries, linear between them; null where it is not known. */
export function valueAt({ at }: Path, series: readonly number[], phase: number): number | null {
  const low = entryBefore(at, phase);
  const [from, to] = [series[low], series[low + 1]];
  if (from === undefined || Number.isNaN(from)) return null;
  if (to === undefined || Number.isNaN(to) || phase <= at[low]!) return from;
  return from + ((to - from) * (phase - at[low]!)) / (at[low + 1]! - at[low]!);
}

/** The class predicted at a phase, as far as is known: on either side of the flip, that side's; -1 for none. */
export function predictedAt(path: Path, phase: number): number {
  const nearest = nearestEntry(path.at, phase);
  const low = entryBefore(path.at, phase);
  const { flip } = path;
  if (flip === null || path.at[low] === phase) return path.called[nearest] ?? -1;
  const side = (entry: number) => path.at[entry]! >= flip;
  const entry = side(nearest) === phase >= flip ? nearest : phase >= flip ? low + 1 : low;
  return path.called[entry] ?? -1;
}
