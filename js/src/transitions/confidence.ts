import { h, setText } from "../shared/dom";
import { probability } from "../shared/format";

export interface ConfidenceRow {
  name: string;
  probability: number | null;
  /** For the image: where the tick stands. */
  reference: number | null;
}

export interface ConfidenceState {
  rows: readonly [wrong: ConfidenceRow, correct: ConfidenceRow];
  /** What the phase is called, and on which side that is. */
  called: string;
  side: "wrong" | "correct" | "other";
}

/** How sure the model is of the two classes at the phase looked at. */
export function createConfidence() {
  const called = h("div.cfw-called");
  const marks = ["●", "▲"];
  const rows = (["wrong", "correct"] as const).map((side, i) => {
    const name = h("span.cfw-ellipsis");
    const fill = h("i");
    const tick = h("b");
    const value = h("span.cfw-number.cfw-confidence-value");
    const item = h(
      "li",
      { class: `cfw-confidence-row cfw-${side}` },
      h("span.cfw-confidence-name", h("span", { "aria-hidden": "true" }, marks[i]!), name),
      h("span.cfw-track", { "aria-hidden": "true" }, fill, tick),
      value,
    );
    return { item, name, fill, tick, value };
  });
  const note = h(
    "div.cfw-tick.cfw-muted",
    h("span.cfw-tick-mark", { "aria-hidden": "true" }),
    "tick: the image",
  );
  const element = h(
    "div.cfw-confidence",
    called,
    h("ul.cfw-confidence-rows", ...rows.map(({ item }) => item)),
    note,
  );
  return {
    element,
    update(now: ConfidenceState) {
      setText(called, now.called);
      called.dataset.side = now.side;
      now.rows.forEach((row, i) => {
        const { name, fill, tick, value } = rows[i]!;
        setText(name, row.name);
        fill.style.width = `${100 * (row.probability ?? 0)}%`;
        tick.hidden = row.reference === null;
        tick.style.left = `${100 * (row.reference ?? 0)}%`;
        setText(value, probability(row.probability));
      });
      note.classList.toggle(
        "cfw-invisible",
        now.rows.every((row) => row.reference === null),
      );
    },
  };
}
