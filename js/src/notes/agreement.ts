import { h, setText } from "../shared/dom";
import { probability } from "../shared/format";
import type { NotesFrame, Pair } from "./traits";

const signed = (value: number | null | undefined) =>
  value === null || value === undefined ? "–" : `${value < 0 ? "−" : ""}${probability(Math.abs(value), 2)}`;

/** "Do they agree?": each pair of explanations, beside chance and beside a random network. */
export function createAgreement({ traits }: NotesFrame) {
  const head = h("tr");
  const body = h("tbody");
  const table = h("table.agree-table", h("thead", head), body);
  const says = h("p.muted.agree-says");
  let drawn: unknown;

  const cell = (one: Pair["measures"][number] | undefined) => {
    if (!one || one.value === null) return h("td.muted", "–");
    const sign = one.ok === null ? "" : one.ok ? "✓" : "✗";
    const spoken = one.ok === null ? "" : one.ok ? "agree: " : "do not agree: ";
    const beside = [`chance ≤ ${signed(one.chance)}`];
    if (one.randomised !== null) beside.push(`random ${signed(one.randomised)}`);
    return h(
      "td",
      { title: one.meaning, "data-ok": String(one.ok) },
      h("span.agree-sign", { "aria-hidden": "true" }, sign),
      h("span.unseen", spoken),
      h("span.number.agree-value", signed(one.value)),
      h("span.muted.number", ` ${beside.join(" · ")}`),
    );
  };
  return {
    element: h("section.agree", { "aria-label": "Do they agree?" }, says, table),
    draw() {
      setText(says, traits.agreement_says);
      says.hidden = traits.agreement_says === "";
      table.hidden = traits.agreement.length === 0;
      if (drawn === traits.agreement) return;
      drawn = traits.agreement;
      head.replaceChildren(
        h("th", { scope: "col" }, h("span.unseen", "pair")),
        ...traits.measured.map((name) => h("th", { scope: "col" }, name)),
      );
      body.replaceChildren(
        ...traits.agreement.map(({ first, second, measures }) =>
          h(
            "tr",
            h("th", { scope: "row" }, `${first} · ${second}`),
            ...measures.map((one) => cell(one ?? undefined)),
          ),
        ),
      );
    },
  };
}
