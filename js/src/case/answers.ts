import { h, setName, setText } from "../shared/dom";
import { className, probability } from "../shared/format";
import type { CaseFrame } from "./traits";

/** The model's answer to the picture: its likeliest classes, each with its bar, and with that of the second model. */
export function createAnswers({ traits }: CaseFrame) {
  const heading = h("div.heading", "What it predicts");
  const rows = h("ul.list.case-bars");
  const second = h("p.case-second.muted");
  const file = h("p.case-file.muted.ellipsis");
  return {
    element: h("div.case-answers", heading, rows, second, file),
    draw() {
      const { labels, truth, predicted, top, without } = traits;
      const left = new Map(without?.top.map(([index, p]) => [index, p]));
      rows.replaceChildren(
        ...top.map(([index, p]) => {
          const fill = h("i");
          fill.style.width = `${100 * p}%`;
          const track = h("span.track", { "aria-hidden": "true" }, fill);
          const without = left.get(index);
          if (without !== undefined) {
            const tick = h("b");
            tick.style.left = `${100 * without}%`;
            track.append(tick);
          }
          const name = h(
            "span.case-name.ellipsis",
            signOf(index, truth, predicted),
            className(labels, index),
          );
          name.title = className(labels, index);
          const role = index === truth ? "truth" : index === predicted ? "prediction" : "";
          return h("li.case-bar", { "data-role": role }, name, track, h("span.number", probability(p)));
        }),
      );
      const [one] = traits.second_top;
      second.hidden = !one;
      if (one)
        setText(second, `${traits.second} predicts ${className(labels, one[0])} ${probability(one[1])}`);
      setName(file, traits.path);
      file.hidden = traits.path === "";
    },
  };
}

/** The signs of the true and of the predicted class, which do not go by colour alone. */
export function signOf(index: number, truth: number, predicted: number): string {
  if (index === truth) return "▲ ";
  return index === predicted ? "● " : "";
}
