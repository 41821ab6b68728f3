import { h, setText } from "../shared/dom";
import type { Skipped } from "./traits";
import * as words from "./words";

/** How many faces could not be used; on demand which, and why. */
export function createSkipped() {
  const sum = h("summary");
  const list = h("ul.cfw-skipped-list");
  const element = h("details.cfw-skipped.cfw-muted", sum, list);
  let drawn = "";
  return {
    element,
    update(skipped: Skipped | null) {
      element.hidden = !skipped;
      const key = JSON.stringify(skipped);
      if (!skipped || key === drawn) return;
      drawn = key;
      setText(sum, words.skipped(skipped));
      const lines = skipped.faces.map(([face, why]) => `face ${face}: ${why}`);
      const more = skipped.count - lines.length;
      if (more > 0) lines.push(words.andMore(more));
      list.replaceChildren(...lines.map((line) => h("li", line)));
    },
  };
}
