import type { Ends, PathTrait } from "./traits";

/** A transition: what is known at each of some phases, from the wrong class's end (0) to the correct one's. */
export interface Path {
  readonly ends: Ends;
  readonly phases: number;
  readonly at: readonly number[];
  readonly wrong: readonly number[];
  readonly correct: readonly number[];
  readonly called: readonly number[];
  readonly flip: number | null;
  readonly scale: number;
  readonly strip: readonly number[];
}

const numbers = (value: unknown): number[] =>
  Array.isArray(value) ? value.map((entry) => (typeof entry === "number" ? entry : Number.NaN)) : [];

/** Reads the trait; null where there is no path yet. Throws a RangeError, in words for the reader, for what is none. */
export function readPath(trait: Partial<PathTrait> | null | undefined): Path | null {
  if (!trait || Object.keys(trait).length === 0) return null;
  const at = numbers(trait.at);
  const phases = trait.phases ?? 0;
  if (!Number.isInteger(phases) || phases < 1)
    throw new RangeError("the path does not say how many phases it has");
  const ascending = at.every((phase, i) => Number.isInteger(phase) && (i === 0 || phase > at[i - 1]!));
  if (!ascending || at[0] !== 0 || at[at.length - 1] !== phases - 1)
    throw new RangeError(`the path does not run from phase 0 to ${phases - 1}`);
  const inside = (phase: number) => Number.isInteger(phase) && phase >= 0 && phase < phases;
  const flip = trait.flip ?? null;
  return {
    ends: numbers(trait.ends) as Ends,
    phases,
    at,
    wrong: numbers(trait.wrong),
    correct: numbers(trait.correct),
    called: numbers(trait.called),
    flip: flip !== null && inside(flip) ? flip : null,
    scale: trait.scale ?? 0,
    strip: numbers(trait.strip).filter(inside),
  };
}

/** Whether two paths lead between the same ends, so that one of them only knows more. */
export function sameEnds(a: Path | null, b: Path | null): boolean {
  return !!a && !!b && a.phases === b.phases && a.ends.join() === b.ends.join();
}

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

/** The class that a phase is called, as far as is known: on either side of the flip, that side's. */
export function calledAt(path: Path, phase: number): number {
  const nearest = nearestEntry(path.at, phase);
  const low = entryBefore(path.at, phase);
  const { flip } = path;
  if (flip === null || path.at[low] === phase) return path.called[nearest] ?? -1;
  const side = (entry: number) => path.at[entry]! >= flip;
  const entry = side(nearest) === phase >= flip ? nearest : phase >= flip ? low + 1 : low;
  return path.called[entry] ?? -1;
}
