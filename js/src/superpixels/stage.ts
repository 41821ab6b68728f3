import { OUTSIDE } from "../shared/boundaries";
import { setSize } from "../shared/canvas";
import { createCrosshair } from "../shared/crosshair";
import { h, setText, uniqueId } from "../shared/dom";
import { fitStage, WIDEST } from "../shared/fit";
import { ringsOf } from "../shared/rings";
import { createShare } from "../shared/share";
import type { Mask } from "./masks";
import { type Mode, Painter } from "./painter";
import { Pointing, type PointingEvents } from "./pointing";
import { pointIn, type Regions, regionAt, spread } from "./regions";
import type { SuperpixelFrame } from "./traits";

export interface StageScene {
  mode: Mode;
  mask: Mask;
  importance: readonly number[];
}

/** The picture with its superpixels, by mouse, touch and keyboard. */
export function createStage(frame: SuperpixelFrame, scene: () => StageScene, events: PointingEvents) {
  const readoutId = uniqueId();
  const canvas = h("canvas.canvas", {
    tabindex: 0,
    role: "application",
    "aria-roledescription": "picture of superpixels",
    "aria-label":
      "Superpixels. Arrow keys move, Page Up and Page Down go one by one, Space shows or hides, M marks.",
    "aria-describedby": readoutId,
  });
  const readout = h("div.pointed.number", { id: readoutId });
  const box = h("div.frame", canvas, frame.placeholder);
  const painter = new Painter(canvas);
  const crosshair = createCrosshair(frame, (x, y) => {
    const { regions } = painter;
    if (!regions) return [];
    const { width, height, labels } = regions;
    const region = regionAt(regions, Math.min(x * width, width - 1), Math.min(y * height, height - 1));
    return ringsOf(labels, width, height, region);
  });
  const drawShare = createShare(frame, box, "the importance", () => {
    const { importance } = frame.traits;
    const { regions } = painter;
    return regions && importance.length > 0 ? { ...regions, values: spread(regions, importance) } : null;
  });
  const element = h("div.stage", box, readout);
  const pointing = new Pointing(
    canvas,
    {
      ...events,
      pointed(region, byKeyboard) {
        if (byKeyboard && painter.regions) crosshair.point(pointIn(painter.regions, region));
        else if (region === OUTSIDE) crosshair.point([]);
        events.pointed(region, byKeyboard);
      },
    },
    frame.scope,
  );
  crosshair.over(box);
  crosshair.taken = () => pointing.abandon();

  const resize = () => {
    const { width, height } = painter.regions ?? painter.picture ?? { width: 1, height: 1 };
    const [wide, high] = fitStage(width, height, element.clientWidth || WIDEST);
    setSize(box, wide, high);
    painter.resize(wide, high, window.devicePixelRatio || 1);
  };
  const change = (part: Partial<Pick<Painter, "picture" | "hidden" | "regions">>) => {
    Object.assign(painter, part);
    painter.forget();
    resize();
    frame.repaint();
  };
  return {
    element,
    resize,
    /** A key that nothing else took. */
    key(event: KeyboardEvent): boolean {
      if (crosshair.key(event)) return true;
      if (event.key === "Escape") canvas.blur();
      return false;
    },
    /** The theme has changed. */
    restyle: () => painter.forget(),
    get pointed() {
      return pointing.region;
    },
    /** Whether the picture and its superpixels are there. */
    get full() {
      return painter.picture !== null && painter.regions !== null;
    },
    setRegions(regions: Regions | null) {
      pointing.open(regions);
      change({ regions });
    },
    setPictures(picture: ImageBitmap | null, hidden: ImageBitmap | null) {
      change({ picture, hidden });
    },
    /** The line under the picture. */
    update(line: string) {
      setText(readout, line);
      drawShare();
      readout.classList.toggle("cfw-muted", pointing.region === OUTSIDE);
      canvas.classList.toggle("cfw-invisible", frame.absent);
    },
    paint() {
      painter.paint({
        ...scene(),
        pointed: pointing.region,
        focused: pointing.focused,
        palette: {
          ground: frame.palette.value("--c-ground"),
          ring: frame.palette.value("--c-blue"),
          signed: frame.palette.stops("--c-signed"),
        },
      });
    },
  };
}
