import { h, setText } from "../shared/dom";
import { otherLabel } from "./words";

/** "lipstick says Male. What would make it say not Male?" */
export function createQuestion() {
  const [first, model, says, answer, then, target, end] = [
    h("span"),
    h("strong"),
    h("span"),
    h("strong.cfw-asked-original"),
    h("span"),
    h("strong.cfw-asked-target"),
    h("span"),
  ];
  const element = h("span", first, model, says, answer, then, target, end);
  return {
    element,
    update(name: string, labels: readonly string[], original: number) {
      const known = original >= 0 && original < labels.length;
      const other = otherLabel(labels, original);
      const called = name || "the model";
      // A sentence begins with a capital, but a name is what it is.
      const capital = known && !name ? "The model" : called;
      setText(first, known ? "" : "What would make ");
      setText(model, capital);
      setText(says, known ? " says " : " change its mind");
      setText(answer, known ? labels[original]! : "");
      setText(then, known ? `. What would make it say ${other === null ? "anything else" : ""}` : "");
      setText(target, known ? (other ?? "") : "");
      setText(end, "?");
    },
  };
}
