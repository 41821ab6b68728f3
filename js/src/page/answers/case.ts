import { traits } from "../../case/traits";
import { maskOf } from "../../shared/region";
import { latest } from "../latest";
import { unpackAll } from "../state";
import { encoded } from "./encoded";
import type { Answerer } from "./index";
import { likeliest } from "./likeliest";

/** Classes in an answer, besides those that must be in it. */
const TOP = 4;

/** The prediction for the picture without the region, as cfwidgets/widgets/workbench/case_view.py gives it. */
export const caseWithout: Answerer = ({ arrays, values }, view, network) => {
  const read = <K extends keyof typeof traits>(name: K) =>
    traits[name](view.get(name)) as ReturnType<(typeof traits)[K]>;
  const given = unpackAll(arrays);
  return latest(view, async () => {
    const [region, fill, size] = [read("region"), read("fill"), read("size")];
    if (region.length === 0) return view.set({ without: {} });
    const pictures = await given();
    const [image, content] = [pictures.get("image")!, pictures.get(fill)];
    if (!content) throw new Error("it cannot paint over pixels");
    const mask = maskOf(region, size[1], size[0]);
    const pixels = image.map((value, i) => (mask[i % mask.length] ? content[i]! : value));
    const picture = await encoded(pixels, size);
    const probabilities = await network.probabilities(pixels, size);
    const top = likeliest(probabilities, TOP);
    for (const index of values.always as number[])
      if (!top.some(([other]) => other === index)) top.push([index, probabilities[index]!]);
    view.set({
      without: {
        region,
        fill,
        share: mask.reduce((sum, one) => sum + one, 0) / mask.length,
        top: top.map(([index, p]) => [index, p, values.prediction[index]]),
        picture,
      },
    });
  });
};
