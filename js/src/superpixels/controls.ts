import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute } from "../shared/dom";
import type { Scope } from "../shared/scope";
import type { Mode } from "./painter";

const MODES: Record<Mode, [text: string, title: string]> = {
  dim: ["dim", "hidden superpixels darkened"],
  hide: ["hide", "exactly what the model sees"],
  outline: ["outline", "the whole picture, the shown part outlined"],
  heat: ["heat", "how much each superpixel matters"],
};

/** The edits of the mask that a button makes. */
const EDITS = {
  best: "follow the best answer of the search",
  all: "show every superpixel",
  none: "hide every superpixel",
  invert: "swap shown and hidden",
  undo: "take the last edit back (Ctrl+Z)",
};
export type Edit = keyof typeof EDITS;

export interface ControlsState {
  mode: Mode;
  heat: boolean;
  /** Whether the best answer is shown, whatever it will be. */
  following: boolean;
  enabled: Record<Edit, boolean>;
}

/** The buttons under the stage: how it is drawn, and edits of the whole mask. */
export function createControls(scope: Scope, setMode: (mode: Mode) => void, edit: (edit: Edit) => void) {
  const modes = createChoice(scope, "View", MODES, setMode);
  const edits = new Map(
    (Object.keys(EDITS) as Edit[]).map((name) => [
      name,
      createButton(scope, EDITS[name], () => edit(name), name),
    ]),
  );
  const legend = h(
    "div.cfw-legend.cfw-muted.cfw-number",
    { role: "img", "aria-label": "importance from 0 to 1" },
    "importance 0",
    h("i"),
    "1",
  );
  const element = h(
    "div.cfw-controls",
    h("div.cfw-views", modes.element, legend),
    h("div.cfw-edits", { role: "group", "aria-label": "Edit" }, ...edits.values()),
  );
  return {
    element,
    update({ mode, heat, following, enabled }: ControlsState) {
      modes.update(mode);
      setAttribute(modes.buttons.get("heat")!, "aria-disabled", !heat && "true");
      setAttribute(edits.get("best")!, "aria-pressed", String(following));
      legend.classList.toggle("cfw-invisible", mode !== "heat");
      for (const [name, element] of edits) setAttribute(element, "aria-disabled", !enabled[name] && "true");
    },
  };
}
