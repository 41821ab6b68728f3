import { h, setText } from "../shared/dom";
import type { Importance } from "./traits";
import * as words from "./words";

const MOST = 6;

/** The log-probability that each change takes from the original class, over all counterfactuals that flip the prediction. */
export function createImportance() {
  const body = h("tbody");
  const unit = h("p.muted.buys-unit");
  const column = (name: string, title: string) => h("th", { scope: "col", title }, name);
  const table = h(
    "table.buys-table",
    h(
      "thead",
      h(
        "tr.muted",
        column("ablated", "the change that is ablated, the others stay"),
        h("td"),
        column("gain", "log-probability of the original class that comes back, mean over the flips"),
        column("per unit", "the same, for each unit of change: 1 is from absent to present"),
        column("change", "mean change over the flips"),
      ),
    ),
    body,
  );
  const wait = h("p.muted.buys-later");
  const element = h("div.buys", h("div.heading", "What each change buys"), wait, unit, table);
  let drawn = "";
  return {
    element,
    update(rows: readonly Importance[], original: string, later: string) {
      element.hidden = rows.length === 0 && later === "";
      setText(wait, later);
      wait.hidden = rows.length > 0;
      unit.hidden = table.hidden = rows.length === 0;
      setText(unit, words.buys(original));
      const key = JSON.stringify(rows);
      if (key === drawn) return;
      drawn = key;
      const most = Math.max(1e-9, ...rows.map(({ success }) => Math.abs(success)));
      body.replaceChildren(
        ...rows.slice(0, MOST).map(({ name, success, per_unit, change }) => {
          const fill = h("i");
          fill.style.width = `${(100 * Math.max(0, success)) / most}%`;
          return h(
            "tr",
            { "data-attribute": name },
            h("th", { scope: "row" }, words.attribute(name)),
            h("td", { "aria-hidden": "true" }, h("div.track", fill)),
            h("td.number", words.signed(success)),
            h("td.number.muted", words.signed(per_unit)),
            h("td.number.muted", words.signed(change)),
          );
        }),
      );
    },
  };
}
