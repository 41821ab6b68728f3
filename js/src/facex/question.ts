import { h, setText } from "../shared/dom";
import { asked } from "../shared/format";
import type { Scores } from "./scores";
import type { FaceXFrame } from "./traits";

/** "Where does lipstick look for Male, and what does it see there?" */
export function createQuestion({ traits }: FaceXFrame, scores: Scores) {
  const before = h("span");
  const names = [h("strong"), h("strong")] as const;
  const and = h("span");
  const look = h("span");
  const target = h("strong.asked-target");
  const after = h("span");
  const element = h("span", before, names[0], and, names[1], look, target, after);
  return {
    element,
    draw() {
      const { models, two } = scores;
      setText(before, two ? "Where do " : "Where does ");
      setText(names[0], models[0]!);
      setText(and, two ? " and " : "");
      setText(names[1], two ? models[1]! : "");
      setText(look, traits.target ? " look for " : " look");
      setText(target, asked(traits.target));
      setText(after, two ? ", and what do they see there?" : ", and what does it see there?");
    },
  };
}
