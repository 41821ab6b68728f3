import { OUTSIDE } from "../shared/boundaries";
import { setSize } from "../shared/canvas";
import { h, setText, uniqueId } from "../shared/dom";
import { fitStage, WIDEST } from "../shared/fit";
import type { Mask } from "./masks";
import { type Mode, Painter } from "./painter";
import { Pointing, type PointingEvents } from "./pointing";
import type { Regions } from "./regions";
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
    "aria-label": "Superpixels. Arrow keys move, Page Up and Page Down go one by one, Space shows or hides.",
    "aria-describedby": readoutId,
  });
  const readout = h("div.pointed.number", { id: readoutId });
  const box = h("div.frame", canvas, frame.placeholder);
  const element = h("div.stage", box, readout);
  const painter = new Painter(canvas);
  const pointing = new Pointing(canvas, events, frame.scope);

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
