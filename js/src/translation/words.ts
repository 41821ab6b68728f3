import { MARKING } from "../shared/crosshair";
import { className, probability } from "../shared/format";
import type { Entry, Traits } from "./traits";

export const HELP =
  "Drag the line over the picture: left of it stands the image, right of it its twin of the other class, generated in one pass. What differs is what the network goes by. The slider makes a mask of the difference. Counterfactual Image Generation for Adversarially Robust and Interpretable Classifiers, 2024." +
  MARKING;
export const LATER = "the image will be here";
/** While an answer is outstanding. */
export const ASKING = "evaluating…";
/** And where it does not come. */
export const WORKS = "pictures and masks still work";
export const FAR = "this image comes from the kernel";

export const OTHERS = {
  twin: ["twin", "wipe between the image and its twin of the other class"],
  returned: ["twin of the twin", "wipe between the image and what comes back: the twin of its twin"],
} as const;
export const MAPS = {
  difference: ["difference", "what differs between the image and the twin that is shown"],
  mean: ["mean", "the mean of the masks of the twin and all its variants"],
  disagreement: ["disagreement", "where the variants disagree: the standard deviation of their masks"],
} as const;
export const STYLES = {
  heat: ["heat", "the difference in shades"],
  filled: ["filled", "the region above the threshold"],
  outline: ["outline", "the outline of the region above the threshold"],
} as const;

export type Order = "order" | "doubt" | "error" | "size";
export const ORDERS: Record<Order, readonly [string, string]> = {
  order: ["order", "as the images were given"],
  doubt: ["doubt", "the most doubtful first: the probability of being painted"],
  error: ["error", "the largest loss first; where the true class is unknown, the least sure first"],
  size: ["mask size", "the largest mask first"],
};

/** "cracked → sound", or where the twin stays on its side, what it should have become. */
export function direction({ from, to, flips }: Entry, labels: readonly string[]): readonly [string, string] {
  const target = className(labels, to);
  return [className(labels, from), flips ? target : `still ${target}`];
}

export function percent(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return `${(100 * value).toFixed(value < 0.0995 ? 1 : 0)} %`;
}

/** The paper's measure of doubt. */
export function doubtOf(entry: Entry, { labels, painted }: Pick<Traits, "labels" | "painted">): string {
  if (painted < 0) return "The classifier has no class for painted images: there is no measure of doubt.";
  return `The image's doubt, its probability of “${className(labels, painted)}”, is ${probability(entry.image[painted], 2)}.`;
}

/** Whether the twin of the twin comes back. */
export function comesBack(entry: Entry, { labels, painted }: Pick<Traits, "labels" | "painted">): string {
  const real = entry.returned.map((p, index) => (index === painted ? -1 : p));
  const now = real.indexOf(Math.max(...real));
  const back = now === entry.from ? "again" : `rather than ${className(labels, entry.from)}`;
  const chance = probability(entry.returned[now], 2);
  return `The twin of the twin is predicted ${className(labels, now)} ${back} (${chance}); its pixels differ from the image's by ${percent(entry.away)} on average.`;
}

/** One image for the ear, and as a title. */
export function described(entry: Entry | undefined, place: number, traits: Traits): string {
  const name = `image ${place + 1}`;
  if (!entry) return `${name}: not translated yet`;
  const [from, to] = direction(entry, traits.labels);
  const truth =
    entry.truth >= 0 && entry.truth !== entry.from ? `, but is ${className(traits.labels, entry.truth)}` : "";
  const doubt = traits.painted >= 0 ? `, doubt ${probability(entry.image[traits.painted], 2)}` : "";
  return `${name}: predicted ${from}${truth}; twin ${to}${doubt}, mask ${percent(entry.area)}`;
}

/** What there is of a run that ended early. */
export const kept = (done: number) =>
  done > 0 ? `${done} ${done === 1 ? "twin is" : "twins are"} kept` : "";
