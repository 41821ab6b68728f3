import { createButton } from "./button";
import { h, setAttribute } from "./dom";
import type { Scope } from "./scope";

/** One of several, side by side. `options` has what stands on the button of each, and what it does. */
export function createChoice<T extends string>(
  scope: Scope,
  label: string,
  options: Readonly<Record<T, readonly [text: string, title: string]>>,
  chosen: (name: T) => void,
) {
  const entries = Object.entries(options) as [T, readonly [string, string]][];
  const buttons = new Map(
    entries.map(([name, [text, title]]) => [name, createButton(scope, title, () => chosen(name), text)]),
  );
  return {
    element: h("div.segmented", { role: "group", "aria-label": label }, ...buttons.values()),
    buttons,
    update(now: T) {
      for (const [name, button] of buttons) setAttribute(button, "aria-pressed", String(name === now));
    },
  };
}
