import type { Scope } from "../shared/scope";
import type { Look } from "./look";

/** The region that an event happened in: the elements of regions name it in `data-region`. */
export function regionOf(event: Event): string | null {
  const element = (event.target as Partial<Element> | null)?.closest?.("[data-region]");
  return element?.getAttribute("data-region") ?? null;
}

/** Follows mouse, touch and focus over the regions within an element. */
export function followPointing(scope: Scope, element: HTMLElement, look: Look): void {
  /** A click gives the focus, too, but is not the keyboard's. */
  let byPointer = false;
  const on = (type: keyof HTMLElementEventMap, run: (event: Event) => void) => scope.on(element, type, run);
  on("pointerover", (event) => look.point(regionOf(event), event));
  on("pointerleave", (event) => look.point(null, event));
  on("pointerdown", () => {
    byPointer = true;
  });
  on("keydown", () => {
    byPointer = false;
  });
  on("click", (event) => {
    byPointer = false;
    const region = regionOf(event);
    if (region !== null) look.pin(region);
  });
  on("focusin", (event) => look.focus(byPointer ? null : regionOf(event)));
  on("focusout", (event) => {
    byPointer = false;
    const to = (event as FocusEvent).relatedTarget as Node | null;
    if (!element.contains(to)) look.focus(null, to);
  });
}
