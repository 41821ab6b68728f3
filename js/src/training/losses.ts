import { h, setText } from "../shared/dom";
import type { TrainingFrame } from "./traits";
import * as words from "./words";

/** The losses as they are now, in numbers. */
export function createLosses({ traits }: TrainingFrame) {
  const of = h("span.cfw-muted");
  const list = h("dl.cfw-losses");
  const element = h("div.cfw-now", h("div.cfw-now-line", h("span.cfw-heading", "Losses"), of), list);
  return {
    element,
    draw() {
      const { loss_names: names, losses } = traits;
      element.hidden = losses.length === 0;
      setText(of, words.mean(traits.window, traits.measured));
      list.replaceChildren(
        ...losses.map((value, i) =>
          h("div.cfw-loss", h("dt", names[i] ?? ""), h("dd.cfw-number", words.loss(value))),
        ),
      );
    },
  };
}
