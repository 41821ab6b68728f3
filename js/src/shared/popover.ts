import { setAttribute } from "./dom";
import type { Scope } from "./scope";

export interface Popover {
  open(): void;
  /** Gives the focus back to the button if it was inside. */
  close(): void;
}

/**
 * A panel that a button opens and closes. It closes by Escape and when the focus leaves `wrapper`, which holds both: so
 * nothing listens on the document.
 */
export function createPopover(
  scope: Scope,
  wrapper: HTMLElement,
  button: HTMLButtonElement,
  panel: HTMLElement,
  opened: () => void = () => {},
): Popover {
  const show = (open: boolean) => {
    panel.hidden = !open;
    setAttribute(button, "aria-expanded", String(open));
  };
  const popover: Popover = {
    open() {
      show(true);
      opened();
    },
    close() {
      const root = wrapper.getRootNode() as Document | ShadowRoot;
      const inside = panel.contains(root.activeElement);
      show(false);
      if (inside) button.focus();
    },
  };
  show(false);
  // A click into the panel, though not on a control, keeps it open.
  panel.tabIndex = -1;
  scope.on(button, "click", () => {
    if (!panel.hidden) return popover.close();
    // Safari does not focus a button that is clicked.
    button.focus();
    popover.open();
  });
  scope.on(wrapper, "keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    popover.close();
  });
  scope.on(wrapper, "focusout", (event) => {
    if (!wrapper.contains(event.relatedTarget as Node | null)) show(false);
  });
  return popover;
}
