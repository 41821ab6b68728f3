import { h } from "../shared/dom";
import type { TranslationFrame } from "./traits";

/** What limits all of the result, before it: a sentence each. */
export function createCaveats({ traits }: TranslationFrame) {
  const element = h("ul.cfw-list.cfw-caveats", { role: "note", "aria-label": "Caveats" });
  let drawn: readonly string[] | undefined;
  return {
    element,
    draw() {
      if (traits.caveats === drawn) return;
      drawn = traits.caveats;
      element.hidden = drawn.length === 0;
      element.replaceChildren(...drawn.map((sentence) => h("li", sentence)));
    },
  };
}
