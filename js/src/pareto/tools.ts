import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import type { Scope } from "../shared/scope";
import * as words from "./words";

export type Mode = "pictures" | "difference";

/** Below the pair: how it is shown, and a button that shows the image in the counterfactual's place while it is held. */
export function createTools(scope: Scope, changed: () => void) {
  let mode: Mode = "pictures";
  let held = false;
  const modes = (["pictures", "difference"] as const).map((name) => {
    const choose = () => {
      mode = name;
      changed();
    };
    const button = createButton(scope, words.MODE_TITLES[name], choose, words.MODES[name]);
    return { name, button };
  });
  const hold = createButton(scope, words.HOLD, () => {}, "hold to flip");
  const grip = (now: boolean) => {
    if (held === now) return;
    held = now;
    changed();
  };
  const on = (types: readonly string[], run: (event: Event) => void) => {
    for (const type of types) hold.addEventListener(type, run, { signal: scope.signal });
  };
  const presses = (event: Event) => [" ", "Enter"].includes((event as KeyboardEvent).key);
  on(["pointerdown"], () => grip(true));
  on(["pointerup", "pointerleave", "pointercancel", "blur"], () => grip(false));
  on(["keydown"], (event) => presses(event) && grip(true));
  on(["keyup"], (event) => presses(event) && grip(false));
  const legend = h(
    "span",
    { class: "cfw-signed-legend cfw-muted" },
    "darker",
    h("span", { class: "cfw-signed-colours", "aria-hidden": "true" }),
    "brighter",
  );
  const waiting = h("span", { class: "cfw-muted cfw-stage-waiting" });
  const choice = h(
    "div",
    { class: "cfw-segmented", role: "group", "aria-label": "Pictures" },
    ...modes.map(({ button }) => button),
  );
  return {
    element: h("div", { class: "cfw-stage-tools" }, choice, hold, legend, waiting),
    get mode() {
      return mode;
    },
    get held() {
      return held;
    },
    /** What there is to say of an answer that is outstanding. */
    wait: (text: string) => setText(waiting, text),
    update(canFlip: boolean) {
      for (const { name, button } of modes) setAttribute(button, "aria-pressed", String(name === mode));
      setAttribute(hold, "aria-pressed", String(held));
      setAttribute(hold, "aria-disabled", !canFlip && "true");
      legend.hidden = mode !== "difference";
    },
  };
}

export type Against = "image" | "repainted";

/** With what the counterfactual is compared. */
export function createAgainst(scope: Scope, changed: () => void) {
  let against: Against = "image";
  const buttons = (["image", "repainted"] as const).map((name) => {
    const choose = () => {
      against = name;
      changed();
    };
    const button = createButton(scope, words.COMPARE[name], choose, words.LEFT[name]);
    return { name, button };
  });
  return {
    element: h(
      "div",
      { class: "cfw-segmented", role: "group", "aria-label": "Compare with" },
      ...buttons.map(({ button }) => button),
    ),
    get value() {
      return against;
    },
    update() {
      for (const { name, button } of buttons) setAttribute(button, "aria-pressed", String(name === against));
    },
  };
}
