import { focusedIn, h, setAttribute, setName, setText } from "../shared/dom";
import { createRoving } from "../shared/roving";
import type { Scope } from "../shared/scope";
import type { Look } from "./look";
import { followPointing } from "./pointing";
import type { Row } from "./rows";
import type { Scores } from "./scores";
import * as words from "./words";

/** All regions in numbers, attention beside effect, each with its rank; the highest first. A chart has the bars. */
export function createRanking(scope: Scope, scores: Scores, look: Look) {
  const list = h("ol.list.ranking-list");
  const head = h(
    "div.rank-head.muted",
    { "aria-hidden": "true" },
    ...["", "attention", "rank", "effect", "rank"].map((name) => h("span", name)),
  );
  const table = h("div.ranking-table", head, list);
  const element = h("details.ranking", h("summary.heading", "All regions in numbers"), table);
  const items = new Map<string, ReturnType<typeof createItem>>();
  let order: string[] = [];
  const buttons = () => order.map((name) => items.get(name)!.button);
  const roving = createRoving(scope, list, buttons, {
    ArrowUp: (at) => at - 1,
    ArrowDown: (at) => at + 1,
    PageUp: (at) => at - 5,
    PageDown: (at) => at + 5,
    Home: () => 0,
    End: (_, last) => last,
  });
  followPointing(scope, list, look);

  return {
    element,
    draw() {
      element.hidden = scores.heat === null;
      const next = scores.rows.map(({ name }) => name);
      for (const row of scores.rows) {
        let item = items.get(row.name);
        if (!item) {
          item = createItem(row.name);
          items.set(row.name, item);
        }
        item.update(row, scores.quantity === "effect");
        setAttribute(item.button, "aria-label", scores.describe(row.name));
        setAttribute(item.button, "aria-pressed", String(row.name === look.pinned));
      }
      if (next.join("\n") !== order.join("\n")) {
        const active = focusedIn(list);
        order = next;
        list.replaceChildren(...order.map((name) => items.get(name)!.element));
        // What is moved loses the focus.
        active?.focus({ preventScroll: true });
      }
      roving.lead();
    },
    paint() {
      const { shown } = look;
      for (const [name, item] of items) setAttribute(item.button, "aria-current", name === shown && "true");
    },
  };
}

function createItem(region: string) {
  const name = h("span.rank-name.ellipsis");
  const cells = [0, 1].map(() => ({
    value: h("span.rank-value.number"),
    rank: h("span.rank-number.muted.number"),
  }));
  const button = h(
    "button.rank-row",
    { "data-region": region },
    name,
    ...cells.flatMap(({ value, rank }) => [value, rank]),
  );
  return {
    element: h("li", button),
    button,
    /** `effect`: the row's first values are those of effect. */
    update({ label, by }: Row, effect: boolean) {
      setName(name, label);
      const found = by.map((entry) => [
        [entry?.ior, entry?.rank],
        [entry?.effect, entry?.effect_rank],
      ]);
      cells.forEach(({ value, rank }, cell) => {
        const place = effect ? 1 - cell : cell;
        setText(value, found.map((entry) => words.score(entry[place]![0])).join(" · "));
        setText(rank, found.map((entry) => entry[place]![1] ?? "–").join(" · "));
      });
    },
  };
}
