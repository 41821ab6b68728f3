import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import { isCommand } from "../shared/keys";
import type { Scope } from "../shared/scope";
import { rivals } from "./groups";
import * as words from "./words";

/** The change of each attribute as a bar from zero in the middle, which can be dragged and moved by keys. */
export function createChanges(
  scope: Scope,
  changed: (index: number, value: number) => void,
  undone: () => void,
) {
  const heading = h("div.heading");
  const undo = createButton(scope, "back to the counterfactual as it was found", undone, "undo edits");
  const list = h("div.changes-list", {
    ...{ role: "group", "aria-label": "Changes of the attributes", "data-asks": "edit" },
  });
  const element = h("div.changes", h("div.changes-head", heading, undo), list);
  let rows: ReturnType<typeof createRow>[] = [];
  let drawn = "";
  return {
    element,
    update(now: {
      names: readonly string[];
      attributes: readonly number[];
      groups: readonly (readonly number[])[];
      frozen: readonly string[];
      deltas: readonly number[];
      reach: number;
      edited: boolean;
      enabled: boolean;
    }) {
      const key = JSON.stringify([now.names, now.groups]);
      if (key !== drawn) {
        drawn = key;
        const labels = now.names.map(words.attribute);
        rows = now.names.map((name, i) => {
          const title = words.excluding(
            labels[i]!,
            rivals(now.groups, i).map((other) => labels[other]!),
          );
          return createRow(scope, name, title, (value) => changed(i, value));
        });
        list.replaceChildren(...rows.map((row) => row.element));
      }
      setText(heading, now.edited ? "Changed by hand" : "What was changed");
      undo.classList.toggle("cfw-invisible", !now.edited);
      rows.forEach((row, i) => {
        const present = (now.attributes[i] ?? 0) > 0.5;
        row.update(now.deltas[i] ?? 0, now.reach, present, now.frozen.includes(now.names[i]!), now.enabled);
      });
    },
  };
}

function createRow(scope: Scope, attribute: string, title: string, changed: (value: number) => void) {
  const label = words.attribute(attribute);
  const name = h("span.change-name.ellipsis", { title }, label);
  const has = h("span.change-has.muted");
  const fill = h("b", { "aria-hidden": "true" });
  const input = h("input.change-range", { type: "range", step: "any", "aria-label": label });
  const value = h("span.change-value.number");
  const element = h(
    "label.change",
    { "data-attribute": attribute },
    name,
    has,
    h("span.change-track", fill, input),
    value,
  );
  let reach = 1;
  let frozen = false;
  let moving = false;
  const paint = (now: number) => {
    const amount = Math.min(1, Math.max(-1, now / reach));
    fill.style.left = `${50 + Math.min(0, 50 * amount)}%`;
    fill.style.width = `${50 * Math.abs(amount)}%`;
    setAttribute(element, "data-sign", now > 0 ? "more" : "less");
    setText(value, frozen && now === 0 ? "frozen" : words.signed(now));
    setAttribute(value, "title", frozen && words.FROZEN);
    setAttribute(value, "data-zero", Math.abs(now) < 0.005 && "true");
    setAttribute(input, "aria-valuetext", `${label} ${words.signed(now)}`);
  };
  const told = (next: number) => {
    // Near zero it is none.
    const now = Math.abs(next) < 0.02 * reach ? 0 : Math.round(next * 100) / 100;
    paint(now);
    changed(Math.min(reach, Math.max(-reach, now)));
  };
  scope.on(input, "input", () => {
    moving = true;
    told(Number(input.value));
  });
  scope.on(input, ["change", "pointerup", "pointercancel", "blur"], () => {
    moving = false;
  });
  const steps: Record<string, (at: number) => number> = {
    ArrowLeft: (at) => at - 0.05,
    ArrowDown: (at) => at - 0.05,
    ArrowRight: (at) => at + 0.05,
    ArrowUp: (at) => at + 0.05,
    PageDown: (at) => at - 0.25,
    PageUp: (at) => at + 0.25,
    Home: () => -reach,
    End: () => reach,
    Delete: () => 0,
  };
  scope.on(input, "keydown", (event) => {
    const step = steps[event.key];
    if (!step || isCommand(event) || input.disabled) return;
    event.preventDefault();
    input.value = String(Math.min(reach, Math.max(-reach, step(Number(input.value)))));
    told(Number(input.value));
  });
  return {
    element,
    update(now: number, to: number, present: boolean, still: boolean, enabled: boolean) {
      reach = to;
      frozen = still;
      setAttribute(input, "min", -to);
      setAttribute(input, "max", to);
      input.disabled = !enabled;
      if (!enabled) moving = false;
      // Never under the hand that moves it.
      if (!moving) input.value = String(now);
      setText(has, present ? "has" : "");
      setAttribute(has, "title", present && "the image has it");
      paint(now);
    },
  };
}
