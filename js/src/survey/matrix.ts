import { h, setAttribute, setText } from "../shared/dom";
import { count } from "../shared/format";
import { createRoving } from "../shared/roving";
import type { Look } from "./look";
import { confusion } from "./order";
import type { SurveyFrame } from "./traits";
import { cellName } from "./words";

/** Classes at most that make a matrix; of more, the pairs that are confused most often are listed. */
export const MOST = 20;
const [LARGEST, SMALLEST, READABLE] = [26, 13, 17];

/** The confusion matrix: rows are true classes, columns predicted ones, and each cell is a filter. */
export function createMatrix(frame: SurveyFrame, look: Look) {
  const { scope, traits } = frame;
  const element = h("div.matrix", {
    role: "grid",
    "aria-label": "Confusion matrix: rows are true, columns predicted classes",
  });
  let items: { element: HTMLElement; truth: number; prediction: number }[] = [];
  let built = "";
  let drawn: unknown;

  const roving = createRoving(scope, element, () => items.map((item) => item.element), {
    ArrowLeft: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    ArrowUp: (at) => (at - across() < 0 ? at : at - across()),
    ArrowDown: (at, last) => (at + across() > last ? at : at + across()),
    Home: (at) => at - (at % across()),
    End: (at, last) => Math.min(last, at - (at % across()) + across() - 1),
    PageUp: (at) => at % across(),
    PageDown: (at, last) => last - ((across() - 1 - (at % across())) % across()),
  });
  const across = () => traits.labels.length + 1;
  const itemOf = (target: EventTarget | null) => items.find((item) => item.element.contains(target as Node));
  scope.on(element, "click", (event) => {
    const item = itemOf(event.target);
    if (item) look.toggle(item.truth, item.prediction, event.timeStamp);
  });
  scope.on(element, "keydown", (event) => {
    const item = itemOf(event.target);
    if (!item || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    look.toggle(item.truth, item.prediction, event.timeStamp);
  });

  const build = () => {
    const { labels } = traits;
    const key = labels.join("\n");
    if (key === built) return;
    built = key;
    drawn = null;
    items = [];
    const item = (tag: string, role: string, truth: number, prediction: number, text = "") => {
      const cell = h(`div.${tag}`, { role, tabindex: -1 }, ...(text ? [h("span", text)] : []));
      items.push({ element: cell, truth, prediction });
      return cell;
    };
    const indices = labels.map((_, i) => i);
    element.replaceChildren(
      ...indices.map((row) =>
        h(
          "div.row",
          { role: "row" },
          item("row-name", "rowheader", row, -1, look.name(row)),
          ...indices.map((column) =>
            item(row === column ? "cell.diagonal" : "cell", "gridcell", row, column, " "),
          ),
        ),
      ),
      h(
        "div.row",
        { role: "row" },
        item("corner", "gridcell", -1, -1),
        ...indices.map((column) => item("column-name", "columnheader", -1, column, look.name(column))),
      ),
    );
    const longest = Math.max(0, ...labels.map((label) => label.length));
    setAttribute(element, "data-long", longest > 2 && "");
    element.style.setProperty("--c-classes", String(labels.length));
    roving.lead();
  };
  return {
    element,
    draw(shown: boolean) {
      element.hidden = !shown;
      const { table } = look;
      if (!shown || !table) return;
      build();
      if (drawn !== table) {
        drawn = table;
        const classes = traits.labels.length;
        const counts = confusion(table, classes);
        const sums = Array.from({ length: classes }, (_, row) =>
          counts.subarray(row * classes, (row + 1) * classes).reduce((sum, n) => sum + n, 0),
        );
        let worst = 1;
        counts.forEach((n, i) => {
          if (i % (classes + 1) !== 0) worst = Math.max(worst, n);
        });
        for (const { element: cell, truth, prediction } of items) {
          if (truth < 0 || prediction < 0) {
            const of = truth < 0 ? prediction : truth;
            if (of >= 0) cell.title = cellName(look.name, truth, prediction);
            else cell.title = "all pictures";
            continue;
          }
          const n = counts[truth * classes + prediction]!;
          const share = truth === prediction ? n / Math.max(1, sums[truth]!) : Math.sqrt(n / worst);
          setText(cell.firstElementChild!, n > 0 ? short(n) : "");
          cell.style.setProperty("--c-much", n === 0 ? "0" : (0.15 + 0.85 * share).toFixed(2));
          setAttribute(cell, "data-empty", n === 0 && "");
          const words = `${cellName(look.name, truth, prediction)}: ${count(n)} of ${count(sums[truth]!)}`;
          cell.title = words;
          setAttribute(cell, "aria-label", words);
        }
      }
      const { truth, prediction } = look.filters;
      for (const item of items) {
        const on = item.truth === truth && item.prediction === prediction && truth + prediction > -2;
        setAttribute(item.element, "aria-selected", String(on));
      }
    },
    /** Fits the cells into a room, in CSS pixels. */
    resize(room: number) {
      const classes = Math.max(1, traits.labels.length);
      const names = element.hasAttribute("data-long") ? 76 : 22;
      const cell = Math.max(SMALLEST, Math.min(LARGEST, Math.floor((room - names) / classes)));
      element.style.setProperty("--c-cell", `${cell}px`);
      element.style.setProperty("--c-names", `${names}px`);
      setAttribute(element, "data-bare", cell < READABLE && "");
    },
  };
}

/** A count that fits into a cell: "12", "999", "1k", "12k". */
function short(n: number): string {
  return n < 1000 ? String(n) : `${Math.round(n / 1000)}k`;
}
