import { sizeCanvas } from "../shared/canvas";
import { h, setAttribute } from "../shared/dom";
import { followSize } from "../shared/fit";
import { createRoving } from "../shared/roving";
import type { Scope } from "../shared/scope";

/** The room for a tile, in CSS pixels: where five have to stand in a narrow row, and where there is more. */
const NARROW = 48;
const WIDE = 64;
/** Between the tiles, as the style sheet has it. */
const GAP = 4;
/** The most tiles that have a place. */
export const MOST = 20;

export interface Tile {
  bitmap: ImageBitmap | null;
  label: string;
  open: boolean;
}

/**
 * A grid of patches, each a button that opens the face that it came from. The pictures are on one canvas above the
 * buttons: a browser composes one in less time than twenty.
 */
export function createGrid(scope: Scope, opened: (tile: number, button: HTMLElement) => void) {
  const canvas = h("canvas.patch-canvas", { "aria-hidden": "true", width: 1, height: 1 });
  const grid = h("div.patch-grid", { role: "group" }, canvas);
  let shown: readonly Tile[] = [];
  /** The pictures that are on the canvas. */
  let drawn: (ImageBitmap | null)[] = [];
  let place = { columns: 5, tile: NARROW, scale: 1 };

  const buttons = Array.from({ length: MOST }, (_, i) => {
    const button = h("button.patch", { "data-asks": "opened" });
    scope.on(button, "click", () => opened(i, button));
    return button;
  });
  grid.append(...buttons);
  const roving = createRoving(scope, grid, () => buttons.slice(0, shown.length), {
    ArrowLeft: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    ArrowUp: (at) => (at >= place.columns ? at - place.columns : at),
    ArrowDown: (at, last) => (at + place.columns <= last ? at + place.columns : at),
    Home: () => 0,
    End: (_, last) => last,
  });

  const paint = () => {
    const context = canvas.getContext("2d");
    if (!context) return;
    const { columns, tile, scale } = place;
    context.clearRect(0, 0, canvas.width, canvas.height);
    drawn = shown.map(({ bitmap }) => bitmap);
    const [side, step] = [tile * scale, (tile + GAP) * scale];
    drawn.forEach((bitmap, i) => {
      if (!bitmap) return;
      context.imageSmoothingEnabled = bitmap.width > side;
      context.drawImage(bitmap, step * (i % columns), step * Math.floor(i / columns), side, side);
    });
  };
  /** Finds out how the tiles stand, which the style sheet decides, and draws them anew. */
  const lay = () => {
    const style = getComputedStyle(grid);
    const read = (name: string) => Number.parseFloat(style.getPropertyValue(name));
    const scale = window.devicePixelRatio || 1;
    place = { columns: read("--c-columns") || 5, tile: read("--c-tile") || NARROW, scale };
    const room = (tiles: number) => tiles * (place.tile + GAP) - GAP;
    sizeCanvas(canvas, room(place.columns), room(Math.ceil(MOST / place.columns)), scale);
    paint();
  };
  followSize(scope, grid, lay);

  return {
    element: grid,
    /** At most as many as have a place. */
    update(label: string, tiles: readonly Tile[]) {
      setAttribute(grid, "aria-label", label);
      shown = tiles;
      buttons.forEach((button, i) => {
        const next = shown[i];
        button.hidden = !next;
        if (!next) return;
        setAttribute(button, "aria-label", `${next.label}: open the face`);
        setAttribute(button, "title", next.label);
        setAttribute(button, "aria-pressed", String(next.open));
      });
      const widest = shown.reduce((most, { bitmap }) => Math.max(most, bitmap?.width ?? 0), 0);
      const key = String(widest);
      if (widest > 0 && grid.dataset.pixels !== key) {
        grid.dataset.pixels = key;
        // Pixels to look at: at a whole-number zoom.
        const side = (room: number) => Math.min(room, Math.max(1, Math.floor(room / widest)) * widest);
        const few = widest > NARROW / 2;
        grid.style.setProperty("--c-narrow", `${side(few ? WIDE : NARROW)}px`);
        grid.style.setProperty("--c-wide", `${side(WIDE)}px`);
        grid.dataset.columns = few ? "4" : "5";
        lay();
      } else if (drawn.length !== shown.length || shown.some(({ bitmap }, i) => bitmap !== drawn[i])) paint();
      roving.lead();
    },
  };
}
