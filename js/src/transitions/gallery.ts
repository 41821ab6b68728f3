import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import { packOpener } from "../shared/pack";
import type { Workshop } from "./miniature";
import type { Picks } from "./picks";
import { createRow } from "./row";
import { rowOf } from "./rows";
import { SIDES } from "./sides";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import * as words from "./words";

/** The candidates in two rows, of which one each is an end of the path. */
export function createGallery(
  { scope, traits }: TransitionFrame,
  transition: Transition,
  picks: Picks,
  workshop: Workshop,
) {
  const title = "follow the nearest candidates of each row";
  const best = createButton(scope, title, picks.follow, "best");
  setAttribute(best, "data-asks", "following");
  const about = h("span.muted.number.gallery-words");
  const rows = SIDES.map((side) => ({
    side,
    row: createRow(scope, workshop, side, (id) => picks.pick(id, side === "correct")),
  }));
  const heading = h("span.heading", "Candidates");
  const head = h("div.gallery-head", heading, about, best);
  const element = h("div.gallery", head, ...rows.map(({ row }) => row.element));
  const [openTiles, openMaps] = [packOpener(), packOpener()];
  const wordsFor = (unread: string, maps: boolean) => {
    if (unread) return `the candidates’ pictures cannot be read: ${unread}`;
    if (traits.gallery.length === 0) return words.noCandidates(traits.state);
    return maps && traits.gallery_scale > 0 ? words.galleryLegend(traits.gallery_scale) : "";
  };
  return {
    element,
    draw() {
      const [tiles, maps] = [openTiles(traits.gallery_tiles), openMaps(traits.gallery_maps)];
      const candidates = {
        ...{ all: traits.gallery, tiles: tiles.pack, maps: maps.pack, ends: picks.ends() },
        running: traits.state === "running",
        name: (index: number) => transition.name(index),
      };
      for (const { side, row } of rows) {
        row.update(rowOf(candidates, side, traits[side]));
        row.element.hidden = traits.wrong < 0 || traits.correct < 0;
      }
      setText(about, wordsFor(tiles.wrong || maps.wrong, maps.pack !== null));
      setAttribute(best, "aria-pressed", String(traits.following));
      setAttribute(best, "aria-disabled", traits.best.length === 0 && "true");
    },
  };
}
