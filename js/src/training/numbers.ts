import { h, setText } from "../shared/dom";
import type { TrainingFrame } from "./traits";
import * as words from "./words";

/** The losses as they are now, in numbers. */
export function createLosses({ traits }: TrainingFrame) {
  const numbers = createNumbers("Losses");
  return {
    element: numbers.element,
    draw: () => numbers.draw(traits.loss_names, traits.losses, words.mean(traits.window, traits.measured)),
  };
}

/** The last measurement on held-out images. */
export function createHeldOut({ traits }: TrainingFrame) {
  const numbers = createNumbers("On held-out images");
  return {
    element: numbers.element,
    draw: () => numbers.draw(traits.held_out_names, traits.held_out, words.mean(1, traits.held_out_at)),
  };
}

/** Names and numbers under a heading; nothing where there are none. */
function createNumbers(heading: string) {
  const of = h("span.muted");
  const list = h("dl.losses");
  const element = h("div.now", h("div.now-line", h("span.heading", heading), of), list);
  return {
    element,
    draw(names: readonly string[], values: readonly (number | null)[], when: string) {
      element.hidden = values.length === 0;
      setText(of, when);
      list.replaceChildren(
        ...values.map((value, i) =>
          h("div.loss", h("dt", names[i] ?? ""), h("dd.number", words.loss(value))),
        ),
      );
    },
  };
}
