/** Numbers as they stand in the views: short, of even width under tabular figures, never a bare "0.913000". */

const GROUPED = new Intl.NumberFormat("en");

/** 1204 -> "1,204". */
export const count = (value: number): string => GROUPED.format(Math.round(value));

/** A probability or another amount from 0 to 1: ".913", "1.00", "<.001"; "–" where it is not known. */
export function probability(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const smallest = 10 ** -digits;
  if (value > 0 && value < smallest / 2) return `<${smallest.toFixed(digits).slice(1)}`;
  const text = value.toFixed(digits);
  return text.startsWith("0") ? text.slice(1) : text.slice(0, digits + 1);
}

/** A signed difference or amount: "+.21", "−.05", "0". */
export function signed(value: number): string {
  if (Math.abs(value) < 0.005) return "0";
  return `${value < 0 ? "−" : "+"}${probability(Math.abs(value), 2)}`;
}

/** The change from `before` to `after`, its direction by a sign and not by colour alone. */
export function change(after: number, before: number): { sign: "▲" | "▼" | ""; amount: string } {
  const difference = after - before;
  if (Math.abs(difference) < 0.0005) return { sign: "", amount: "" };
  return { sign: difference > 0 ? "▲" : "▼", amount: probability(Math.abs(difference)) };
}

/** The name of a class; where it has none, its number. */
export const className = (labels: readonly string[], index: number): string =>
  labels[index] ?? (index < 0 ? "…" : `class ${index}`);

/** A label in a question; one that would run into it stands in quotes, as in "Why “not Male” rather than Male?" */
export const asked = (label: string): string => (/^(not|no) /.test(label) ? `“${label}”` : label);
