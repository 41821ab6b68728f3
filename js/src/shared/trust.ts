import { h, UNHEARD } from "./dom";
import type { TrustRow } from "./traits";

/** Whether a measure is as it should be: a sign for the eye, a word for the ear, nothing where it cannot tell. */
function mark(ok: boolean | null) {
  if (ok === null) return h("span.trust-mark");
  const sign = h("span", UNHEARD, ok ? "✓" : "✗");
  const word = h("span.unseen", ok ? "in order: " : "not in order: ");
  return h("span.trust-mark", { "data-ok": String(ok) }, sign, word);
}

/** "How far to trust it": measures of an explanation, each with what it should be compared with. */
export function createTrust(later = "measured when the run has ended") {
  const body = h("tbody");
  const table = h("table.trust-table", h("caption", "How far to trust it"), body);
  const wait = h("p.muted.trust-later", later);
  const element = h("div.trust", table, wait);
  let drawn: readonly TrustRow[] = [];
  return {
    element,
    update(rows: readonly TrustRow[], running: boolean) {
      element.hidden = rows.length === 0 && !running;
      wait.hidden = rows.length > 0;
      if (rows === drawn) return;
      drawn = rows;
      body.replaceChildren(
        ...rows.map(({ name, value, note, help, ok }) => {
          return h(
            "tr",
            h(
              "th",
              { scope: "row" },
              mark(ok),
              h("span", { title: help || false, "aria-description": help || false }, name),
            ),
            h("td.number", value),
            h("td.muted", note),
          );
        }),
      );
    },
  };
}
