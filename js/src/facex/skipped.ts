import { h, setText } from "../shared/dom";
import type { FaceXFrame } from "./traits";
import * as words from "./words";

/** The number of faces that could not be used; on demand each with the reason. */
export function createSkipped({ traits }: FaceXFrame) {
  const sum = h("summary");
  const list = h("ul.list.skipped-list");
  const element = h("details.skipped.muted", sum, list);
  let drawn: unknown;
  return {
    element,
    draw() {
      const { skipped } = traits;
      element.hidden = !skipped?.count;
      if (!skipped || skipped === drawn) return;
      drawn = skipped;
      setText(sum, words.skipped(skipped));
      const lines = skipped.faces.map(([face, why]) => `face ${face}: ${why}`);
      const more = skipped.count - lines.length;
      if (more > 0) lines.push(words.andMore(more));
      list.replaceChildren(...lines.map((line) => h("li", line)));
    },
  };
}
