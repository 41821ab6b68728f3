import { h, setAttribute, setText } from "../shared/dom";
import { createRoving } from "../shared/roving";
import type { Scope } from "../shared/scope";
import type { Workshop } from "./miniature";
import type { GalleryRow } from "./rows";
import type { Side } from "./sides";
import { createTiles } from "./tiles";

/** A row of candidates, of which one is picked. */
export function createRow(scope: Scope, workshop: Workshop, side: Side, pick: (id: number) => void) {
  const title = h("span", { class: `cfw-row-title cfw-ellipsis cfw-${side}` });
  const note = h("span.muted");
  const list = h("div.row", { role: "group", "data-asks": "picked" });
  const element = h("div", h("div.row-head", title, note), list);
  const tiles = createTiles(scope, workshop, list, pick);
  const roving = createRoving(scope, list, () => tiles.all.map(({ button }) => button), {
    ArrowLeft: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    Home: () => 0,
    End: (_, last) => last,
  });
  /** The candidate that was last brought into sight. */
  let revealed: number | undefined;
  const reveal = (place: number) => {
    const tile = tiles.all[place];
    if (!tile || tile.id === revealed || list.clientWidth === 0) return;
    revealed = tile.id;
    const [row, own] = [list.getBoundingClientRect(), tile.button.getBoundingClientRect()];
    if (own.left < row.left || own.right > row.right)
      list.scrollLeft += own.left - row.left - (row.width - own.width) / 2;
  };
  return {
    element,
    update(now: GalleryRow) {
      setText(title, now.title);
      setText(note, now.note);
      setAttribute(list, "aria-label", now.title);
      tiles.update(now.tiles);
      now.tiles.forEach(({ picked }, i) => {
        setAttribute(tiles.all[i]!.button, "aria-pressed", String(picked));
      });
      const picked = now.tiles.findIndex((tile) => tile.picked);
      const focused = tiles.all.some(({ button }) => button.matches(":focus"));
      // While nobody is in the row, Tab leads to the picked one.
      roving.lead(focused ? undefined : tiles.all[picked]?.button);
      if (!focused) reveal(picked);
    },
  };
}
