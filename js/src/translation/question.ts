import { h, setText } from "../shared/dom";
import { className } from "../shared/format";
import type { Shown } from "./shown";
import type { TranslationFrame } from "./traits";
import { direction } from "./words";

/** "cracked → sound: what would have to change?" */
export function createQuestion({ traits }: TranslationFrame, shown: Shown) {
  const [from, to] = [h("strong.from"), h("strong.to")];
  const arrow = h("span");
  const rest = h("span", ": what would have to change?");
  const which = h("span.muted.which");
  const element = h("span", from, arrow, to, rest);
  return {
    element,
    which,
    draw() {
      const entry = traits.entries[shown.place];
      const [one, other] = entry ? direction(entry, traits.labels) : ["", ""];
      setText(from, one);
      setText(arrow, entry ? " → " : "");
      setText(to, other);
      setText(rest, entry ? ": what would have to change?" : "What would have to change?");
      const truth = entry && entry.truth >= 0 ? `, true class ${className(traits.labels, entry.truth)}` : "";
      setText(which, shown.place < 0 ? "" : `image ${shown.place + 1} of ${traits.total}${truth}`);
    },
  };
}
