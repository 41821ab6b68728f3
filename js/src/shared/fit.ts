import type { Scope } from "./scope";

/** A stage's size in CSS pixels: as wide as there is room, and the picture not higher than a screen. */
export const WIDEST = 384;
const NARROWEST = 256;
const HIGHEST = 480;

/** Pictures of at most this size are pixels to look at, not photographs: they are not smoothed. */
export const SMALL = 64;

/** The size at which a picture of `width` by `height` stands in a room of some width; small ones at a whole-number zoom. */
export function fitStage(width: number, height: number, room: number): [width: number, height: number] {
  let wide = Math.max(NARROWEST, Math.min(WIDEST, room));
  if ((wide * height) / width > HIGHEST) wide = Math.max(NARROWEST, (HIGHEST * width) / height);
  if (width <= SMALL) wide = width * Math.max(1, Math.floor(wide / width));
  return [Math.floor(wide), Math.round((Math.floor(wide) * height) / width)];
}

/** Calls when a window moves to another screen, or is zoomed: it has another pixel ratio but perhaps the same size. */
function followRatio(scope: Scope, changed: () => void): void {
  const query = matchMedia(`(resolution: ${window.devicePixelRatio || 1}dppx)`);
  query.addEventListener(
    "change",
    () => {
      changed();
      followRatio(scope, changed);
    },
    { once: true, signal: scope.signal },
  );
}

/** Calls when an element has another size, or the screen another pixel ratio. */
export function followSize(scope: Scope, element: Element, changed: () => void): void {
  const observer = new ResizeObserver(changed);
  observer.observe(element);
  scope.defer(() => observer.disconnect());
  followRatio(scope, changed);
}
