/** The foot of an open case: do its explainers agree, a note, the kept cases, the case as code. */
import { h, setAttribute } from "../shared/dom";
import { defineView } from "../shared/view";
import { createAgreement } from "./agreement";
import { createNotebook } from "./notebook";
import { type NotesFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "notes",
  label: "Agreement and notes",
  traits,
  alone: "what was found and kept is still here",
  alive: ["kept", "code"],
  build,
});

function build(frame: NotesFrame) {
  const { root, traits } = frame;
  const agreement = createAgreement(frame);
  const notebook = createNotebook(frame);
  return {
    question: ["Do they agree?"],
    body: [h("div.notes-body", agreement.element, notebook.element)],
    status: () => ({ help: words.HELP, kept: "" }),
    draw: [
      agreement.draw,
      notebook.draw,
      () => {
        setAttribute(root, "data-ready", "1");
        setAttribute(root, "data-number", traits.number);
        setAttribute(root, "data-kept", traits.kept.length);
        setAttribute(root, "data-pairs", traits.agreement.length);
        root.hidden = traits.number < 0 && traits.kept.length === 0;
      },
    ],
  };
}
