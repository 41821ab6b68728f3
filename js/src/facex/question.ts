import { h, setText } from "../shared/dom";

/** "Where does lipstick look for Male, and what does it see there?" */
export function createQuestion() {
  const before = h("span");
  const names = [h("strong.cfw-asked-model"), h("strong.cfw-asked-model")] as const;
  const and = h("span");
  const look = h("span");
  const target = h("strong.cfw-asked-target");
  const after = h("span");
  const element = h("span", before, names[0], and, names[1], look, target, after);
  return {
    element,
    update(models: readonly string[], aim: string) {
      const two = models.length > 1;
      setText(before, two ? "Where do " : "Where does ");
      setText(names[0], models[0] || "the model");
      setText(and, two ? " and " : "");
      setText(names[1], two ? models[1]! : "");
      setText(look, aim ? " look for " : " look");
      setText(target, aim);
      setText(after, two ? ", and what do they see there?" : ", and what does it see there?");
    },
  };
}
