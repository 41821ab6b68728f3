import type { Mode } from "./painter";
import type { RegionsAnswer } from "./traits";
import { amount, MINUS, sum } from "./words";

/** What the colours mean: the values at their two ends, and their unit. */
export interface Legend {
  low: string;
  high: string;
  unit: string;
}

/** The legend of a mode; null where no colours are shown. `scale` is not known before there is a path. */
export function legendOf(mode: Mode, scale: number | undefined, answer: RegionsAnswer | null): Legend | null {
  if (mode === "plain") return null;
  if (mode === "difference") return { low: `${MINUS}1`, high: "+1", unit: "brightness" };
  if (mode === "where") return { low: "against", high: "with the change", unit: answer ? sum(answer) : "" };
  if (!scale || !(scale > 0)) return { low: "against", high: "for", unit: "" };
  const most = amount(scale);
  return { low: MINUS + most, high: `+${most}`, unit: "logits a pixel" };
}
