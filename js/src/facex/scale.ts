import { type Colour, colourAt } from "../shared/theme";
import type { Row } from "./rows";
import type { Region } from "./traits";

/** The values at the two ends of the colours. */
export interface Scale {
  low: number;
  high: number;
}

/** The span of the colours of the scores, one scale for all models and groups; null while there is no score. */
export function scaleOf(rows: readonly Row[], groups: readonly Region[] = []): Scale | null {
  const scoresOf = (regions: readonly (Region | null)[]) =>
    regions.map((region) => region?.ior ?? null).filter((score) => score !== null);
  const shown = scoresOf(rows.flatMap(({ by }) => by));
  if (shown.length === 0) return null;
  const scores = [...shown, ...scoresOf(groups)];
  return { low: Math.min(...scores), high: Math.max(...scores) };
}

/** The same of the differences: as far to either side of zero. */
export function differenceScaleOf(rows: readonly Row[]): Scale | null {
  const amounts = rows.map(({ difference }) => Math.abs(difference ?? 0));
  const most = Math.max(0, ...amounts);
  return most > 0 ? { low: -most, high: most } : null;
}

/** The part of the way of a value from the low end to the high one; in the middle where these are the same. */
export function amountOf(value: number, { low, high }: Scale): number {
  return high > low ? (value - low) / (high - low) : 0.5;
}

/** A value's colour; null where there is no value. */
export function colourOf(value: number | null, scale: Scale, stops: readonly Colour[]): string | null {
  if (value === null) return null;
  // The style sheet may still be on its way.
  if (stops.length < 2) return "gray";
  return `rgb(${colourAt(stops, amountOf(value, scale)).join(" ")})`;
}
