import { h, setName, setText } from "../shared/dom";
import { asked, probability } from "../shared/format";
import { createPicker } from "../shared/picker";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";

/** "Why 9 rather than 4?": the correct class is the control to choose another. The words go by what the model predicts. */
export function createQuestion(frame: TransitionFrame, transition: Transition) {
  const { scope, traits } = frame;
  const picker = createPicker(scope, {
    labels: () => traits.labels,
    name: (index) => transition.name(index),
    title: "choose another target",
    suggestions: () =>
      traits.whole
        .filter(([index]) => index !== traits.wrong)
        .slice(0, 8)
        .map(([index, p]) => ({ index, note: probability(p) })),
    chosen(correct) {
      if (correct !== traits.correct) frame.save({ correct });
    },
  });
  const wrong = h("span.wrong.ellipsis");
  const [before, between, after] = [h("span"), h("span"), h("span")];
  const element = h("span.asked");
  let first: HTMLElement | undefined;
  const put = (one: HTMLElement, other: HTMLElement, words: readonly [string, string, string]) => {
    // Only where the order changes: moving the picker would close it.
    if (one !== first) element.replaceChildren(before, one, between, other, after);
    first = one;
    setText(before, words[0]);
    setText(between, words[1]);
    setText(after, words[2]);
  };
  return {
    element,
    draw() {
      const { predicted } = traits;
      const name = (index: number) => asked(transition.name(index));
      picker.update(name(traits.correct));
      setName(wrong, name(traits.wrong));
      if (predicted >= 0 && predicted === traits.correct)
        put(picker.element, wrong, ["Predicted ", ". What would make it ", "?"]);
      else if (predicted >= 0 && predicted !== traits.wrong)
        put(wrong, picker.element, ["Between ", " and ", ` (predicted ${name(predicted)})`]);
      else put(wrong, picker.element, ["Why ", " rather than ", "?"]);
    },
  };
}
