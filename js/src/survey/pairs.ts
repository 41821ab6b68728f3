import { h, setAttribute, setText } from "../shared/dom";
import { count } from "../shared/format";
import { createRoving } from "../shared/roving";
import type { Look } from "./look";
import { mostPredicted, type Pair, worstPairs } from "./order";
import type { SurveyFrame } from "./traits";
import { cellName } from "./words";

const MOST = 60;

/** Of many classes the pairs that are confused most often; without labels, what is predicted most often. */
export function createPairs(frame: SurveyFrame, look: Look) {
  const { scope, traits } = frame;
  const heading = h("p.heading");
  const list = h("ul.list.pairs");
  const none = h("p.muted");
  const element = h("div.pairs-box", heading, list, none);
  let rows: { element: HTMLButtonElement; pair: Pair }[] = [];
  let drawn: unknown;
  const roving = createRoving(scope, list, () => rows.map((row) => row.element), {
    ArrowUp: (at) => at - 1,
    ArrowDown: (at) => at + 1,
    PageUp: (at) => at - 10,
    PageDown: (at) => at + 10,
    Home: () => 0,
    End: (_, last) => last,
  });
  scope.on(list, "click", (event) => {
    const row = rows.find(({ element }) => element.contains(event.target as Node));
    if (row) look.toggle(row.pair.truth, row.pair.prediction, event.timeStamp);
  });
  const build = (pairs: readonly Pair[]) => {
    const most = pairs[0]?.count ?? 1;
    const focused = rows.findIndex((row) => row.element.matches(":focus"));
    rows = pairs.map((pair) => {
      const name = cellName(look.name, pair.truth, pair.prediction);
      const words = pair.truth < 0 ? look.name(pair.prediction) : name;
      const share = `${(100 * pair.share).toFixed(pair.share < 0.1 ? 1 : 0)} %`;
      const bar = h("i.pair-bar", { "aria-hidden": "true" });
      bar.style.width = `${(100 * pair.count) / most}%`;
      const title =
        pair.truth < 0
          ? `${words}: ${count(pair.count)} pictures`
          : `${name}: ${count(pair.count)} pictures, ${share} of this class`;
      const button = h(
        "button.pair",
        { title },
        bar,
        h("span.ellipsis", words),
        h("span.number", count(pair.count)),
        h("span.number.muted", share),
      );
      return { element: button, pair };
    });
    list.replaceChildren(...rows.map(({ element }) => h("li", element)));
    setAttribute(list, "data-known", traits.labelled && "");
    roving.lead(rows[focused]?.element);
    rows[focused]?.element.focus();
  };
  return {
    element,
    draw(shown: boolean) {
      element.hidden = !shown;
      const { table } = look;
      if (!shown || !table) return;
      if (drawn !== table) {
        drawn = table;
        const pairs = traits.labelled
          ? worstPairs(table, Math.max(1, traits.labels.length), MOST)
          : mostPredicted(table, MOST);
        setText(heading, traits.labelled ? "Confused most often" : "Predicted most often");
        setText(none, pairs.length === 0 ? "no errors" : "");
        build(pairs);
      }
      const { truth, prediction } = look.filters;
      for (const { element: row, pair } of rows)
        setAttribute(row, "aria-pressed", String(pair.truth === truth && pair.prediction === prediction));
    },
  };
}
