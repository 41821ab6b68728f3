import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { probability } from "../shared/format";
import { differenceOf, PixelReader } from "../shared/pixels";
import type { Scope } from "../shared/scope";
import { tablesOf, tint } from "../shared/signed";
import type { Colour } from "../shared/theme";
import * as words from "./words";

const GAP = 12;
/** How wide a picture is beside the other, at least, and how wide it may become. */
const LEAST = 180;
const MOST = 320;
/** From such a change of brightness on it has the full colour. */
const FULL = 3;

export interface StagePicture {
  bitmap: ImageBitmap | null;
  title: string;
  p: number | null;
  verdict: string;
  flips: boolean;
  /** What a second model says. */
  second: string;
}

/** With what the counterfactual is compared. */
export type Against = "image" | "repainted";

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

/** The image beside the counterfactual, and what the model says to each; or their difference. */
export function createStage(scope: Scope, redraw: () => void, compare: (against: Against) => void) {
  const against = (["image", "repainted"] as const).map((name) => {
    const button = createButton(
      scope,
      words.COMPARE[name],
      () => compare(name),
      name === "image" ? "the image" : "painted anew",
    );
    return { name, button };
  });
  const choice = h(
    "div",
    { class: "cfw-segmented", role: "group", "aria-label": "Compare with" },
    ...against.map(({ button }) => button),
  );
  const left = createPicture("cfw-before", choice);
  const right = createPicture("cfw-after");
  const instead = h("div", { class: "cfw-stage-words" });
  const pair = h("div", { class: "cfw-pair" }, left.element, right.element);
  let mode: "pictures" | "difference" = "pictures";
  let holding = false;
  const modes = (["pictures", "difference"] as const).map((name) =>
    createButton(
      scope,
      name === "pictures"
        ? "the image beside the counterfactual"
        : "where the counterfactual is brighter or darker",
      () => {
        mode = name;
        redraw();
      },
      name === "pictures" ? "side by side" : "difference",
    ),
  );
  const hold = createButton(scope, words.HOLD, () => {}, "hold to flip");
  const grip = (held: boolean) => {
    if (holding === held) return;
    holding = held;
    redraw();
  };
  const { signal } = scope;
  hold.addEventListener("pointerdown", () => grip(true), { signal });
  for (const event of ["pointerup", "pointerleave", "pointercancel", "blur"])
    hold.addEventListener(event, () => grip(false), { signal });
  hold.addEventListener("keydown", ({ key }) => (key === " " || key === "Enter") && grip(true), { signal });
  hold.addEventListener("keyup", ({ key }) => (key === " " || key === "Enter") && grip(false), { signal });
  const legend = h(
    "span",
    { class: "cfw-signed-legend cfw-muted" },
    "darker",
    h("span", { class: "cfw-signed-colours", "aria-hidden": "true" }),
    "brighter",
  );
  const waiting = h("span", { class: "cfw-muted cfw-stage-waiting" });
  const tools = h(
    "div",
    { class: "cfw-stage-tools" },
    h("div", { class: "cfw-segmented", role: "group", "aria-label": "Pictures" }, ...modes),
    hold,
    legend,
    waiting,
  );
  const element = h("div", { class: "cfw-stage" }, pair, instead, tools);
  const reader = new PixelReader();

  const difference = (
    size: readonly [number, number],
    before: ImageBitmap,
    after: ImageBitmap,
    stops: Colour[],
  ) => {
    const [width, height] = size;
    const [one, two] = [reader.brightness(before, width, height), reader.brightness(after, width, height)];
    if (!one || !two || stops.length < 2) return null;
    const map = differenceOf(two, one).map((grey) => Math.min(255, Math.max(1, 128 + FULL * (grey - 128))));
    const canvas = h("canvas", { width, height });
    const context = canvas.getContext("2d");
    if (!context) return null;
    const image = context.createImageData(width, height);
    tint(map, tablesOf(stops).solid, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    return canvas;
  };

  return {
    element,
    update(now: {
      left: StagePicture;
      against: Against;
      right: StagePicture;
      original: string;
      size: readonly [width: number, height: number];
      room: number;
      signed: Colour[];
      /** What stands in the place of the pictures; whether that is an error. */
      words: string;
      failed: boolean;
      /** The right picture is of an earlier question. */
      stale: boolean;
      /** A picture that is not here yet will be: till then the one before stays. */
      coming: boolean;
      waiting: string;
    }) {
      setText(instead, now.words);
      instead.hidden = now.words === "";
      setAttribute(instead, "role", now.failed && "alert");
      pair.hidden = tools.hidden = now.words !== "";
      setText(waiting, now.waiting);
      modes.forEach((button, i) => {
        setAttribute(button, "aria-pressed", String((i === 1) === (mode === "difference")));
      });
      setAttribute(hold, "aria-pressed", String(holding));
      setAttribute(hold, "aria-disabled", !now.right.bitmap && "true");
      legend.hidden = mode !== "difference";
      if (now.words !== "") return;
      const size = fitPair(...now.size, now.room);
      const [before, after] = [now.left.bitmap, now.right.bitmap];
      const held = holding && before !== null && after !== null;
      const map =
        mode === "difference" && before && after && !held
          ? difference(now.size, before, after, now.signed)
          : null;
      for (const { name, button } of against)
        setAttribute(button, "aria-pressed", String(name === now.against));
      left.update(now.left, before, size, now.original);
      const title = held
        ? `${now.left.title} (held)`
        : map
          ? `${now.right.title}: difference`
          : now.right.title;
      right.update({ ...now.right, title }, held ? before : (map ?? after), size, now.original, now.coming);
      right.element.classList.toggle("cfw-stale", now.stale);
      setAttribute(element, "data-mode", held ? "held" : mode);
    },
  };
}

function createPicture(kind: string, choice?: HTMLElement) {
  const canvas = h("canvas", { class: "cfw-pair-canvas", role: "img" });
  const title = h("div", { class: "cfw-muted cfw-ellipsis" });
  const value = h("span", { class: "cfw-big cfw-number" });
  const unit = h("span", { class: "cfw-muted cfw-ellipsis" });
  const verdict = h("div", { class: "cfw-verdict cfw-ellipsis" });
  const second = h("div", { class: "cfw-muted cfw-ellipsis cfw-second" });
  const line = h(
    "div",
    { class: "cfw-picture-line" },
    value,
    h("div", { class: "cfw-picture-words" }, unit, verdict, second),
  );
  const element = h(
    "div",
    { class: `cfw-picture ${kind}` },
    canvas,
    h("div", { class: "cfw-pair-title" }, choice ?? title),
    line,
  );
  return {
    element,
    update(
      now: StagePicture,
      picture: ImageBitmap | HTMLCanvasElement | null,
      [width, height]: readonly [number, number],
      original: string,
      coming = false,
    ) {
      element.style.width = canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      const about = [now.title, now.verdict].filter(Boolean).join(", ");
      setAttribute(canvas, "aria-label", about);
      setText(title, now.title);
      setAttribute(title, "title", now.title);
      // Nothing to say yet, but its place is kept.
      line.classList.toggle("cfw-invisible", now.p === null);
      setText(value, probability(now.p, 2));
      setText(unit, original ? `probability of ${words.quoted(original)}` : "");
      setText(verdict, now.verdict);
      setAttribute(verdict, "data-flips", String(now.flips));
      setText(second, now.second);
      second.hidden = now.second === "";
      const context = canvas.getContext("2d");
      if (!context) return;
      if (!picture) {
        if (!coming) context.clearRect(0, 0, canvas.width, canvas.height);
        return;
      }
      if (canvas.width !== picture.width) canvas.width = picture.width;
      if (canvas.height !== picture.height) canvas.height = picture.height;
      canvas.style.imageRendering = picture.width <= SMALL ? "pixelated" : "auto";
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(picture, 0, 0);
    },
  };
}
