import { focusedIn, setAttribute } from "./dom";
import type { Scope } from "./scope";

/**
 * A panel that a button opens and closes. It closes by Escape and when the focus leaves `wrapper`, which holds both: so
 * nothing listens on the document. What it returns closes it, and gives the focus back to the button if it was inside.
 */
export function createPopover(
  scope: Scope,
  wrapper: HTMLElement,
  button: HTMLButtonElement,
  panel: HTMLElement,
  opened?: () => void,
): () => void {
  const show = (open: boolean) => {
    panel.hidden = !open;
    setAttribute(button, "aria-expanded", String(open));
  };
  const close = () => {
    const inside = focusedIn(panel);
    show(false);
    if (inside) button.focus();
  };
  show(false);
  // A click into the panel, though not on a control, keeps it open.
  panel.tabIndex = -1;
  scope.on(button, "click", () => {
    if (!panel.hidden) return close();
    // Safari does not focus a button that is clicked.
    button.focus();
    show(true);
    opened?.();
  });
  scope.on(wrapper, "keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    close();
  });
  scope.on(wrapper, "focusout", (event) => {
    if (!wrapper.contains(event.relatedTarget as Node | null)) show(false);
  });
  return close;
}
