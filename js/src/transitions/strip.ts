import { h, setAttribute, setText } from "../shared/dom";
import type { Scope } from "../shared/scope";
import { createMiniature, keepRoom, type MiniatureContent, type Workshop } from "./miniature";

/** The longer side of a tile's picture, in CSS pixels. */
const MOST = 64;

export interface StripTile {
  phase: number;
  content: MiniatureContent;
  label: string;
}

/** Typical phases, each a button that goes there. */
export function createStrip(scope: Scope, workshop: Workshop, chosen: (phase: number) => void) {
  const element = h("div.cfw-strip", { role: "group", "aria-label": "Typical phases" });
  const tiles: ReturnType<typeof createTile>[] = [];
  const createTile = () => {
    const miniature = createMiniature(workshop, MOST);
    const number = h("span.cfw-number.cfw-tile-number");
    const button = h("button.cfw-tile", { type: "button" }, miniature.element, number);
    const tile = { button, miniature, number, phase: 0 };
    scope.on(button, "click", () => chosen(tile.phase));
    return tile;
  };
  return {
    element,
    update(now: readonly StripTile[]) {
      while (tiles.length < now.length) tiles.push(createTile());
      tiles.length = now.length;
      if (element.children.length !== tiles.length)
        element.replaceChildren(...tiles.map(({ button }) => button));
      now.forEach(({ phase, content, label }, i) => {
        const tile = tiles[i]!;
        tile.phase = phase;
        tile.miniature.show(content);
        setText(tile.number, String(phase));
        setAttribute(tile.button, "aria-label", label);
        setAttribute(tile.button, "title", label);
      });
      keepRoom(element, workshop, MOST);
    },
    /** Marks the tile nearest to a phase. */
    point(phase: number) {
      let nearest = -1;
      tiles.forEach((tile, i) => {
        const distance = Math.abs(tile.phase - phase);
        if (nearest < 0 || distance < Math.abs(tiles[nearest]!.phase - phase)) nearest = i;
      });
      tiles.forEach((tile, i) => {
        setAttribute(tile.button, "aria-current", i === nearest && "true");
      });
    },
    redraw() {
      for (const tile of tiles) tile.miniature.redraw();
    },
  };
}
