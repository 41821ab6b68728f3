import { toBytes } from "../../shared/bytes";
import { answerOf, maskOf } from "../../superpixels/masks";
import { readLabels } from "../../superpixels/regions";
import { traits } from "../../superpixels/traits";
import { latest } from "../latest";
import { unpackAll } from "../state";
import type { Answerer } from "./index";
import { likeliest } from "./likeliest";

/** Classes in an answer. */
const TOP = 5;

/** The prediction for the superpixels that are shown, as cfwidgets/widgets/superpixels/view.py gives it. */
export const superpixels: Answerer = ({ arrays, values }, view, network) => {
  const read = <K extends keyof typeof traits>(name: K) =>
    traits[name](view.get(name)) as ReturnType<(typeof traits)[K]>;
  const given = unpackAll(arrays);
  let regions: ReturnType<typeof readLabels> | undefined;
  return latest(view, async () => {
    const pictures = await given();
    const [image, hidden] = [pictures.get("image")!, pictures.get("hidden")!];
    regions ??= readLabels(toBytes(read("label_map"))!, read("size"));
    const labels = await regions;
    const target = read("target");
    const shown = read("following")
      ? answerOf({ best: read("best"), smallest: read("smallest") })
      : read("shown");
    const mask = maskOf(shown, read("count"));
    const pixels = new Float32Array(image.length);
    for (let i = 0; i < pixels.length; i += 1)
      pixels[i] = mask[labels[i % labels.length]!] ? image[i]! : hidden[i]!;
    const probabilities = await network.probabilities(pixels, read("size"));
    view.set({
      answer: {
        shown: [...shown],
        target,
        top: likeliest(probabilities, TOP),
        probability: probabilities[target],
        whole: values.prediction[target],
      },
    });
  });
};
