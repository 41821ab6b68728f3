import type { Crosshair } from "../shared/crosshair";
import { h, setAttribute, setName, setText } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { probability } from "../shared/format";
import * as words from "./words";

const GAP = 12;
/** How wide a picture is beside the other, at least, and how wide it may become. */
const LEAST = 180;
const MOST = 320;

/** A picture of the pair, and the prediction for it. */
export interface Side {
  bitmap: ImageBitmap | null;
  title: string;
  p: number | null;
  verdict: string;
  flips: boolean;
  /** The prediction of a second model. */
  second: string;
}

/** How large two pictures are beside each other in a room, or below each other where it is narrow. */
export function fitPair(width: number, height: number, room: number): [width: number, height: number] {
  // Small ones at a whole-number zoom.
  const most = (space: number) => {
    const wide = Math.min(MOST, space);
    return width > 0 && width <= SMALL ? width * Math.max(1, Math.floor(wide / width)) : Math.floor(wide);
  };
  const beside = most((room - GAP) / 2);
  const wide = beside >= LEAST ? beside : most(Math.max(LEAST, room));
  return [wide, Math.round((wide * height) / Math.max(1, width))];
}

/** One side; `choice` stands in the place of its title. */
export function createSide(crosshair: Crosshair, kind: string, choice?: HTMLElement) {
  const canvas = h("canvas.pair-canvas", { role: "img" });
  const title = h("div.muted.ellipsis");
  const value = h("span.big.number");
  const unit = h("span.muted.ellipsis");
  const verdict = h("div.verdict.ellipsis");
  const second = h("div.muted.ellipsis.second");
  const line = h("div.picture-line", value, h("div.picture-words", unit, verdict, second));
  const heading = h("div.pair-title", choice ?? title);
  const box = h("div", canvas);
  const element = h("div", { class: `cfw-picture ${kind}` }, box, heading, line);
  crosshair.over(box);
  return {
    element,
    box,
    update(now: Side, original: string) {
      setAttribute(canvas, "aria-label", [now.title, now.verdict].filter(Boolean).join(", "));
      setName(title, now.title);
      // Nothing to say yet, but its place is kept.
      line.classList.toggle("cfw-invisible", now.p === null);
      setText(value, probability(now.p, 2));
      setText(unit, original ? `probability of ${words.quoted(original)}` : "");
      setName(verdict, now.verdict);
      setAttribute(verdict, "data-flips", String(now.flips));
      setText(second, now.second);
      second.hidden = now.second === "";
    },
    /** `coming`: a picture that is not here yet will be; till then the one before stays. */
    paint(
      picture: ImageBitmap | HTMLCanvasElement | null,
      [width, height]: readonly [number, number],
      coming = false,
    ) {
      element.style.width = canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      const context = canvas.getContext("2d");
      if (!context || (!picture && coming)) return;
      if (picture && canvas.width !== picture.width) canvas.width = picture.width;
      if (picture && canvas.height !== picture.height) canvas.height = picture.height;
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (!picture) return;
      canvas.style.imageRendering = picture.width <= SMALL ? "pixelated" : "auto";
      context.drawImage(picture, 0, 0);
    },
  };
}
