import { h, setText } from "../shared/dom";
import { asked } from "../shared/format";
import { otherLabel } from "./words";

/** "lipstick predicts Male. What would make it predict “not Male”?" */
export function createQuestion() {
  const [first, model, predicts, answer, then, target, end] = [
    h("span"),
    h("strong"),
    h("span"),
    h("strong.asked-original"),
    h("span"),
    h("strong.asked-target"),
    h("span"),
  ];
  const element = h("span", first, model, predicts, answer, then, target, end);
  return {
    element,
    update(name: string, labels: readonly string[], original: number) {
      const known = original >= 0 && original < labels.length;
      const other = otherLabel(labels, original);
      // A sentence begins with a capital, but a name is what it is.
      setText(first, known ? "" : "What would make ");
      setText(model, name || (known ? "The model" : "the model"));
      setText(predicts, known ? " predicts " : " change its prediction");
      setText(answer, known ? asked(labels[original]!) : "");
      setText(then, known ? `. What would make it predict ${other === null ? "anything else" : ""}` : "");
      setText(target, known ? asked(other ?? "") : "");
      setText(end, "?");
    },
  };
}
