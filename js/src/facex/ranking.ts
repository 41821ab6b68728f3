import { focusedIn, h, setAttribute, setName, setText } from "../shared/dom";
import { createRoving } from "../shared/roving";
import type { Scope } from "../shared/scope";
import type { Look } from "./look";
import { followPointing } from "./pointing";
import type { Row } from "./rows";
import type { Scores } from "./scores";
import * as words from "./words";

/** All regions as bars, the highest first; of two models one bar below the other. */
export function createRanking(scope: Scope, scores: Scores, look: Look) {
  const list = h("ol.cfw-list.cfw-ranking-list");
  const element = h("div.cfw-ranking", h("div.cfw-heading", "All regions"), list);
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
        item.update(row);
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
  const rank = h("span.cfw-rank-number.cfw-muted.cfw-number");
  const name = h("span.cfw-rank-name.cfw-ellipsis");
  const bars = [createBar(), createBar()] as const;
  const value = h("span.cfw-rank-value.cfw-number");
  const button = h(
    "button.cfw-rank-row",
    { "data-region": region },
    rank,
    name,
    h("span.cfw-rank-bars", { "aria-hidden": "true" }, bars[0].element, bars[1].element),
    value,
  );
  return {
    element: h("li", button),
    button,
    update(row: Row) {
      const [one, two] = row.by;
      setText(rank, one?.rank ? String(one.rank) : "");
      setName(name, row.label);
      bars[1].element.hidden = row.by.length < 2;
      bars.forEach((bar, model) => {
        bar.update(row.by[model]?.ior ?? null, row.by[model]?.low ?? null, row.by[model]?.high ?? null);
      });
      const texts = (two === undefined ? [one] : [one, two]).map((entry) => words.score(entry?.ior));
      setText(value, texts.join(" · "));
    },
  };
}

function createBar() {
  const fill = h("i");
  const range = h("b");
  const element = h("span.cfw-rank-bar", fill, range);
  return {
    element,
    update(value: number | null, low: number | null, high: number | null) {
      const at = (v: number) => 100 * Math.min(1, Math.max(0, v));
      fill.hidden = value === null;
      fill.style.width = `${at(value ?? 0)}%`;
      range.hidden = low === null || high === null;
      if (low === null || high === null) return;
      range.style.left = `${at(low)}%`;
      range.style.width = `${Math.max(0, at(high) - at(low))}%`;
    },
  };
}
