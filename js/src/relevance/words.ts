import { MARKING } from "../shared/crosshair";
import { probability } from "../shared/format";
import type { Entry, Traits } from "./traits";

export const HELP =
  "Each map says which pixels speak for the class, by one method. Point at a pixel to read all maps there; hide what a map marks, and the number is the probability of the class for the rest. The randomisation check (Adebayo et al. 2018) shows if a map depends on what the network has learnt." +
  MARKING;
export const LATER = "the picture will be here";
export const HINT = "point at a pixel, or press the arrow keys, to read all maps there";
export const kept = (maps: number) => (maps > 0 ? `${maps} ${maps === 1 ? "map is" : "maps are"} kept` : "");

export const MODES = {
  overlay: ["overlay", "each map over the picture"],
  beside: ["side by side", "the picture, and the maps beside it"],
  alone: ["map alone", "the maps without the picture"],
} as const;
export const SCALES = {
  each: ["a scale each", "each map has its own colour scale"],
  one: ["one scale", "one colour scale for all maps: equal colours are equal values"],
} as const;
export const ENDS = {
  most: ["most relevant", "hide the most relevant pixels first"],
  least: ["least relevant", "hide the least relevant pixels first"],
} as const;
/** In the order of the pack; the last depends on what is hidden, and comes with the answer. */
export const FILLS = {
  blur: ["blur", "the picture, blurred"],
  mean: ["mean", "the mean colour of the picture"],
  black: ["black", "black"],
  noise: ["noise", "random colours"],
  inpaint: ["inpaint", "what lies around, continued smoothly (biharmonic inpainting)"],
} as const;
export type Fill = keyof typeof FILLS;

const NAMES: Readonly<Record<string, string>> = {
  rap: "RAP",
  lrp: "LRP",
  grad_cam: "Grad-CAM",
  input_x_gradient: "input × gradient",
  deep_lift: "DeepLIFT",
};
/** A method as it is called in writing. */
export const nameOf = (method: string) => NAMES[method] ?? method.replaceAll("_", " ");

/** A value of a map: three digits that count, "+0.0123", "−2.10e-5", "0". */
export function valueText(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 0.001 && size < 10000 ? size.toPrecision(3) : size.toExponential(2);
  return `${value < 0 ? "−" : "+"}${text}`;
}

/** What is read, for the ear. */
export function spoken(row: number, column: number, values: readonly (readonly [string, string])[]): string {
  return `row ${row}, column ${column}: ${values.map(([name, value]) => `${name} ${value}`).join(", ")}`;
}

export interface Figure {
  name: string;
  value: string;
  note: string;
  ok: boolean | null;
  title: string;
}

/** The numbers beside a map. */
export function figuresOf({
  error,
  complete,
  deletion,
  insertion,
  better,
  stages,
  seconds,
}: Entry): Figure[] {
  const figures: Figure[] = [];
  const random = (value: number) => `random ${probability(value, 2)}`;
  if (better.length === 2) {
    figures.push({
      ...{ name: "deletion", value: probability(deletion[0], 2), note: random(deletion[1]), ok: better[0]! },
      title: "mean probability while cells are hidden, the most relevant first: lower is better",
    });
    figures.push({
      ...{ name: "insertion", value: probability(insertion[0], 2), note: random(insertion[1]) },
      ...{ ok: better[1]! },
      title: "mean probability while cells are shown, the most relevant first: higher is better",
    });
  }
  if (error !== null)
    figures.push({
      ...{ name: "completeness error", value: probability(error, 3), note: "" },
      ...{ ok: complete, title: "by how much of the sum that the method promises the map misses it" },
    });
  const last = stages.at(-1);
  if (last?.layer === "")
    figures.push({
      ...{ name: "randomised", value: correlation(last.alike), ok: last.changed },
      note: last.changed === false ? "says nothing" : "",
      title: "rank correlation with the map of a network whose weights are all random: near 0 is better",
    });
  if (Number.isFinite(seconds))
    figures.push({
      ...{ name: "time", value: `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`, note: "" },
      ...{ ok: null, title: "how long the map took" },
    });
  return figures;
}

/** Of the trained network, where the check begins. */
export const TRAINED =
  "the map as above. On the way its layers become random, one after the other from the answer on; a map that stays as it is says nothing about what the network has learnt";
/** In the place of the check. */
export const unchecked = (method: string) =>
  `Not checked for ${nameOf(method)}: methods of many passes are not, unless Relevance(checked=["${method}"]) asks for it.`;
export const CHECKING = "The maps of the randomised network come at the end of the run.";

export const UNHEEDED = "0 everywhere: nothing in it speaks for the class, or the answer does not read it";
export const afterText = (share: number) =>
  share === 0 ? "the last layer" : `${Math.round(100 * share)} % of the layers with weights come after it`;

/** The end of a layer's name, which tells more than its beginning. */
export const shortName = (layer: string) =>
  layer.length > 11 ? `…${layer.slice(-10).replace(/^[^.]*\./, "")}` : layer;

export const stageName = (layer: string) => (layer === "" ? "everything random" : `random from ${layer} on`);

/** What a stage of the randomisation check says. */
export function verdictOf(entry: Entry | undefined, stage: number): string {
  const now = entry?.stages[stage - 1];
  if (!entry || !now) return "";
  const words = `rank correlation with the trained map ${correlation(now.alike)}`;
  if (now.changed !== false) return words;
  return now.layer === ""
    ? `${words}. The map hardly changes where the whole network is random: it says nothing about what the network has learnt.`
    : `${words}. The map has hardly changed.`;
}

const correlation = (value: number) => `${value < 0 ? "−" : ""}${probability(Math.abs(value), 2)}`;

/** For the ear. */
export function spokenAnswer(
  name: string,
  p: number,
  { percent, least }: NonNullable<Traits["hiding"]>,
): string {
  return `${name} ${p.toFixed(2)}, ${percent} % of the ${least ? "least" : "most"} relevant pixels hidden`;
}
