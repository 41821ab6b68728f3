import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute } from "../shared/dom";
import { createSlider } from "../shared/slider";
import type { Editor } from "./editor";
import { inverted, maskOf, shownCount } from "./masks";
import type { Mode } from "./painter";
import type { SuperpixelFrame, Traits } from "./traits";

const MODES: Record<Mode, [text: string, title: string]> = {
  dim: ["dim", "hidden superpixels darkened"],
  hide: ["hide", "exactly what the model sees"],
  outline: ["outline", "the whole picture, the shown part outlined"],
  heat: ["heat", "what speaks for the class, and what against it"],
};

/** The edits of the mask that a button makes. */
const EDITS: Record<string, [title: string, edit: (editor: Editor, traits: Traits) => void]> = {
  smallest: ["as few as keep nine tenths of the best", (editor) => editor.follow()],
  best: [
    "the best superpixels found",
    (editor, { best, smallest }) => {
      if (smallest.length === 0) editor.follow();
      else editor.edit(maskOf(best, editor.mask.length));
    },
  ],
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
      createButton(scope, title, () => edit(editor, traits), name),
    ]),
  );
  const legend = h(
    "div.legend.muted.number",
    { role: "img", "aria-label": "importance, from against the class to for it" },
    "against",
    h("i"),
    "for",
  );
  const top = createSlider(
    scope,
    "most important",
    "show the k most important superpixels",
    (k, first) => {
      if (first) editor.begin();
      editor.edit(maskOf(traits.order.slice(0, k), editor.mask.length));
    },
    () => editor.end(),
  );
  const drawModes = (mode: Mode) => {
    modes.update(mode);
    setAttribute(modes.buttons.get("heat")!, "aria-disabled", traits.importance.length === 0 && "true");
    legend.classList.toggle("cfw-invisible", mode !== "heat");
  };
  const drawEdits = (ready: boolean) => {
    const small = traits.smallest.length > 0;
    const there: Record<string, boolean> = {
      smallest: small,
      best: traits.best.length > 0,
      undo: editor.edits > 0,
    };
    const possible = (name: string) => ready && (there[name] ?? true);
    for (const [name, button] of edits) setAttribute(button, "aria-disabled", !possible(name) && "true");
    setAttribute(edits.get("smallest")!, "aria-pressed", String(editor.following && small));
    setAttribute(edits.get("best")!, "aria-pressed", String(editor.following && !small));
  };
  const drawTop = (ready: boolean) => {
    const [all, shown] = [editor.mask.length, shownCount(editor.mask)];
    const known = ready && traits.order.length === all;
    top.update(shown, Math.max(1, all), all > 0 ? `${shown} of ${all}` : "", !known);
  };
  return {
    elements: [
      h(
        "div.controls",
        h("div.views", modes.element, legend),
        h("div.edits", { role: "group", "aria-label": "Edit" }, ...edits.values()),
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
