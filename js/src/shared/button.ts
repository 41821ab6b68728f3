import { h } from "./dom";
import type { Scope } from "./scope";

/**
 * A button. What disables it is `aria-disabled`, not `disabled`: that would take the focus away from a button that is
 * pressed to the end.
 */
export function createButton(
  scope: Scope,
  title: string,
  clicked: () => void,
  ...children: (Node | string)[]
): HTMLButtonElement {
  const element = h("button.button", { title }, ...children);
  scope.on(element, "click", () => element.hasAttribute("aria-disabled") || clicked());
  return element;
}
