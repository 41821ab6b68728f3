import { MARKING } from "../shared/crosshair";
import { count, probability } from "../shared/format";
import type { RunState } from "../shared/traits";
import type { Path } from "./path";
import type { Candidate, Ends, RegionsAnswer } from "./traits";

/** What one sees, and whose idea it is. */
export const HELP =
  "A search over a generator’s inputs finds pictures with features like the image’s, of one predicted class and of the " +
  "other; the slider leads from one to the other (Suzuki et al. 2021). Maps show which pixels speak for a class (+) " +
  "or against it (−); at the flip the decision changes." +
  MARKING;

export const LATER = "the image will be here";
export const WAITING_FOR_PATH = "drawing the transition of the picked candidates";
/** Where an answer does not come. */
export const WORKS = "scrubbing still works";
export const FIRST_PATH = "drawing a transition of the best candidates";
export const NO_PATH = "a transition appears when both rows have a candidate";
export const OTHER_ROW_EMPTY = "the other row is empty";

export const MINUS = "−";

/** A signed share: "+31 %", "−4 %". */
export function percent(share: number): string {
  const amount = Math.round(100 * Math.abs(share));
  return `${share < 0 ? MINUS : "+"}${amount} %`;
}

/** Two significant digits and no sign: "0.12", "0.0034", "1.2e−5". */
export function amount(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1).replace("-", MINUS);
  return String(Number(value.toPrecision(2))).replace("-", MINUS);
}

/** A signed amount: "+7.9", "−0.2". */
export const signed = (value: number): string => `${value < 0 ? MINUS : "+"}${amount(Math.abs(value))}`;

/** What the shares of the regions are of: "+7.9 log-odds, convergence delta 0.03". */
export function sum({ total, off }: Pick<RegionsAnswer, "total" | "off">): string {
  const parts = total === null ? [] : [`${signed(total)} log-odds`];
  if (off !== null) parts.push(`convergence delta ${amount(off)}`);
  return parts.join(", ");
}

/** The class that the model gives: "predicted 9". */
export const predicted = (name: string): string => `predicted ${name}`;

/** One candidate: "candidate 17: predicted 9 with .93, cosine similarity .81". */
export function describeCandidate(candidate: Candidate, name: string): string {
  const [sure, near] = [probability(candidate.confidence, 2), probability(candidate.cosine, 2)];
  const nearest = candidate.nearest ? ", the nearest" : "";
  return `candidate ${candidate.id}: ${predicted(name)} with ${sure}, cosine similarity ${near}${nearest}`;
}

/** What stands where the candidates will be. */
export const noCandidates = (state: RunState): string =>
  state === "empty" || state === "running" ? "candidates appear as the search runs" : "none was found";

/** What the numbers under the candidates and the colours of their maps mean. */
export const galleryLegend = (scale: number): string =>
  `below each its cosine similarity · map for its class, ±${amount(scale)} logits a pixel`;

/** What is kept of a run that stopped or failed. */
export const kept = (best: Ends): string => (best.length > 0 ? "the candidates so far are kept" : "");

/** What there is to know of a path: how much of it is here, or where it flips. */
export function about({ at, phases, flip }: Path): string {
  if (at.length < phases) return `${count(at.length)} of ${count(phases)} frames are here`;
  return flip === null ? "the decision does not flip" : `the decision flips at phase ${flip}`;
}

/** For the ear: "phase 412: 9 .48, 4 .50". */
export const spokenPhase = (phase: number, rows: readonly (readonly [string, number | null])[]): string =>
  `phase ${phase}: ${rows.map(([name, value]) => `${name} ${probability(value, 2)}`).join(", ")}`;
