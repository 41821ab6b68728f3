import { setSize } from "../shared/canvas";
import { h, setAttribute } from "../shared/dom";
import { fitStage, SMALL, WIDEST } from "../shared/fit";
import { strongestCells } from "./cells";
import type { Layers } from "./composer";
import type { Look } from "./frames";
import type { Image } from "./image";
import { Painter, type StagePalette } from "./painter";
import { SIDES } from "./sides";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import type { Views } from "./views";
import type { Walk } from "./walk";

/** The frame looked at. */
export function createStage(
  frame: TransitionFrame,
  transition: Transition,
  walk: Walk,
  image: Image,
  views: Views,
  palette: () => StagePalette,
) {
  const { traits } = frame;
  const canvas = h("canvas.scene-canvas", { role: "img" });
  const box = h("div.scene", canvas, frame.placeholder);
  const element = h("div", box);
  const painter = new Painter(canvas);
  let size = "";
  const resize = () => {
    const [height, width] = traits.size;
    const [wide, high] = fitStage(width || 1, height || 1, element.clientWidth || WIDEST);
    setSize(box, wide, high);
    painter.resize(wide, high, window.devicePixelRatio || 1);
    canvas.classList.toggle("cfw-pixels", width <= SMALL);
  };
  const paintScene = (look: Look | null, layers: Layers) => {
    const [height, width] = traits.size;
    const { mode, which } = views;
    const map = `for ${transition.name(traits[SIDES[which]!])}`;
    painter.paint({
      ...{ mode, which, width, height, frame: layers, image: image.layers, palette: palette() },
      cells: mode === "where" && look ? strongestCells(traits.answer) : [],
      captions: [look ? `phase ${look.phase}` : "the image", map, "the image", map],
    });
  };
  return {
    element,
    canvas,
    resize,
    draw() {
      if (size === traits.size.join()) return;
      size = traits.size.join();
      resize();
    },
    paint(look: Look | null) {
      const layers = look ?? image.layers;
      if (layers && traits.size[0] > 0) paintScene(look, layers);
      const { phases, place } = walk;
      setAttribute(
        canvas,
        "aria-label",
        phases > 0 ? `phase ${place} of ${phases - 1}, ${views.mode}` : "the image",
      );
      canvas.classList.toggle("cfw-invisible", frame.absent);
    },
  };
}
