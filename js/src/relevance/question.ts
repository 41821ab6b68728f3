import { h, setText } from "../shared/dom";
import { className, probability } from "../shared/format";
import { createPicker } from "../shared/picker";
import type { RelevanceFrame } from "./traits";

/** "What speaks for cat rather than dog?": the class is the control to choose another. */
export function createQuestion({ scope, traits }: RelevanceFrame, explain: (target: number) => void) {
  const rather = h("span");
  const picker = createPicker(scope, {
    labels: () => traits.labels,
    name: (index) => className(traits.labels, index),
    suggestions: () => traits.whole.map(([index, p]) => ({ index, note: probability(p) })),
    chosen: explain,
  });
  return {
    elements: ["What speaks for ", picker.element, rather],
    draw() {
      const { labels, target, against } = traits;
      picker.update(className(labels, target));
      setText(rather, against < 0 ? "?" : ` rather than ${className(labels, against)}?`);
    },
  };
}
