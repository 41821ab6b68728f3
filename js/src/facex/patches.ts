import { h, setAttribute, setText } from "../shared/dom";
import { createRoving } from "../shared/roving";
import type { Scope } from "../shared/scope";

/** The room for a tile, in CSS pixels, and how many stand in a row of it. */
const FIVE = 48;
const FOUR = 64;

export interface PatchTile {
  bitmap: ImageBitmap | null;
  /** The face that it was cut from. */
  image: number;
  /** Its file. */
  name: string;
  label: string;
  open: boolean;
}

/** A grid of patches, each a button that opens the face that it came from. */
export function createPatches(scope: Scope, opened: (tile: PatchTile, button: HTMLElement) => void) {
  const title = h("span", { class: "cfw-heading cfw-ellipsis" });
  const about = h("span", { class: "cfw-muted cfw-patch-words" });
  const grid = h("div", { class: "cfw-patch-grid", role: "group" });
  const element = h(
    "div",
    { class: "cfw-patches" },
    h("div", { class: "cfw-patch-head" }, title, about),
    grid,
  );
  const tiles: ReturnType<typeof createTile>[] = [];
  let shown = 0;
  const perRow = () => Number(getComputedStyle(grid).getPropertyValue("--cfw-columns")) || 5;
  const roving = createRoving(scope, grid, () => tiles.slice(0, shown).map(({ button }) => button), {
    ArrowLeft: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    ArrowUp: (at) => (at >= perRow() ? at - perRow() : at),
    ArrowDown: (at, last) => (at + perRow() <= last ? at + perRow() : at),
    Home: () => 0,
    End: (_, last) => last,
  });

  const createTile = () => {
    const canvas = h("canvas", { class: "cfw-patch-canvas", width: 1, height: 1 });
    const button = h("button", { type: "button", class: "cfw-patch" }, canvas);
    const tile = { button, canvas, shown: null as PatchTile | null, drawn: null as ImageBitmap | null };
    button.addEventListener("click", () => tile.shown && opened(tile.shown, button), {
      signal: scope.signal,
    });
    return tile;
  };
  const paint = (tile: ReturnType<typeof createTile>, bitmap: ImageBitmap | null) => {
    if (tile.drawn === bitmap) return;
    tile.drawn = bitmap;
    tile.canvas.width = bitmap?.width ?? 1;
    tile.canvas.height = bitmap?.height ?? 1;
    if (bitmap) tile.canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  };

  return {
    element,
    update(now: { title: string; about: string; label: string; tiles: readonly PatchTile[] }) {
      setText(title, now.title);
      setText(about, now.about);
      setAttribute(grid, "aria-label", now.label);
      while (tiles.length < now.tiles.length) {
        const tile = createTile();
        tiles.push(tile);
        grid.append(tile.button);
      }
      shown = now.tiles.length;
      const widest = now.tiles.reduce((most, { bitmap }) => Math.max(most, bitmap?.width ?? 0), 0);
      if (widest > 0) {
        // Pixels to look at: at a whole-number zoom.
        const zoom = Math.max(1, Math.floor((widest <= FIVE / 2 ? FIVE : FOUR) / widest));
        const side = Math.min(FOUR, zoom * widest);
        grid.style.setProperty("--cfw-tile", `${side}px`);
        grid.dataset.columns = side <= 52 ? "5" : "4";
      }
      tiles.forEach((tile, i) => {
        const next = now.tiles[i];
        tile.button.hidden = !next;
        if (!next) return;
        tile.shown = next;
        paint(tile, next.bitmap);
        setAttribute(tile.button, "aria-label", `${next.label}: open the face`);
        setAttribute(tile.button, "title", next.label);
        setAttribute(tile.button, "aria-pressed", String(next.open));
      });
      roving.lead();
    },
  };
}
