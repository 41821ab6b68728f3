import { focusedIn, h, setAttribute, setText } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { probability } from "../shared/format";
import { createRoving } from "../shared/roving";
import type { Scope } from "../shared/scope";
import { MARKS } from "./words";

/** The longer side of a tile's picture, in CSS pixels. */
const MOST = 64;

export interface StripTile {
  place: number;
  bitmap: ImageBitmap | null;
  p: number;
  flips: boolean;
  best: boolean;
  label: string;
}

/** The counterfactuals in a row, by the probability that is left; the keys walk from one to the next. */
export function createStrip(scope: Scope, chosen: (place: number, event: Event) => void) {
  const element = h("div.cfw-film", {
    role: "listbox",
    "aria-label": "Counterfactuals",
    "aria-orientation": "horizontal",
  });
  const tiles: ReturnType<typeof createTile>[] = [];
  let current = -1;
  const roving = createRoving(scope, element, () => tiles.map(({ option }) => option), {
    ArrowLeft: (at) => at - 1,
    ArrowUp: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    ArrowDown: (at) => at + 1,
    PageUp: (at) => at - 8,
    PageDown: (at) => at + 8,
    Home: () => 0,
    End: (_, last) => last,
  });
  const choose = (event: Event) => {
    const tile = tiles.find(({ option }) => option.contains(event.target as Node));
    if (tile && tile.place !== current) chosen(tile.place, event);
  };
  scope.on(element, ["focusin", "click"], choose);

  const reveal = () => {
    const tile = tiles.find(({ place }) => place === current);
    if (!tile || element.clientWidth === 0) return;
    const [row, own] = [element.getBoundingClientRect(), tile.option.getBoundingClientRect()];
    if (own.left < row.left || own.right > row.right)
      element.scrollLeft += own.left - row.left - (row.width - own.width) / 2;
  };
  return {
    element,
    update(now: readonly StripTile[], size: readonly [number, number]) {
      while (tiles.length < now.length) {
        const tile = createTile();
        tiles.push(tile);
        element.append(tile.option);
      }
      for (const { option } of tiles.splice(now.length)) option.remove();
      now.forEach((tile, i) => {
        tiles[i]!.update(tile, size);
      });
    },
    /** Marks the one that is shown, and brings it into sight. */
    mark(place: number) {
      const moved = place !== current;
      current = place;
      for (const tile of tiles) setAttribute(tile.option, "aria-selected", String(tile.place === place));
      const option = tiles.find((tile) => tile.place === place)?.option;
      const focused = focusedIn(element);
      roving.lead();
      if (!option) return;
      if (!focused) {
        // While nobody is in the row, Tab leads to the one that is shown.
        roving.lead(option);
        // A front that grows does not move the row under the pointer.
        if (moved && !element.matches(":hover")) reveal();
      } else if (focused !== option) {
        // In a newer front it is elsewhere.
        option.focus({ preventScroll: true });
        reveal();
      } else if (moved) reveal();
    },
    reveal,
  };
}

function createTile() {
  const canvas = h("canvas.cfw-film-picture", { "aria-hidden": "true" });
  const mark = h("span.cfw-film-mark", { "aria-hidden": "true" });
  const value = h("span.cfw-number");
  const best = h("span.cfw-film-best");
  const option = h(
    "div.cfw-film-tile",
    { role: "option", tabindex: -1 },
    canvas,
    h("span.cfw-film-words", mark, value),
    best,
  );
  let drawn: ImageBitmap | null = null;
  const tile = {
    option,
    place: -1,
    update(now: StripTile, [width, height]: readonly [number, number]) {
      tile.place = now.place;
      setAttribute(option, "data-place", now.place);
      setAttribute(option, "data-flips", String(now.flips));
      for (const name of ["aria-label", "title"]) setAttribute(option, name, now.label);
      setText(mark, now.flips ? MARKS.flips : MARKS.stays);
      setText(value, probability(now.p, 2));
      setText(best, now.best ? `${MARKS.best} best pick` : "");
      const longest = Math.max(width, height, 1);
      const zoom = longest <= MOST ? Math.floor(MOST / longest) : MOST / longest;
      canvas.style.width = `${Math.round(zoom * width)}px`;
      canvas.style.height = `${Math.round(zoom * height)}px`;
      if (now.bitmap === drawn) return;
      drawn = now.bitmap;
      if (!drawn) return;
      canvas.width = drawn.width;
      canvas.height = drawn.height;
      canvas.style.imageRendering = drawn.width <= SMALL ? "pixelated" : "auto";
      canvas.getContext("2d")?.drawImage(drawn, 0, 0);
    },
  };
  return tile;
}
