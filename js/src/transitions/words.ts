import { probability } from "../shared/format";
import type { RunState } from "../shared/traits";
import type { Candidate, Ends } from "./traits";

/** What one sees, and whose idea it is. */
export const HELP =
  "A search over a generator’s inputs looks for pictures whose features are like those of the image, some called " +
  "one class and some the other; the slider leads from one to the other (Suzuki et al. 2021). The maps say which pixels " +
  "speak for a class (+) and which against it (−); at the flip the decision changes.";

export const WAITING_FOR_PATH = "the transition between the picked two is being made";
export const SILENT = "no answer yet (kernel busy or gone); scrubbing still works";

export const NO_PATH = "a transition appears here when both rows have a candidate";

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
export function signed(value: number): string {
  return `${value < 0 ? MINUS : "+"}${amount(Math.abs(value))}`;
}

/** What the shares of the regions are of: "+7.9 log-odds, off by 0.03". */
export function sum(total: number | undefined, off: number | undefined): string {
  const parts = total === undefined ? [] : [`${signed(total)} log-odds`];
  if (off !== undefined) parts.push(`off by ${amount(off)}`);
  return parts.join(", ");
}

/** One candidate: "candidate 17: called 9 with .93, cosine .81". */
export function describeCandidate(candidate: Candidate, name: string): string {
  const [sure, near] = [probability(candidate.confidence, 2), probability(candidate.cosine, 2)];
  const nearest = candidate.nearest ? ", the nearest one" : "";
  return `candidate ${candidate.id}: called ${name} with ${sure}, cosine ${near}${nearest}`;
}

/** What stands where the candidates will be. */
export function noCandidates(state: RunState): string {
  return state === "empty" || state === "running"
    ? "candidates appear here as the search runs"
    : "none was found";
}

/** What the numbers under the candidates and the colours of their maps mean. */
export function galleryLegend(scale: number): string {
  return `cosine under each · map for its class, ±${amount(scale)} logits a pixel`;
}

/** What is kept of a run that stopped or failed. */
export function kept(state: RunState, best: Ends): string {
  if ((state !== "stopped" && state !== "failed") || best.length === 0) return "";
  return "the candidates so far are kept, Resume continues";
}

/** For the ear: "phase 412: 9 .48, 4 .50". */
export function spokenPhase(phase: number, rows: readonly (readonly [string, number | null])[]): string {
  return `phase ${phase}: ${rows.map(([name, value]) => `${name} ${probability(value, 2)}`).join(", ")}`;
}
