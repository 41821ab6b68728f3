import { createButton } from "../shared/button";
import { h, setAttribute } from "../shared/dom";
import type { Scope } from "../shared/scope";
import { MODES, type Mode } from "./painter";

const MODE_TITLES: Record<Mode, string> = {
  dim: "hidden superpixels darkened",
  hide: "exactly what the model sees",
  outline: "the whole picture, the shown part outlined",
  heat: "how much each superpixel matters",
};

/** The edits of the mask that a button makes. */
export const EDITS = ["best", "all", "none", "invert", "undo"] as const;
export type Edit = (typeof EDITS)[number];

const EDIT_TITLES: Record<Edit, string> = {
  best: "follow the best answer of the search",
  all: "show every superpixel",
  none: "hide every superpixel",
  invert: "swap shown and hidden",
  undo: "take the last edit back (Ctrl+Z)",
};

export interface ControlsState {
  mode: Mode;
  heat: boolean;
  /** Whether the best answer is shown, whatever it will be. */
  following: boolean;
  enabled: Record<Edit, boolean>;
}

/** The buttons under the stage: how it is drawn, and edits of the whole mask. */
export function createControls(scope: Scope, setMode: (mode: Mode) => void, edit: (edit: Edit) => void) {
  const modes = new Map(
    MODES.map((mode) => [mode, createButton(scope, MODE_TITLES[mode], () => setMode(mode), mode)]),
  );
  const edits = new Map(
    EDITS.map((name) => [name, createButton(scope, EDIT_TITLES[name], () => edit(name), name)]),
  );
  const legend = h(
    "div",
    { class: "cfw-legend cfw-muted cfw-number", role: "img", "aria-label": "importance from 0 to 1" },
    "importance 0",
    h("i"),
    "1",
  );
  const element = h(
    "div",
    { class: "cfw-controls" },
    h(
      "div",
      { class: "cfw-views" },
      h("div", { class: "cfw-segmented", role: "group", "aria-label": "View" }, ...modes.values()),
      legend,
    ),
    h("div", { class: "cfw-edits", role: "group", "aria-label": "Edit" }, ...edits.values()),
  );
  return {
    element,
    update({ mode, heat, following, enabled }: ControlsState) {
      for (const [name, element] of modes) setAttribute(element, "aria-pressed", String(name === mode));
      setAttribute(modes.get("heat")!, "aria-disabled", !heat && "true");
      setAttribute(edits.get("best")!, "aria-pressed", String(following));
      legend.classList.toggle("cfw-invisible", mode !== "heat");
      for (const [name, element] of edits) setAttribute(element, "aria-disabled", !enabled[name] && "true");
    },
  };
}
