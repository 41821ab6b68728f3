import { setSize, sizeCanvas } from "../shared/canvas";
import type { Crosshair } from "../shared/crosshair";
import { h, setAttribute, setInvisible } from "../shared/dom";
import { fitStage, SMALL, WIDEST } from "../shared/fit";
import { createShare } from "../shared/share";
import { spread, strongestCells } from "./cells";
import type { Layers } from "./composer";
import type { Look } from "./frames";
import type { Image } from "./image";
import { createPainter, type StagePalette } from "./painter";
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
  crosshair: Crosshair,
) {
  const { traits } = frame;
  const canvas = h("canvas.scene-canvas", { role: "img" });
  const box = h("div.scene", canvas, frame.placeholder);
  const element = h("div", box);
  const paintScene = createPainter(canvas);
  const marks = crosshair.over(box, 4);
  const drawShare = createShare(frame, box, "the change", () => spread(traits.answer));
  let size = "";
  const resize = () => {
    const [height, width] = traits.size;
    const [wide, high] = fitStage(width || 1, height || 1, element.clientWidth || WIDEST);
    setSize(box, wide, high);
    sizeCanvas(canvas, wide, high);
    canvas.classList.toggle("cfw-pixels", width <= SMALL);
  };
  const drawScene = (look: Look | null, layers: Layers) => {
    const [height, width] = traits.size;
    const { mode, which } = views;
    const map = `for ${transition.name(traits[SIDES[which]!])}`;
    const insets = paintScene({
      ...{ mode, which, width, height, frame: layers, image: image.layers, palette: palette() },
      cells: mode === "where" && look ? strongestCells(traits.answer) : [],
      captions: [look ? `phase ${look.phase}` : "the image", map, "the image", map],
    });
    marks.forEach((mark, i) => {
      mark.hidden = i >= insets.length;
      mark.style.inset = insets[i] ?? "";
    });
  };
  return {
    element,
    canvas,
    resize,
    draw() {
      drawShare();
      if (size === traits.size.join()) return;
      size = traits.size.join();
      resize();
    },
    paint(look: Look | null) {
      const layers = look ?? image.layers;
      if (layers && traits.size[0] > 0) drawScene(look, layers);
      const { phases, place } = walk;
      setAttribute(
        canvas,
        "aria-label",
        phases > 0 ? `phase ${place} of ${phases - 1}, ${views.mode}` : "the image",
      );
      setInvisible(canvas, frame.absent);
    },
  };
}
