import { OUTSIDE } from "../shared/boundaries";
import { h, setAttribute, setText, uniqueId } from "../shared/dom";
import { fitStage, followRatio, WIDEST } from "../shared/fit";
import { withNextFrame } from "../shared/redraw";
import type { Scope } from "../shared/scope";
import { colours } from "../shared/theme";
import type { Mask } from "./masks";
import { type Mode, Painter } from "./painter";
import { type Regions, regionAt, regionBeside, regionsAlong } from "./regions";

const ARROWS: Record<string, [dx: number, dy: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface StageScene {
  mode: Mode;
  mask: Mask;
  importance: readonly number[];
}

export interface StageWords {
  /** The line under the picture, and whether it is about a superpixel. */
  line: string;
  pointed: boolean;
  /** What stands instead of the picture, and whether that is an error. */
  instead: string;
  failed: boolean;
}

export interface StageOptions {
  scene(): StageScene;
  /** Superpixels to show or hide; `first` begins a stroke. */
  stroke(regions: readonly number[], show: boolean, first: boolean): void;
  strokeEnded(): void;
  /** The superpixel under the pointer or the keyboard's focus has changed. */
  pointed(region: number, byKeyboard: boolean): void;
  painted(): void;
}

/** The picture with its superpixels, by mouse, touch and keyboard. */
export function createStage(scope: Scope, options: StageOptions) {
  const { signal } = scope;
  const readoutId = uniqueId();
  const canvas = h("canvas", {
    class: "cfw-canvas",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "picture of superpixels",
    "aria-label": "Superpixels. Arrow keys move, Page Up and Page Down go one by one, Space shows or hides.",
    "aria-describedby": readoutId,
  });
  const placeholder = h("div", { class: "cfw-placeholder" });
  const readout = h("div", { id: readoutId, class: "cfw-pointed cfw-number" });
  const frame = h("div", { class: "cfw-frame" }, canvas, placeholder);
  const element = h("div", { class: "cfw-stage" }, frame, readout);
  const painter = new Painter(canvas);

  let regions: Regions | null = null;
  let hovered = OUTSIDE;
  let cursor = 0;
  let keyboard = false;
  let ratio = 1;

  const pointed = () => (hovered !== OUTSIDE ? hovered : keyboard && regions ? cursor : OUTSIDE);
  const repaint = withNextFrame(scope, () => {
    painter.paint({
      ...options.scene(),
      pointed: pointed(),
      focused: hovered === OUTSIDE && keyboard,
      palette: {
        ground: getComputedStyle(canvas).getPropertyValue("--cfw-ground").trim(),
        ring: getComputedStyle(canvas).getPropertyValue("--cfw-blue").trim(),
        heat: colours(canvas, "--cfw-heat"),
      },
    });
    if (painter.picture && regions) options.painted();
  });

  const resize = () => {
    ratio = window.devicePixelRatio || 1;
    const picture = regions ?? painter.picture ?? { width: 1, height: 1 };
    const [width, height] = fitStage(picture.width, picture.height, element.clientWidth || WIDEST);
    frame.style.width = `${width}px`;
    frame.style.height = `${height}px`;
    painter.resize(width, height, ratio);
    repaint();
  };
  const observer = new ResizeObserver(resize);
  observer.observe(element);
  scope.defer(() => observer.disconnect());
  followRatio(scope, resize);

  /** Where a pointer is, in pixels of the label map. */
  const place = (event: PointerEvent, on: Regions): [x: number, y: number] => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * on.width) / (box.width || on.width),
      ((event.clientY - box.top) * on.height) / (box.height || on.height),
    ];
  };
  const point = (region: number, byKeyboard: boolean) => {
    const before = pointed();
    const was = keyboard;
    keyboard = byKeyboard;
    if (byKeyboard) {
      hovered = OUTSIDE;
      cursor = region;
    } else hovered = region;
    if (pointed() !== before || was !== keyboard) {
      options.pointed(pointed(), byKeyboard);
      repaint();
    }
  };

  let stroke: { x: number; y: number; show: boolean } | null = null;
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      if (!regions || event.button !== 0 || !event.isPrimary) return;
      const [x, y] = place(event, regions);
      const region = regionAt(regions, x, y);
      if (region === OUTSIDE) return;
      canvas.setPointerCapture(event.pointerId);
      // The first superpixel decides whether the whole stroke shows or hides.
      stroke = { x, y, show: !options.scene().mask[region] };
      cursor = region;
      point(region, false);
      options.stroke([region], stroke.show, true);
    },
    { signal },
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      if (!regions || !event.isPrimary) return;
      const [x, y] = place(event, regions);
      point(regionAt(regions, x, y), false);
      if (!stroke) return;
      const passed = regionsAlong(regions, stroke.x, stroke.y, x, y);
      Object.assign(stroke, { x, y });
      options.stroke(passed, stroke.show, false);
    },
    { signal },
  );
  const lift = () => {
    if (!stroke) return;
    stroke = null;
    options.strokeEnded();
  };
  for (const event of ["pointerup", "pointercancel", "lostpointercapture"])
    canvas.addEventListener(event, lift, { signal });
  canvas.addEventListener(
    "pointerleave",
    () => {
      if (!stroke) point(OUTSIDE, false);
    },
    { signal },
  );

  canvas.addEventListener(
    "focus",
    () => {
      // A click focuses the canvas, too, but the pointer already shows where it is.
      if (regions && canvas.matches(":focus-visible")) point(cursor, true);
    },
    { signal },
  );
  canvas.addEventListener("blur", () => point(hovered, false), { signal });
  canvas.addEventListener(
    "keydown",
    (event) => {
      if (!regions || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") return canvas.blur();
      const arrow = ARROWS[event.key];
      const last = regions.count - 1;
      // From the superpixel under the pointer, if it is there.
      const from = hovered === OUTSIDE ? cursor : hovered;
      if (arrow) point(regionBeside(regions, from, ...arrow), true);
      else if (event.key === "Home") point(0, true);
      else if (event.key === "End") point(last, true);
      // One by one: an island that lies straight ahead of no other is reached by no arrow.
      else if (event.key === "PageUp") point(Math.max(0, from - 1), true);
      else if (event.key === "PageDown") point(Math.min(last, from + 1), true);
      else if (event.key === " " || event.key === "Enter") {
        point(from, true);
        options.stroke([from], !options.scene().mask[from], true);
        options.strokeEnded();
      } else return;
      event.preventDefault();
    },
    { signal },
  );

  return {
    element,
    canvas,
    repaint,
    get pointed() {
      return pointed();
    },
    /** The theme has changed. */
    restyle() {
      painter.forget();
      repaint();
    },
    setRegions(now: Regions | null) {
      regions = painter.regions = now;
      hovered = OUTSIDE;
      cursor = 0;
      painter.forget();
      resize();
    },
    setPictures(picture: ImageBitmap | null, hidden: ImageBitmap | null) {
      painter.picture = picture;
      painter.hidden = hidden;
      painter.forget();
      resize();
    },
    update(now: StageWords) {
      setText(readout, now.line);
      readout.classList.toggle("cfw-muted", !now.pointed);
      setText(placeholder, now.instead);
      setAttribute(placeholder, "role", now.failed && "alert");
      placeholder.hidden = now.instead === "";
      canvas.classList.toggle("cfw-invisible", now.instead !== "");
    },
  };
}
