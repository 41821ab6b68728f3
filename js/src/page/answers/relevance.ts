import { countOf, ranking } from "../../relevance/ranking";
import { type Hiding, traits } from "../../relevance/traits";
import { inflate } from "../../shared/bytes";
import { packOpener } from "../../shared/pack";
import { latest } from "../latest";
import { unpackAll } from "../state";
import { type Charted, createCurves } from "./curves";
import type { Answerer } from "./index";
import { likeliest } from "./likeliest";

/** Classes in an answer, besides those that must be in it. */
const TOP = 5;

/** The prediction for the pixels that are left, as cfwidgets/widgets/relevance/view.py gives it, then its curves. */
export const relevance: Answerer = ({ arrays, values }, view, network) => {
  const read = <K extends keyof typeof traits>(name: K) =>
    traits[name](view.get(name)) as ReturnType<(typeof traits)[K]>;
  const given = unpackAll(arrays);
  const open = packOpener();
  const ranks = new Map<string, Promise<Uint32Array>>();
  const rank = async (method: string, pixels: number) => {
    const place = read("entries").findIndex((entry) => entry.method === method);
    const blob = open(read("maps")).pack?.blob(place);
    if (!blob) throw new Error(`there is no map by ${method}`);
    return ranking(new Int16Array((await inflate(blob, 2 * pixels)).buffer as ArrayBuffer));
  };
  const evaluate = async (hiding: Hiding) => {
    const pictures = await given();
    const [image, content] = [pictures.get("image")!, pictures.get(hiding.fill)];
    if (!content) throw new Error("it cannot paint over pixels");
    const size = read("size");
    const count = size[0] * size[1];
    if (!ranks.has(hiding.method)) ranks.set(hiding.method, rank(hiding.method, count));
    const order = await ranks.get(hiding.method)!;
    const pixels = image.slice();
    for (let i = 0; i < countOf(hiding.percent, count); i += 1) {
      const pixel = order[hiding.least ? count - 1 - i : i]!;
      for (let at = pixel; at < pixels.length; at += count) pixels[at] = content[at]!;
    }
    return network.probabilities(pixels, size);
  };
  const curves =
    values.chart &&
    createCurves(values.chart as Charted, view, async (hiding) => (await evaluate(hiding))[read("target")]!);
  view.seen(() => {
    const hiding = read("hiding");
    // Python may not have measured them all; it paints over pixels, the page cannot.
    if (hiding && hiding.fill in arrays) curves?.follow(hiding);
  });
  return latest(view, async () => {
    const hiding = read("hiding");
    if (!hiding) return;
    curves?.stop();
    const probabilities = await evaluate(hiding);
    const [target, against] = [read("target"), read("against")];
    const top = likeliest(probabilities, TOP);
    for (const index of [target, against])
      if (index >= 0 && !top.some(([other]) => other === index)) top.push([index, probabilities[index]!]);
    view.set({ answer: { hiding, target, against, top, probability: probabilities[target], picture: null } });
    curves?.follow(hiding, probabilities[target]!);
  });
};
