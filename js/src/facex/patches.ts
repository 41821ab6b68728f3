import { h, setAttribute, setText } from "../shared/dom";
import { followRatio } from "../shared/fit";
import { createRoving } from "../shared/roving";
import type { Scope } from "../shared/scope";

/** The room for a tile, in CSS pixels: where five have to stand in a narrow row, and where there is more. */
const NARROW = 48;
const WIDE = 64;
/** Between the tiles, as the style sheet has it; and at most so many tiles. */
const GAP = 4;
const MOST = 20;

export interface PatchTile {
  bitmap: ImageBitmap | null;
  /** The face that it was cut from. */
  image: number;
  /** Its file. */
  name: string;
  label: string;
  open: boolean;
}

/**
 * A grid of patches, each a button that opens the face that it came from. The pictures are on one canvas above the
 * buttons: a browser composes one in less time than twenty.
 */
export function createPatches(scope: Scope, opened: (tile: PatchTile, button: HTMLElement) => void) {
  const title = h("span.cfw-heading.cfw-ellipsis");
  const about = h("span.cfw-muted.cfw-ellipsis.cfw-patch-words");
  const canvas = h("canvas.cfw-patch-canvas", { "aria-hidden": "true", width: 1, height: 1 });
  const grid = h("div.cfw-patch-grid", { role: "group" }, canvas);
  const element = h("div.cfw-patches", h("div.cfw-patch-head", title, about), grid);
  let context: CanvasRenderingContext2D | null = null;
  let shown: readonly PatchTile[] = [];
  /** What is on the canvas. */
  let drawn: (ImageBitmap | null)[] = [];
  let place = { columns: 5, tile: NARROW, scale: 1 };

  const buttons = Array.from({ length: MOST }, (_, i) => {
    const button = h("button.cfw-patch", { type: "button" });
    const open = () => shown[i] && opened(shown[i], button);
    scope.on(button, "click", open);
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
    context ??= canvas.getContext("2d");
    if (!context) return;
    const { columns, tile, scale } = place;
    context.clearRect(0, 0, canvas.width, canvas.height);
    drawn = shown.map(({ bitmap }) => bitmap);
    const side = tile * scale;
    drawn.forEach((bitmap, i) => {
      if (!bitmap) return;
      context!.imageSmoothingEnabled = bitmap.width > side;
      const [x, y] = [i % columns, Math.floor(i / columns)].map((at) => at * (tile + GAP) * scale);
      context!.drawImage(bitmap, x!, y!, side, side);
    });
  };
  /** Finds out how the tiles stand, which the style sheet decides, and draws them anew. */
  const lay = () => {
    const style = getComputedStyle(grid);
    const read = (name: string) => Number.parseFloat(style.getPropertyValue(name));
    const scale = window.devicePixelRatio || 1;
    place = { columns: read("--cfw-columns") || 5, tile: read("--cfw-tile") || NARROW, scale };
    const [wide, high] = [place.columns, Math.ceil(MOST / place.columns)].map(
      (count) => count * (place.tile + GAP) - GAP,
    );
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${high}px`;
    canvas.width = Math.round(wide! * scale);
    canvas.height = Math.round(high! * scale);
    paint();
  };
  const size = new ResizeObserver(lay);
  size.observe(grid);
  scope.defer(() => size.disconnect());
  followRatio(scope, lay);

  return {
    element,
    update(now: { title: string; about: string; label: string; tiles: readonly PatchTile[] }) {
      setText(title, now.title);
      setText(about, now.about);
      setAttribute(grid, "aria-label", now.label);
      shown = now.tiles.slice(0, MOST);
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
        grid.style.setProperty("--cfw-narrow", `${side(few ? WIDE : NARROW)}px`);
        grid.style.setProperty("--cfw-wide", `${side(WIDE)}px`);
        grid.dataset.columns = few ? "4" : "5";
        lay();
      } else if (drawn.length !== shown.length || shown.some(({ bitmap }, i) => bitmap !== drawn[i])) paint();
      roving.lead();
    },
  };
}
