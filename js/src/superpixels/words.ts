import { MARKING } from "../shared/crosshair";
import { signed } from "../shared/format";
import type { Traits } from "./traits";

/** How the superpixels are found. */
const FOUND = {
  sufficient:
    "A genetic search looks for the superpixels that, shown alone, give the class its highest probability " +
    "(E-LIME, Wang et al. 2021), and drops those that are not needed for nine tenths of it.",
  necessary:
    "A genetic search looks for the superpixels without which the class has its lowest probability (after E-LIME, " +
    "Wang et al. 2021), and puts back those that need not go.",
  LIME:
    "A linear model is fitted to the predictions for random selections of superpixels; those of positive weight " +
    "are shown (LIME, Ribeiro et al. 2016).",
};
const EDIT =
  "Click or drag over the picture to show and hide superpixels: the number is the probability of the class for " +
  "exactly what is shown.";

/** What one sees, and whose idea it is. */
export function help({ method, objective }: Pick<Traits, "method" | "objective">): string {
  return `${FOUND[method === "LIME" ? method : objective]} ${EDIT}${MARKING}`;
}

export const LATER = "the picture will be here";
export const HINT = "click to show or hide a superpixel, drag to paint";

/** One superpixel: "superpixel 17 · importance +.82 · shown". */
export function describe(region: number, importance: number | undefined, shown: boolean): string {
  const parts = [`superpixel ${region}`];
  if (importance !== undefined) parts.push(`importance ${signed(importance)}`);
  parts.push(shown ? "shown" : "hidden");
  return parts.join(" · ");
}

/** What is kept of a run that stopped or failed. */
export function kept({ method, best }: Pick<Traits, "method" | "best">): string {
  if (method === "LIME") return "the masks sampled so far are kept";
  return best.length > 0 ? "the best so far is kept" : "";
}

/** For the ear. */
export function spokenAnswer(name: string, probability: number, shown: number, count: number): string {
  return `${name} ${probability.toFixed(2)}, ${shown} of ${count} superpixels shown`;
}
