import { focusedIn, h, setAttribute } from "./dom";
import { createRoving } from "./roving";
import type { Scope } from "./scope";

/** A tile of a strip: an option of the list, for what stands at a place. */
export interface Tile<N> {
  readonly option: HTMLElement;
  readonly place: number;
  update(now: N): void;
}

/** Small pictures in a row; the keys walk from one to the next. `label` is for the ear. */
export function createStrip<N>(
  scope: Scope,
  label: string,
  createTile: () => Tile<N>,
  chosen: (place: number, event: Event) => void,
) {
  const element = h("div.film", {
    role: "listbox",
    "aria-label": label,
    "aria-orientation": "horizontal",
  });
  const tiles: Tile<N>[] = [];
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
    update(now: readonly N[]) {
      while (tiles.length < now.length) {
        const tile = createTile();
        tiles.push(tile);
        element.append(tile.option);
      }
      for (const { option } of tiles.splice(now.length)) option.remove();
      now.forEach((tile, i) => {
        tiles[i]!.update(tile);
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
        // A row that grows does not move under the pointer.
        if (moved && !element.matches(":hover")) reveal();
      } else if (focused !== option) {
        // It is elsewhere now.
        option.focus({ preventScroll: true });
        reveal();
      } else if (moved) reveal();
    },
    reveal,
  };
}
