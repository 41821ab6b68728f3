import { h, setText } from "../shared/dom";
import { packOpener } from "../shared/pack";
import { createTiles } from "../shared/tiles";
import { createGrid, MOST } from "./grid";
import type { Opening } from "./opening";
import { facesIn } from "./rows";
import type { Patch } from "./traits";
import * as words from "./words";

/** The traits with the patches of each model. */
const TRAITS = [
  ["patches", "patch_tiles"],
  ["other_patches", "other_tiles"],
] as const;

export type OpenPatch = (by: number, patch: Patch, button: HTMLElement) => void;

/** The patches of one of the models in the region that is shown. */
export function createPatches(opening: Opening, by: 0 | 1, opened: OpenPatch) {
  const { frame, scores, look } = opening;
  const { scope, traits } = frame;
  const [list, pack] = TRAITS[by];
  const openPack = packOpener();
  const tiles = createTiles(scope, frame.repaint);
  let unread = "";
  let shown: readonly Patch[] = [];
  const patchesOf = (region: string) => (traits[list][region] ?? []).slice(0, MOST);

  const title = h("span.heading.ellipsis");
  const about = h("span.muted.ellipsis.patch-words");
  const grid = createGrid(scope, (tile, button) => shown[tile] && opened(by, shown[tile], button));
  const element = h("div.patches", h("div.patch-head", title, about), grid.element);
  return {
    element,
    /** Says in words why the pictures cannot be read; empty where they can. */
    get unread() {
      return unread;
    },
    draw() {
      const { pack: now, wrong } = openPack(traits[pack]);
      unread = wrong && `The patches cannot be read: ${wrong}.`;
      tiles.open(
        now,
        patchesOf(look.shown).map(({ tile }) => tile),
      );
    },
    paint() {
      element.hidden = by > 0 && !scores.two;
      if (element.hidden) return;
      const row = scores.row(look.shown);
      shown = row ? patchesOf(row.name) : [];
      setText(title, scores.two ? (scores.models[by] ?? "") : "What it sees there");
      setText(
        about,
        scores.partial && shown.length > 0
          ? "of all faces"
          : words.patchWords(shown.length, facesIn(scores.rows, by)),
      );
      grid.update(
        `Patches of ${row?.label ?? look.shown}`,
        shown.map((patch, i) => ({
          bitmap: tiles.at(patch.tile),
          label: words.describePatch(patch, i),
          open: opening.isOf(patch.image, by),
        })),
      );
    },
  };
}
