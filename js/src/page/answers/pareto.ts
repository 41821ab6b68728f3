import { traits } from "../../pareto/traits";
import { className } from "../../shared/format";
import { latest } from "../latest";
import { encoded } from "./encoded";
import type { Answerer } from "./index";
import { likeliest } from "./likeliest";

/** Classes in an answer. */
const TOP = 3;

/** The picture of changes by hand, and its prediction, as cfwidgets/widgets/pareto/view.py gives them. */
export const pareto: Answerer = ({ values }, view, network) => {
  const read = <K extends keyof typeof traits>(name: K) =>
    traits[name](view.get(name)) as ReturnType<(typeof traits)[K]>;
  const attributes: readonly number[] = values.attributes;
  return latest(view, async () => {
    const deltas = read("edit");
    if (deltas.length !== attributes.length) return;
    const wanted = Float32Array.from(attributes, (value, i) => value + deltas[i]!);
    const [pixels, raw, critic] = await network.run(wanted, [1, wanted.length]);
    const probabilities = network.read(raw!);
    const target = read("original_class");
    const top = likeliest(probabilities, TOP);
    view.set({
      edited: {
        deltas: [...deltas],
        top: top.map(([index, p]) => [className(read("labels"), index), p]),
        p: probabilities[target],
        flips: top[0]![0] !== target,
        critic: critic?.[0] ?? null,
        second: null,
        picture: await encoded(pixels!, values.size),
      },
    });
  });
};
