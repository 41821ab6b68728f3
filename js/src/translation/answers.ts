import { h, setAttribute, setText } from "../shared/dom";
import { createGauges } from "./gauges";
import type { Shown } from "./shown";
import type { TranslationFrame } from "./traits";
import { comesBack, doubtOf } from "./words";

/** What the classifier predicts for the image and its twin, side by side; and a second one beneath. */
export function createAnswers({ traits }: TranslationFrame, shown: Shown) {
  const heading = h("div.heading.ellipsis");
  const gauges = createGauges("Predictions for the image and its twin");
  const verdict = h("p.verdict");
  const doubt = h("p.muted.small");
  const back = h("p.muted.small");
  const second = h("div.heading.ellipsis");
  const theirs = createGauges("Predictions of the second classifier");
  const other = h("div", second, theirs.element);
  const says = h("div.says", verdict, doubt, back);
  const element = h("div.answers", h("div", heading, gauges.element), other, says);
  return {
    element,
    draw() {
      const entry = traits.entries[shown.place];
      element.classList.toggle("cfw-invisible", !entry);
      if (!entry) return;
      setText(heading, traits.model);
      const columns = [
        { title: "image", answer: entry.image },
        { title: "twin", answer: entry.twin },
      ];
      gauges.update(columns, traits);
      setText(
        verdict,
        entry.flips ? "✓ the twin flips the prediction" : "= the twin does not flip the prediction",
      );
      setAttribute(verdict, "data-flips", String(entry.flips));
      setText(doubt, doubtOf(entry, traits));
      setText(back, comesBack(entry, traits));
      other.hidden = entry.second.length === 0;
      setText(second, traits.second);
      theirs.update(
        [
          { title: "image", answer: entry.second },
          { title: "twin", answer: entry.second_twin },
        ],
        traits,
      );
    },
  };
}
