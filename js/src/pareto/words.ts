import { MARKING } from "../shared/crosshair";
import { count, probability } from "../shared/format";
import type { Member } from "./traits";

/** What one sees, and whose idea it is. */
export const HELP =
  "Each picture is the image with some attributes changed; none is at once more plausible, less probably of the " +
  "original class and less changed than another (Barredo-Arrieta and Del Ser 2020). The best pick is where the falling " +
  "probability of the original class meets the growing loss of plausibility; the simplest flip is what is left of a flip " +
  "when changes are taken back one after another, as long as it still flips and is nearly as good as the best pick." +
  MARKING;

export const NOTHING_YET = "counterfactuals appear here as they are found";
export const NONE_FOUND = "no counterfactual was found";
export const NO_PICTURE = "the image will be here";
/** While an answer is outstanding. */
export const ASKING = "evaluating…";
/** And where it does not come. */
export const WORKS = "the strip still works";
/** With what the counterfactual is compared. */
export const LEFT = {
  image: ["the image", "compare with the image itself"],
  repainted: [
    "reconstruction",
    "compare with the image as the editor reconstructs it, without a change: what differs then is the change alone",
  ],
} as const;
export const MODES = {
  pictures: ["side by side", "the image beside the counterfactual"],
  difference: ["difference", "where the counterfactual is brighter or darker"],
} as const;
export const FROZEN = "frozen: the search leaves it as it is";
export const SIMPLEST =
  "A flip with changes taken back one after another: it still flips, and no objective is much worse than the best pick’s.";
export const BEST_PICK =
  "The paper’s best pick: where the falling probability of the original class crosses the growing loss of plausibility.";
export const HOLD = "hold (or hold Space) to see the image in the place of the counterfactual";
export const MARKS = { flips: "▲", stays: "●" } as const;
/** The counterfactuals that stand out, as the strip marks them. */
export const PICKS = { simplest: "★ simplest", best: "☆ best pick", none: "" } as const;
export type Pick = keyof typeof PICKS;
/** The key to the marks under the pictures: short, so that no line breaks, and nothing moves, while one brushes. */
export const KEY = `${MARKS.flips} flips the prediction`;
export const MINUS = "−";

/** A name for a person: "Blond_Hair" -> "blond hair". */
export function attribute(name: string): string {
  return name.replaceAll("_", " ").toLowerCase();
}

/** An attribute, and what it excludes. */
export function excluding(name: string, others: readonly string[]): string {
  return others.length > 0 ? `${name}: takes the place of ${others.join(", ")}` : name;
}

/** The one class beside the original: "not Male" beside "Male"; null where there are more. */
export function otherLabel(labels: readonly string[], original: number): string | null {
  return labels.length === 2 && original >= 0 ? (labels[1 - original] ?? null) : null;
}

/** A signed amount of even width: "+0.80", "−0.05", "0.00". */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value < 0 ? MINUS : "+"}${text}`;
}

/** A class's name within a sentence: one of several words stands in quotes. */
export function quoted(label: string): string {
  return /\s/.test(label) ? `“${label}”` : label;
}

/** What the numbers of each change are. */
export function buys(original: string): string {
  const of = original && ` of ${quoted(original)}`;
  return `log-probability${of} that comes back when this change alone is ablated; mean over the flips`;
}

/** The prediction of a second model, which had no part in the search. */
export function second(label: string, original: string): string {
  return `${label === original ? MARKS.stays : MARKS.flips} second model: ${label}`;
}

/** "▲ predicted not Male" where the prediction flips, else "● predicted Male". */
export function verdict(flips: boolean, label: string): string {
  return `${flips ? MARKS.flips : MARKS.stays} predicted ${label}`;
}

/** The same for the ear: "predicted not Male" or "still predicted Male". */
function predicted(flips: boolean, label: string): string {
  return flips ? `predicted ${label}` : `still predicted ${label}`;
}

/** The greatest changes: "blond hair +0.80, male −0.21". */
export function changes(names: readonly string[], deltas: readonly number[], most = 3): string {
  const rows = deltas.map((value, i) => ({ value, name: attribute(names[i] ?? "") }));
  const great = rows.filter(({ value }) => Math.abs(value) >= 0.1);
  great.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  return great
    .slice(0, most)
    .map(({ name, value }) => `${name} ${signed(value)}`)
    .join(", ");
}

/** "★ simplest flip", "☆ best pick, 3 of 40", "most plausible flip, 5 of 40", "counterfactual 7 of 40". */
export function title(place: number, front: readonly Member[], pick: Pick, first: boolean): string {
  if (pick === "simplest") return `${PICKS.simplest} flip`;
  const { flips, plausibility } = front[place]!;
  const flip = `${plausibility === null ? "smallest" : "most plausible"} flip,`;
  const name = pick === "best" ? `${PICKS.best},` : flips && first ? flip : "counterfactual";
  return `${name} ${place + 1} of ${front.length}`;
}

/**
 * A counterfactual, for the ear: "counterfactual 3 of 40: probability of Male .12, predicted not Male, best pick", or
 * "simplest flip: probability of Male .31, …". The front has `count` counterfactuals.
 */
export function spoken(
  place: number,
  { p, flips, label, second }: Member,
  count: number,
  original: string,
  pick: Pick,
  what: string,
): string {
  const parts = [`probability of ${quoted(original)} ${probability(p, 2)}`, predicted(flips, label)];
  if (second !== null) parts.push(`a second model predicts ${second}`);
  if (pick === "best") parts.push("best pick");
  const name = pick === "simplest" ? "simplest flip" : `counterfactual ${place + 1} of ${count}`;
  return `${name}: ${parts.join(", ")}${what && `; ${what}`}`;
}

/** Changes by hand, for the ear: "changed by hand: probability of Male .80, still predicted Male". */
export function answered(p: number, flips: boolean, label: string, original: string): string {
  return `changed by hand: probability of ${quoted(original)} ${probability(p, 2)}, ${predicted(flips, label)}`;
}

/** What the strip shows: "40 counterfactuals", "12 of 40, in the brushed region". */
export function stripWords(shown: number, all: number, brushing: boolean): string {
  if (!brushing) return `${count(all)} ${all === 1 ? "counterfactual" : "counterfactuals"}`;
  return shown > 0
    ? `${count(shown)} of ${count(all)}, in the brushed region`
    : "none is in the brushed region: all are shown";
}

/** Of pictures that the browser cannot decode. */
export function undecoded(failed: number): string {
  return failed > 0 ? `the browser cannot decode ${count(failed)} of the pictures` : "";
}

/** What is kept of a run that stopped or failed. */
export function kept(found: number): string {
  return found > 0 ? "the counterfactuals so far are kept" : "";
}
