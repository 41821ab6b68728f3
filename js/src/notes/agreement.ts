import { h, setText } from "../shared/dom";
import type { NotesFrame, Pair } from "./traits";

/** ".61", "−.20", ".00": two digits with the sign that they leave. */
function signed(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const digits = Math.abs(value).toFixed(2).replace(/^0/, "");
  return value < 0 && digits !== ".00" ? `−${digits}` : digits;
}
/** The names of methods are those of Python: "grad_cam". */
const plain = (name: string) => name.replaceAll("_", " ");

/** What stands beside each value, and what it is. */
const BESIDE = {
  chance: ["chance ≤", "the most that maps of the same picture give that were moved"],
  randomised: ["random", "with a network of random weights"],
} as const;

/** "Do they agree?": each pair of explanations, beside chance and beside a random network. */
export function createAgreement({ traits }: NotesFrame) {
  const measures = h("tr");
  const columns = h("tr.agree-columns");
  const body = h("tbody");
  const table = h("table.agree-table", h("thead.agree-head", measures, columns), body);
  const says = h("p.muted.agree-says");
  let drawn: unknown;

  const cells = (one: Pair["measures"][number] | undefined) => {
    const ok = one?.ok ?? null;
    const words = ok === null ? "" : ok ? "agree: " : "do not agree: ";
    const value = h(
      "td.number.agree-value",
      { title: one?.meaning ?? "", "data-ok": String(ok) },
      h("span.agree-sign", { "aria-hidden": "true" }, ok === null ? "" : ok ? "✓" : "✗"),
      h("span.unseen", words),
      signed(one?.value),
    );
    return [value, h("td.number.muted", signed(one?.chance)), h("td.number.muted", signed(one?.randomised))];
  };
  return {
    element: h("section.agree", { "aria-label": "Do they agree?" }, says, table),
    draw() {
      setText(says, traits.agreement_says);
      says.hidden = traits.agreement_says === "";
      table.hidden = traits.agreement.length === 0;
      if (drawn === traits.agreement) return;
      drawn = traits.agreement;
      const names = traits.measured;
      measures.replaceChildren(
        h("td", { rowspan: 2 }),
        ...names.map((name) => h("th", { scope: "colgroup", colspan: 3 }, name)),
      );
      columns.replaceChildren(
        ...names.flatMap(() => [
          h("td"),
          ...Object.values(BESIDE).map(([text, title]) => h("th", { scope: "col", title }, text)),
        ]),
      );
      body.replaceChildren(
        ...traits.agreement.map(({ first, second, measures }) =>
          h(
            "tr",
            h("th", { scope: "row" }, `${plain(first)} · ${plain(second)}`),
            ...measures.flatMap((one) => cells(one ?? undefined)),
          ),
        ),
      );
    },
  };
}
