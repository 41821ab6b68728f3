import { h, setText } from "../shared/dom";
import { count, probability } from "../shared/format";
import type { Look } from "./look";
import { pictureName } from "./words";

/** What is known of one picture, in a line. */
export function createDetail(look: Look) {
  const number = h("b.number");
  const words = h("span");
  const figures = h("span.muted.number");
  const path = h("span.muted.ellipsis");
  return {
    element: h("p.detail", number, words, figures, path),
    paint(picture: number) {
      const { table } = look;
      const there = table !== null && picture >= 0;
      setText(number, there ? `#${picture}` : "");
      setText(words, there ? pictureName(table, picture, look.name) : "");
      const loss = there ? table.loss(picture) : null;
      const parts = there
        ? [
            loss === null ? "" : `loss ${loss.toFixed(2)}`,
            `margin ${probability(table.margin(picture), 2)}`,
            `entropy ${table.entropy(picture).toFixed(2)}`,
            table.second
              ? `second: ${look.name(table.second[picture]!)} (${probability(table.secondConfidence(picture), 2)})`
              : "",
          ]
        : [];
      setText(figures, parts.filter(Boolean).join(" · "));
      setText(path, (there && look.paths[picture]) || "");
    },
  };
}

/** Pictures that cannot be used, folded. */
export function createSkipped(look: Look) {
  const summary = h("summary");
  const list = h("ul.list.skipped");
  const element = h("details.details", summary, list);
  let drawn: unknown;
  return {
    element,
    draw() {
      const { skipped, skipped_count } = look.frame.traits;
      element.hidden = skipped_count === 0;
      if (skipped === drawn) return;
      drawn = skipped;
      const one = skipped_count === 1;
      setText(summary, `${count(skipped_count)} ${one ? "picture" : "pictures"} could not be used`);
      const more = skipped_count - skipped.length;
      list.replaceChildren(
        ...skipped.map(({ number, path, why }) =>
          h("li", h("b.number", `#${number}`), ` ${path ? `${path}: ` : ""}${why}`),
        ),
        ...(more > 0 ? [h("li.muted", `and ${count(more)} more: see result.skipped_frame()`)] : []),
      );
    },
  };
}
