import { h, setAttribute, setText } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { probability } from "../shared/format";
import type { Tile } from "../shared/strip";
import { MARKS } from "./words";

/** The longer side of a tile's picture, in CSS pixels. */
const MOST = 64;

export interface StripTile {
  place: number;
  size: readonly [width: number, height: number];
  bitmap: ImageBitmap | null;
  p: number;
  flips: boolean;
  /** What it stands out as. */
  pick: string;
  label: string;
}

/** A counterfactual, with the probability that is left. */
export function createTile(): Tile<StripTile> {
  const canvas = h("canvas.film-picture", { "aria-hidden": "true" });
  const mark = h("span.film-mark", { "aria-hidden": "true" });
  const value = h("span.number");
  const pick = h("span.film-pick");
  const option = h(
    "div.film-tile",
    { role: "option", tabindex: -1 },
    canvas,
    h("span.film-words", mark, value),
    pick,
  );
  let drawn: ImageBitmap | null = null;
  const tile = {
    option,
    place: -1,
    update(now: StripTile) {
      tile.place = now.place;
      const [width, height] = now.size;
      setAttribute(option, "data-place", now.place);
      setAttribute(option, "data-flips", String(now.flips));
      for (const name of ["aria-label", "title"]) setAttribute(option, name, now.label);
      setText(mark, now.flips ? MARKS.flips : MARKS.stays);
      setText(value, probability(now.p, 2));
      setText(pick, now.pick);
      const longest = Math.max(width, height, 1);
      const zoom = longest <= MOST ? Math.floor(MOST / longest) : MOST / longest;
      canvas.style.width = `${Math.round(zoom * width)}px`;
      canvas.style.height = `${Math.round(zoom * height)}px`;
      if (now.bitmap === drawn) return;
      drawn = now.bitmap;
      if (!drawn) return;
      canvas.width = drawn.width;
      canvas.height = drawn.height;
      canvas.style.imageRendering = drawn.width <= SMALL ? "pixelated" : "auto";
      canvas.getContext("2d")?.drawImage(drawn, 0, 0);
    },
  };
  return tile;
}
