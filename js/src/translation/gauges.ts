import { h, setAttribute, setName, setText } from "../shared/dom";
import { className, probability } from "../shared/format";
import type { Traits } from "./traits";

/** So many classes, the likeliest, and always those that matter. */
const MOST = 6;

export interface Column {
  title: string;
  answer: readonly number[];
}

/** Which classes to show: those of the decision, the painted one last, of many others the likeliest. */
export function classesOf(columns: readonly Column[], target: number, painted: number): number[] {
  const count = Math.max(0, ...columns.map(({ answer }) => answer.length));
  const most = (index: number) => Math.max(...columns.map(({ answer }) => answer[index] ?? 0));
  const real = Array.from({ length: count }, (_, index) => index).filter((index) => index !== painted);
  const kept = [...real].sort((a, b) => Number(b === target) - Number(a === target) || most(b) - most(a));
  const shown = new Set(kept.slice(0, MOST));
  const known = columns.some(({ answer }) => Number.isFinite(answer[painted]));
  return [...real.filter((index) => shown.has(index)), ...(known ? [painted] : [])];
}

/** Probabilities of the classes, a column for each picture: a gauge each. */
export function createGauges(label: string) {
  const element = h("table.gauges", { "aria-label": label });
  let drawn = "";
  return {
    element,
    update(
      columns: readonly Column[],
      { labels, target, painted }: Pick<Traits, "labels" | "target" | "painted">,
    ) {
      const now = JSON.stringify([columns, labels, target, painted]);
      if (now === drawn) return;
      drawn = now;
      const head = h("tr", h("td"), ...columns.map(({ title }) => named(h("th", { scope: "col" }), title)));
      const rows = classesOf(columns, target, painted).map((index) => {
        const name = named(h("th.ellipsis", { scope: "row" }), className(labels, index));
        const row = h(
          "tr",
          name,
          ...columns.map(({ answer }) => gauge(answer[index], likeliest(answer, painted) === index)),
        );
        setAttribute(row, "data-painted", index === painted && "1");
        return row;
      });
      element.replaceChildren(h("thead", head), h("tbody", ...rows));
    },
  };
}

function named<E extends HTMLElement>(element: E, text: string): E {
  setName(element, text);
  return element;
}

function gauge(p: number | undefined, predicted: boolean): HTMLElement {
  const fill = h("i");
  fill.style.width = `${100 * Math.min(1, Math.max(0, p || 0))}%`;
  const figure = h("span.number");
  setText(figure, probability(p, 2));
  const track = h("span.track", { "aria-hidden": "true" }, fill);
  track.classList.toggle("cfw-invisible", !Number.isFinite(p));
  const cell = h("td.gauge", track, figure);
  setAttribute(cell, "data-predicted", predicted && "1");
  return cell;
}

/** Of the classes of real images. */
function likeliest(answer: readonly number[], painted: number): number {
  let best = -1;
  answer.forEach((p, index) => {
    if (index !== painted && (best < 0 || p > answer[best]!)) best = index;
  });
  return best;
}
