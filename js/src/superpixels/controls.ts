import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute } from "../shared/dom";
import { createSlider } from "../shared/slider";
import type { Editor } from "./editor";
import { inverted, mostImportant, shownCount } from "./masks";
import type { Mode } from "./painter";
import type { SuperpixelFrame } from "./traits";

const MODES: Record<Mode, [text: string, title: string]> = {
  dim: ["dim", "hidden superpixels darkened"],
  hide: ["hide", "exactly what the model sees"],
  outline: ["outline", "the whole picture, the shown part outlined"],
  heat: ["heat", "the importance of each superpixel"],
};

/** The edits of the mask that a button makes. */
const EDITS: Record<string, [title: string, edit: (editor: Editor) => void]> = {
  best: ["follow the superpixels found", (editor) => editor.follow()],
  all: ["show every superpixel", (editor) => editor.edit(editor.mask.map(() => 1))],
  none: ["hide every superpixel", (editor) => editor.edit(editor.mask.map(() => 0))],
  invert: ["swap shown and hidden", (editor) => editor.edit(inverted(editor.mask))],
  undo: ["take the last edit back (Ctrl+Z)", (editor) => editor.undo()],
};

/** Under the stage: how it is drawn, edits of the whole mask, and how many of the most important are shown. */
export function createControls(
  { scope, traits }: SuperpixelFrame,
  editor: Editor,
  setMode: (mode: Mode) => void,
) {
  const modes = createChoice(scope, "View", MODES, setMode);
  const edits = new Map(
    Object.entries(EDITS).map(([name, [title, edit]]) => [
      name,
      createButton(scope, title, () => edit(editor), name),
    ]),
  );
  const legend = h(
    "div.cfw-legend.cfw-muted.cfw-number",
    { role: "img", "aria-label": "importance from 0 to 1" },
    "importance 0",
    h("i"),
    "1",
  );
  const top = createSlider(
    scope,
    "most important",
    "show the k most important superpixels",
    (k, first) => {
      if (first) editor.begin();
      editor.edit(mostImportant(traits.importance, k));
    },
    () => editor.end(),
  );
  const drawModes = (mode: Mode) => {
    modes.update(mode);
    setAttribute(modes.buttons.get("heat")!, "aria-disabled", traits.importance.length === 0 && "true");
    legend.classList.toggle("cfw-invisible", mode !== "heat");
  };
  const drawEdits = (ready: boolean) => {
    const possible = (name: string) =>
      ready && (name !== "best" || traits.best.length > 0) && (name !== "undo" || editor.edits > 0);
    for (const [name, button] of edits) setAttribute(button, "aria-disabled", !possible(name) && "true");
    setAttribute(edits.get("best")!, "aria-pressed", String(editor.following));
  };
  const drawTop = (ready: boolean) => {
    const [all, shown] = [editor.mask.length, shownCount(editor.mask)];
    const known = ready && traits.importance.length === all;
    top.update(shown, Math.max(1, all), all > 0 ? `${shown} of ${all}` : "", !known);
  };
  return {
    elements: [
      h(
        "div.cfw-controls",
        h("div.cfw-views", modes.element, legend),
        h("div.cfw-edits", { role: "group", "aria-label": "Edit" }, ...edits.values()),
      ),
      top.element,
    ],
    /** `ready`: the superpixels are known. */
    draw(mode: Mode, ready: boolean) {
      drawModes(mode);
      drawEdits(ready);
      drawTop(ready);
    },
  };
}
