import { count } from "../shared/format";

export const HELP =
  "The samples show what the network has learnt; below them stands how they were drawn. The losses of two networks " +
  "that work against each other do not tell how good the samples are: look at them. A stop loses nothing.";

export const LATER = "the samples will be here";
export const UNREADABLE = "the browser cannot decode the samples";

/** What is kept of a training that stopped or failed: "update 3 is kept and saved". */
export function kept(step: number, saved: boolean): string {
  return step > 0 ? `update ${count(step)} is kept${saved ? " and saved" : ""}` : "";
}

/** Under the samples. */
export function drawn(update: number, note: string): string {
  return update < 0 ? "" : `drawn at update ${count(update)} ${note}`.trimEnd();
}

/** The samples, for the ear: "4 rows of samples; columns: original, Bald". */
export function sheet(rows: number, across: number, columns: readonly string[]): string {
  const named = columns.length > 0 ? `columns: ${columns.join(", ")}` : `${count(across)} in each`;
  return `${count(rows)} ${rows === 1 ? "row" : "rows"} of samples; ${named}`;
}

/** The updates that numbers are of: "mean of updates 91 to 100". */
export function mean(window: number, measured: number): string {
  return window > 1
    ? `mean of updates ${count(measured - window + 1)} to ${count(measured)}`
    : `at update ${count(measured)}`;
}

/** Three digits, with the minus sign of the charts: "0.0123", "−47.8"; null where there is no number. */
export function loss(value: number | null): string {
  return value === null ? "no value" : String(Number(value.toPrecision(3))).replace(/^-/, "−");
}
