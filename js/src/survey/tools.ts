import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute, setText } from "../shared/dom";
import { count } from "../shared/format";
import { throttle } from "../shared/throttle";
import type { Look } from "./look";
import { CHANGES, type SurveyFrame } from "./traits";
import { CHANGED, cellName, SORTING } from "./words";

/** The kernel and the gallery follow what is typed at most this often, in ms. */
const EVERY = 80;

/** The order of the gallery and its filters, and how many pictures pass them. */
export function createTools(frame: SurveyFrame, look: Look) {
  const { scope, traits } = frame;
  const sorts = createChoice(scope, "sort by", SORTING, (sort) => look.change({ sort }));
  const chip = (name: string, title: string, clicked: () => void) => {
    const number = h("span.number.muted");
    const button = createButton(scope, title, clicked, h("span", name), number);
    button.classList.add("cfw-chip");
    return { button, number };
  };
  const wrong = chip("wrong", "only pictures whose true class is not predicted", () =>
    look.change({ wrong: !look.filters.wrong }),
  );
  const unsure = chip("unsure", "only pictures whose two likeliest classes are less than .20 apart", () =>
    look.change({ unsure: !look.filters.unsure }),
  );
  const changes = CHANGES.map((change) => ({
    change,
    ...chip(...CHANGED[change], () => look.change({ change: look.filters.change === change ? "" : change })),
  }));
  const cell = createButton(scope, "show all classes again", () =>
    look.change({ truth: -1, prediction: -1 }),
  );
  cell.classList.add("cfw-chip");
  const search = h("input.search", {
    ...{ type: "search", placeholder: "in the path", "aria-label": "text in the path" },
    ...{ autocomplete: "off", spellcheck: "false" },
  });
  const type = throttle(() => look.change({ text: search.value.slice(0, 200) }), EVERY);
  scope.on(search, "input", type);
  scope.defer(() => type.flush());
  const shown = h("p.shown.muted.number", { role: "status" });
  let counted: unknown;
  let answered = 0;

  return {
    sorts: h("div.tools", h("span.muted", { "aria-hidden": "true" }, "sort"), sorts.element, shown),
    chips: h("div.chips", wrong.button, unsure.button, ...changes.map(({ button }) => button), cell, search),
    draw() {
      const { table, filters } = look;
      sorts.update(filters.sort);
      if (table && table !== counted) {
        counted = table;
        answered = 0;
        const numbers = { wrong: 0, unsure: 0, changes: new Map<string, number>() };
        for (let i = 0; i < table.count; i++) {
          if (!table.isAnswered(i)) continue;
          answered++;
          numbers.wrong += Number(table.isWrong(i));
          numbers.unsure += Number(table.isUnsure(i));
          const change = table.change(i);
          if (change) numbers.changes.set(change, (numbers.changes.get(change) ?? 0) + 1);
        }
        setText(wrong.number, count(numbers.wrong));
        setText(unsure.number, count(numbers.unsure));
        for (const { change, button, number } of changes) {
          const n = numbers.changes.get(change) ?? 0;
          setText(number, count(n));
          button.hidden = traits.second === "" || (n === 0 && filters.change !== change);
        }
      }
      if (!table) for (const { button } of changes) button.hidden = true;
      wrong.button.hidden = !traits.labelled;
      setAttribute(wrong.button, "aria-pressed", String(filters.wrong));
      setAttribute(unsure.button, "aria-pressed", String(filters.unsure));
      for (const { change, button } of changes)
        setAttribute(button, "aria-pressed", String(filters.change === change));
      const { truth, prediction } = filters;
      cell.hidden = truth < 0 && prediction < 0;
      if (!cell.hidden) setText(cell, `${cellName(look.name, truth, prediction)} ×`);
      setAttribute(cell, "aria-pressed", "true");
      search.hidden = look.paths.length === 0;
      if (!search.matches(":focus") && search.value !== filters.text) search.value = filters.text;
      const passing = look.shown.length;
      setText(
        shown,
        passing === answered
          ? `${count(answered)} pictures`
          : `${count(passing)} of ${count(answered)} pictures`,
      );
    },
  };
}
