import type { Scope } from "../shared/scope";

export interface PointingEvents {
  /** The pointer has come to a region, or has left them all: null. */
  pointed(region: string | null, event: Event): void;
  /** The keyboard's focus has; or it has gone on to another element, `to`. */
  focused(region: string | null, to?: Node | null): void;
  pinned(region: string): void;
}

/** The region that an event happened in: the elements of regions say in `data-region` which it is. */
export function regionOf(event: Event): string | null {
  const element = (event.target as Partial<Element> | null)?.closest?.("[data-region]");
  return element?.getAttribute("data-region") ?? null;
}

/** Follows mouse, touch and focus over the regions within an element. */
export function followPointing(
  scope: Scope,
  element: HTMLElement,
  { pointed, focused, pinned }: PointingEvents,
): void {
  /** A click gives the focus, too, but is not the keyboard's. */
  let byPointer = false;
  const on = (type: keyof HTMLElementEventMap, run: (event: Event) => void) => scope.on(element, type, run);
  on("pointerover", (event) => pointed(regionOf(event), event));
  on("pointerleave", (event) => pointed(null, event));
  on("pointerdown", () => {
    byPointer = true;
  });
  on("keydown", () => {
    byPointer = false;
  });
  on("click", (event) => {
    byPointer = false;
    const region = regionOf(event);
    if (region !== null) pinned(region);
  });
  on("focusin", (event) => focused(byPointer ? null : regionOf(event)));
  on("focusout", (event) => {
    byPointer = false;
    const to = (event as FocusEvent).relatedTarget as Node | null;
    if (!element.contains(to)) focused(null, to);
  });
}
