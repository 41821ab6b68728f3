import { h, setAttribute, setText } from "../shared/dom";
import type { Scope } from "../shared/scope";
import { createMiniature, keepRoom, type MiniatureContent, type Workshop } from "./miniature";

/** The longer side of a tile's picture, in CSS pixels. */
const MOST = 64;

export interface Tile {
  id: number;
  content: MiniatureContent;
  /** What stands below the pictures. */
  figure: string;
  label: string;
}

/** A row of buttons with pictures. They stay in their places while others come: nothing blinks, and the focus stays. */
export function createTiles(
  scope: Scope,
  workshop: Workshop,
  row: HTMLElement,
  chosen: (id: number) => void,
) {
  const tiles: ReturnType<typeof createTile>[] = [];
  const createTile = () => {
    const miniature = createMiniature(workshop, MOST);
    const figure = h("span.number.tile-number");
    const button = h("button.tile", miniature.element, figure);
    const tile = {
      button,
      id: -1,
      update(now: Tile) {
        tile.id = now.id;
        miniature.show(now.content);
        setText(figure, now.figure);
        for (const name of ["title", "aria-label"]) setAttribute(button, name, now.label);
      },
    };
    scope.on(button, "click", () => chosen(tile.id));
    return tile;
  };
  return {
    all: tiles as readonly { button: HTMLButtonElement; id: number }[],
    update(now: readonly Tile[]) {
      keepRoom(row, workshop.setting, MOST);
      while (tiles.length < now.length) {
        const tile = createTile();
        tiles.push(tile);
        row.append(tile.button);
      }
      for (const { button } of tiles.splice(now.length)) button.remove();
      now.forEach((tile, i) => {
        tiles[i]!.update(tile);
      });
    },
  };
}
