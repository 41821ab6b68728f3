import { h, setText } from "../shared/dom";
import { probability } from "../shared/format";
import { area, iou, type Overlap, precision, recall } from "./overlap";
import { percent } from "./words";

const NAMES = ["IoU", "precision", "recall", "area"];

/** How well the region above the threshold fits the true mask; where there is none, how large it is. */
export function createScores() {
  const values = NAMES.map(() => h("span.score-value.number"));
  const cells = NAMES.map((name, i) => h("li", h("span.score-name", name), values[i]!));
  const list = h("ul.list.scores", ...cells);
  const note = h("p.muted.score-note");
  return {
    element: h("div", list, note),
    paint(overlap: Overlap | null, known: boolean, level: number) {
      const marked = overlap !== null && known && overlap.marked > 0;
      const measured = [iou, precision, recall].map((of) =>
        marked ? probability(of(overlap, level), 2) : "–",
      );
      [...measured, overlap ? percent(area(overlap, level)) : "–"].forEach((text, i) => {
        setText(values[i]!, text);
      });
      for (const cell of cells.slice(0, -1)) cell.hidden = !known;
      const words = known ? "The true mask is empty: all that is found was painted." : "";
      setText(note, marked || !overlap ? "" : words);
    },
  };
}
