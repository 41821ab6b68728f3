import { createChoice } from "../shared/choice";
import { h, setAttribute, setText } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { className, probability } from "../shared/format";
import { packOpener } from "../shared/pack";
import { createStrip, type Tile } from "../shared/strip";
import { createTiles } from "../shared/tiles";
import { ordered } from "./order";
import type { TranslationFrame } from "./traits";
import { described, ORDERS, type Order, percent } from "./words";

const SIDE = 64;

interface Thumbnail {
  place: number;
  bitmap: ImageBitmap | null;
  /** The predicted class, and what it is sorted by. */
  name: string;
  value: string;
  wrong: boolean;
  ready: boolean;
  label: string;
}

/** The images of the set in a row, in an order that one chooses. */
export function createSet(frame: TranslationFrame, choose: (place: number, event: Event) => void) {
  const { scope, traits } = frame;
  let order: Order = "order";
  const strip = createStrip(scope, "Images", createThumbnail, choose);
  const tiles = createTiles(scope, frame.refresh);
  const open = packOpener();
  const orders = createChoice(scope, "sort the images by", ORDERS, (chosen) => {
    order = chosen;
    frame.refresh();
    reveal = true;
  });
  /** The order has changed: what is shown is elsewhere. */
  let reveal = false;
  const key = h("span.muted.set-key");
  const head = h("div.set-head", h("span.heading", "The images"), orders.element, key);
  const figureOf = (place: number) => {
    const entry = traits.entries[place];
    if (!entry) return "";
    if (order === "doubt") return probability(entry.image[traits.painted], 2);
    if (order === "error") return entry.error.toFixed(2);
    return order === "size" ? percent(entry.area) : `${place + 1}`;
  };
  const thumbnail = (place: number): Thumbnail => {
    const entry = traits.entries[place];
    return {
      ...{ place, bitmap: tiles.at(place), value: figureOf(place), ready: entry !== undefined },
      name: entry ? className(traits.labels, entry.from) : "",
      wrong: entry !== undefined && entry.truth >= 0 && entry.truth !== entry.from,
      label: described(entry, place, traits),
    };
  };
  return {
    element: h("div.set", head, strip.element),
    draw() {
      void tiles.open(open(traits.tiles).pack, [traits.chosen]);
      setAttribute(orders.buttons.get("doubt")!, "hidden", traits.painted < 0);
      orders.update(order);
      strip.update(ordered(traits, order).map(thumbnail));
      setText(
        key,
        traits.entries.some(({ truth, from }) => truth >= 0 && truth !== from) ? "✕ predicted wrong" : "",
      );
    },
    mark() {
      strip.mark(traits.chosen);
      if (reveal) strip.reveal();
      reveal = false;
    },
    reveal: strip.reveal,
  };
}

function createThumbnail(): Tile<Thumbnail> {
  const canvas = h("canvas.film-picture", { "aria-hidden": "true" });
  const name = h("span.ellipsis");
  const value = h("span.number.muted");
  const option = h("div.film-tile", { role: "option", tabindex: -1 }, canvas, name, value);
  let drawn: ImageBitmap | null = null;
  const tile = {
    option,
    place: -1,
    update(now: Thumbnail) {
      tile.place = now.place;
      setAttribute(option, "data-place", now.place);
      setAttribute(option, "data-ready", now.ready && "1");
      for (const attribute of ["aria-label", "title"]) setAttribute(option, attribute, now.label);
      setText(name, `${now.wrong ? "✕ " : ""}${now.name}`);
      setText(value, now.value);
      if (now.bitmap === drawn) return;
      drawn = now.bitmap;
      if (!drawn) return;
      [canvas.width, canvas.height] = [drawn.width, drawn.height];
      canvas.style.height = `${Math.round((SIDE * drawn.height) / drawn.width)}px`;
      canvas.classList.toggle("cfw-pixels", drawn.width < SMALL);
      canvas.getContext("2d")?.drawImage(drawn, 0, 0);
    },
  };
  return tile;
}
