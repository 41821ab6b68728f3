import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute, setText } from "../shared/dom";
import type { Scope } from "../shared/scope";
import * as words from "./words";

export type Mode = keyof typeof words.MODES;

/** Below the pair: how it is shown, and a button that shows the image in the counterfactual's place while it is held. */
export function createTools(scope: Scope, changed: () => void) {
  let mode: Mode = "pictures";
  let held = false;
  const modes = createChoice(scope, "Pictures", words.MODES, (name) => {
    mode = name;
    changed();
  });
  const hold = createButton(scope, words.HOLD, () => {}, "hold for the image");
  const grip = (now: boolean) => {
    if (held === now) return;
    held = now;
    changed();
  };
  const presses = ({ key }: KeyboardEvent) => key === " " || key === "Enter";
  scope.on(hold, "pointerdown", () => grip(true));
  scope.on(hold, ["pointerup", "pointerleave", "pointercancel", "blur"], () => grip(false));
  scope.on(hold, "keydown", (event) => presses(event) && grip(true));
  scope.on(hold, "keyup", (event) => presses(event) && grip(false));
  const legend = h(
    "span.signed-legend.muted",
    "darker",
    h("span.signed-colours", { "aria-hidden": "true" }),
    "brighter",
  );
  const waiting = h("span.muted.stage-waiting");
  return {
    element: h("div.stage-tools", modes.element, hold, legend, waiting),
    get mode() {
      return mode;
    },
    get held() {
      return held;
    },
    /** What there is to say of an answer that is outstanding. */
    wait: (text: string) => setText(waiting, text),
    update(canFlip: boolean) {
      modes.update(mode);
      setAttribute(hold, "aria-pressed", String(held));
      setAttribute(hold, "aria-disabled", !canFlip && "true");
      legend.hidden = mode !== "difference";
    },
  };
}
