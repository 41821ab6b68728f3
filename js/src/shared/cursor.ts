/**
 * The point that is marked in bqplot charts. They are linked in the browser, and hand it over as a list that a view wrote,
 * as a typed array, or as its bytes.
 */
export type Cursor = ArrayLike<number> | DataView | null;

/** Reads the trait. */
export function cursor(value: unknown): Cursor {
  return typeof value === "object" && value !== null && ("length" in value || value instanceof DataView)
    ? (value as ArrayLike<number>)
    : null;
}

/** Its place in the series; -1 for none. */
export function markedBy(now: Cursor): number {
  if (now instanceof DataView) return now.byteLength < 4 ? -1 : now.getUint32(0, true);
  const place = now?.[0];
  return typeof place === "number" && Number.isFinite(place) ? place : -1;
}

/** Whether it comes from a chart, by a click: the views write plain lists. */
export function isFromChart(now: Cursor): boolean {
  return now !== null && !Array.isArray(now);
}
