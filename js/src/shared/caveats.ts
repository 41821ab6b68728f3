import { h } from "./dom";

/** Why the finding is worth little, before it: a sentence each. */
export function createCaveats() {
  const element = h("ul.list.caveats", { role: "note", "aria-label": "Caveats" });
  let drawn: readonly string[] | undefined;
  return {
    element,
    update(sentences: readonly string[]) {
      if (sentences === drawn) return;
      drawn = sentences;
      element.hidden = drawn.length === 0;
      element.replaceChildren(...drawn.map((sentence) => h("li", sentence)));
    },
  };
}
