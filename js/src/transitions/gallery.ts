import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import { probability } from "../shared/format";
import type { Scope } from "../shared/scope";
import { createMiniature, keepRoom, type MiniatureContent, type Workshop } from "./miniature";

/** The longer side of a tile's picture, in CSS pixels. */
const MOST = 64;

export interface GalleryTile {
  id: number;
  content: MiniatureContent;
  cosine: number;
  label: string;
  picked: boolean;
}

export interface GalleryRow {
  /** "● called 9", and what is to be said beside it. */
  title: string;
  note: string;
  tiles: readonly GalleryTile[];
}

/** The keys that go from tile to tile in a row: to which one. */
const STEPS: Record<string, (at: number, last: number) => number> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_, last) => last,
};

/** A row of candidates. Its tiles stay in their places while others come: nothing blinks, and the focus stays. */
function createRow(scope: Scope, workshop: Workshop, side: string, pick: (id: number) => void) {
  const title = h("span", { class: `cfw-row-title cfw-${side}` });
  const note = h("span.cfw-muted");
  const list = h("div.cfw-row", { role: "group" });
  const element = h("div.cfw-gallery-row", h("div.cfw-row-head", title, note), list);
  const tiles: ReturnType<typeof createTile>[] = [];
  /** The tile that the Tab key leads to. */
  let stop = 0;

  const createTile = () => {
    const miniature = createMiniature(workshop, MOST);
    const number = h("span.cfw-number.cfw-tile-number");
    const button = h("button.cfw-tile", { type: "button" }, miniature.element, number);
    const tile = { button, miniature, number, id: 0 };
    scope.on(button, "click", () => pick(tile.id));
    scope.on(button, "focus", () => lead(tiles.indexOf(tile)));
    return tile;
  };
  const lead = (to: number) => {
    stop = Math.min(Math.max(0, to), Math.max(0, tiles.length - 1));
    tiles.forEach(({ button }, i) => {
      button.tabIndex = i === stop ? 0 : -1;
    });
  };
  /** The candidate that was last brought into sight. */
  let revealed: number | undefined;
  const reveal = (place: number) => {
    const tile = tiles[place];
    if (!tile || tile.id === revealed || list.clientWidth === 0) return;
    revealed = tile.id;
    const [row, own] = [list.getBoundingClientRect(), tile.button.getBoundingClientRect()];
    if (own.left < row.left || own.right > row.right)
      list.scrollLeft += own.left - row.left - (row.width - own.width) / 2;
  };
  scope.on(list, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (!step) return;
    lead(step(stop, tiles.length - 1));
    tiles[stop]?.button.focus();
    event.preventDefault();
  });

  return {
    element,
    update(now: GalleryRow) {
      setText(title, now.title);
      setText(note, now.note);
      setAttribute(list, "aria-label", now.title);
      keepRoom(list, workshop, MOST);
      const focused = tiles[stop]?.button.matches(":focus") ?? false;
      while (tiles.length < now.tiles.length) {
        const tile = createTile();
        tiles.push(tile);
        list.append(tile.button);
      }
      for (const { button } of tiles.splice(now.tiles.length)) button.remove();
      now.tiles.forEach(({ id, content, cosine, label, picked }, i) => {
        const tile = tiles[i]!;
        tile.id = id;
        tile.miniature.show(content);
        setText(tile.number, probability(cosine, 2));
        for (const name of ["title", "aria-label"]) setAttribute(tile.button, name, label);
        setAttribute(tile.button, "aria-pressed", String(picked));
      });
      const picked = now.tiles.findIndex((tile) => tile.picked);
      // While nobody is in the row, Tab leads to the picked one.
      lead(focused || picked < 0 ? stop : picked);
      if (!focused) reveal(picked);
    },
    redraw() {
      for (const tile of tiles) tile.miniature.redraw();
    },
  };
}

/** The candidates in two rows, of which one each is an end of the path. */
export function createGallery(
  scope: Scope,
  workshop: Workshop,
  pick: (id: number, right: boolean) => void,
  follow: () => void,
) {
  const best = createButton(scope, "follow the nearest candidates of each row", follow, "best");
  const heading = h("span.cfw-heading", "Candidates");
  const words = h("span.cfw-muted.cfw-number.cfw-gallery-words");
  const rows = [
    createRow(scope, workshop, "wrong", (id) => pick(id, false)),
    createRow(scope, workshop, "correct", (id) => pick(id, true)),
  ] as const;
  const element = h(
    "div.cfw-gallery",
    h("div.cfw-gallery-head", heading, words, best),
    rows[0].element,
    rows[1].element,
  );
  return {
    element,
    update(now: {
      rows: readonly [GalleryRow, GalleryRow];
      words: string;
      /** Whether the two classes are. */
      known: boolean;
      following: boolean;
      enabled: boolean;
    }) {
      rows.forEach((row, i) => {
        row.update(now.rows[i]!);
        row.element.hidden = !now.known;
      });
      setText(words, now.words);
      setAttribute(best, "aria-pressed", String(now.following));
      setAttribute(best, "aria-disabled", !now.enabled && "true");
    },
    redraw() {
      for (const row of rows) row.redraw();
    },
  };
}
