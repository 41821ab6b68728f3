import { createButton } from "../shared/button";
import { createCopy } from "../shared/copy";
import { h, setAttribute, setText } from "../shared/dom";
import { throttle } from "../shared/throttle";
import type { NotesFrame } from "./traits";
import { count, saved, UNSAVED, when } from "./words";

/** The kernel hears of a note that is being written at most this often, in ms. */
const SAVE_EVERY = 300;

/** The note, the buttons to keep the case and to copy it as code, and the kept cases. */
export function createNotebook(frame: NotesFrame) {
  const { scope, traits } = frame;
  const field = h("textarea.note", {
    rows: 2,
    placeholder: "a note on this case …",
    "aria-label": "A note on this case",
    "data-asks": true,
  });
  const save = throttle(() => frame.save({ note: field.value }), SAVE_EVERY);
  scope.defer(() => save.flush());
  scope.on(field, "input", save);
  const keep = createButton(
    scope,
    "keep what was asked, clicked and found, with the note",
    () => {
      save.flush();
      frame.send({ kind: "keep" });
    },
    "keep",
  );
  const ask = createButton(
    scope,
    "the lines of Python that show this again",
    () => frame.send({ kind: "code" }),
    "copy as code",
  );
  for (const button of [keep, ask]) setAttribute(button, "data-asks", true);
  const code = h("pre.code", { tabindex: 0, "aria-label": "The case as code" });
  const copy = createCopy(scope, () => code.textContent ?? "", "copied");
  const shown = h("div.code-box", { hidden: true }, copy.element, code);
  const file = h("p.muted.note-file");
  const rows = h("ul.list.kept");
  const heading = h("div.heading");
  let asked: number | undefined;
  let drawn: unknown;

  return {
    element: h(
      "section.notebook",
      { "aria-label": "Kept cases" },
      h("div.note-row", field, keep, ask),
      shown,
      heading,
      rows,
      file,
    ),
    draw() {
      const { note, number, kept, saved_as } = traits;
      const none = number < 0;
      // What is being written is newer than what comes back.
      if (!save.pending && field.value !== note && !field.matches(":focus")) field.value = note;
      for (const one of [keep, ask]) setAttribute(one, "aria-disabled", none && "true");
      const has = kept.some((one) => one.number === number);
      setText(keep, has ? "keep again" : "keep");
      const now = traits.code;
      if (asked !== undefined && now && now.asked > asked) {
        setText(code, now.text);
        shown.hidden = false;
        void copy.copy();
      }
      asked = now?.asked ?? 0;
      if (!now) shown.hidden = true;
      setText(heading, count(kept.length, traits.travels));
      heading.hidden = kept.length === 0;
      setText(file, saved_as === "" ? UNSAVED : saved(saved_as));
      file.hidden = traits.travels || (kept.length === 0 && saved_as === "");
      if (drawn !== kept) {
        drawn = kept;
        rows.replaceChildren(
          ...kept.map((one) => {
            const open = createButton(scope, `open again: ${one.explainers}`, () =>
              frame.send({ kind: "open", number: one.number }),
            );
            open.append(
              h("span.kept-question.ellipsis", one.question),
              h("span.kept-note.muted.ellipsis", one.note),
              h("span.muted.number", when(one.at)),
            );
            open.classList.add("cfw-kept-open");
            setAttribute(open, "data-asks", !traits.travels && "open");
            setAttribute(open, "data-number", one.number);
            return h("li", open);
          }),
        );
      }
      for (const open of rows.querySelectorAll(".cfw-kept-open"))
        setAttribute(open, "aria-current", open.getAttribute("data-number") === String(number) && "true");
    },
  };
}
