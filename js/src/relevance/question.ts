import { asked, className, probability } from "../shared/format";
import { createPicker } from "../shared/picker";
import type { RelevanceFrame } from "./traits";

/** No second class. */
const NONE = -1;
/** How many classes are offered. */
const LIKELY = 8;

/** "What speaks for cat rather than dog?": the classes are the controls to choose others. */
export function createQuestion(
  { scope, traits }: RelevanceFrame,
  explain: (target: number) => void,
  compare: (against: number) => void,
) {
  const name = (index: number) => (index === NONE ? "anything else" : className(traits.labels, index));
  const likeliest = () =>
    traits.whole.slice(0, LIKELY).map(([index, p]) => ({ index, note: probability(p) }));
  const shared = { labels: () => traits.labels, name };
  const target = createPicker(scope, { ...shared, suggestions: likeliest, chosen: explain });
  const against = createPicker(scope, {
    ...shared,
    suggestions: () => [{ index: NONE, note: "" }, ...likeliest()],
    chosen: compare,
    title: "compare with a class",
  });
  return {
    elements: ["What speaks for ", target.element, " rather than ", against.element, "?"],
    draw() {
      target.update(asked(className(traits.labels, traits.target)));
      against.update(asked(name(traits.against)));
    },
  };
}
