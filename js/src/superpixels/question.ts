import { h, setText } from "../shared/dom";
import { asked, className, probability } from "../shared/format";
import { createPicker } from "../shared/picker";
import type { SuperpixelFrame } from "./traits";

/** "What carries Egyptian cat?": the class is the control to choose another. */
export function createQuestion({ scope, traits }: SuperpixelFrame, explain: (target: number) => void) {
  const verb = h("span");
  const picker = createPicker(scope, {
    labels: () => traits.labels,
    name: (index) => className(traits.labels, index),
    suggestions: () => traits.whole.slice(0, 8).map(([index, p]) => ({ index, note: probability(p) })),
    chosen: explain,
  });
  return {
    elements: [verb, picker.element, "?"],
    draw() {
      setText(verb, traits.objective === "necessary" ? "What would lose " : "What carries ");
      picker.update(asked(className(traits.labels, traits.target)));
    },
  };
}
