import { createButton } from "../shared/button";
import { beginCanvas, setSize, sizeCanvas } from "../shared/canvas";
import { createChoice } from "../shared/choice";
import type { Crosshair } from "../shared/crosshair";
import { h, setAttribute } from "../shared/dom";
import { fitStage, SMALL } from "../shared/fit";
import type { Amounts } from "../shared/share";
import { createShare } from "../shared/share";
import { createSlider } from "../shared/slider";
import type { Look } from "./look";
import { Overlay } from "./overlay";
import { createScores } from "./scores";
import type { TranslationFrame } from "./traits";
import { MAPS, STYLES } from "./words";

const WIDEST = 320;

/** What differs, over the image: in shades, or as the region above a threshold, beside the true mask. */
export function createMask(
  frame: TranslationFrame,
  look: Look,
  crosshair: Crosshair,
  amounts: () => Amounts | null,
) {
  const { scope, traits } = frame;
  const canvas = h("canvas.mask-canvas", { role: "img", "aria-label": "the difference over the image" });
  const overlay = new Overlay(frame.palette);
  const now = () => performance.now();
  const styles = createChoice(scope, "show the mask as", STYLES, (style) => look.change({ style }, now()));
  const maps = createChoice(scope, "mask", MAPS, (map) => look.change({ map, other: "twin" }, now()));
  const truth = createButton(
    scope,
    "outline the true mask",
    () => look.change({ truth: !look.truth }, now()),
    h("i.swatch.true", { "aria-hidden": "true" }),
    "true mask",
  );
  const threshold = createSlider(
    scope,
    "threshold",
    "the mask is where the difference is at least this",
    (level) => look.moveThreshold(level, now()),
    () => look.rest(),
  );
  const opacity = createSlider(
    scope,
    "opacity",
    "how much the mask covers",
    (value) => look.change({ opacity: value / 100 }, now()),
    () => {},
  );
  const scores = createScores();
  const box = h("div.mask-scene", canvas);
  const drawShare = createShare(frame, box, "the difference", amounts);
  crosshair.over(box);
  const element = h(
    "div.mask",
    box,
    h("div.tools", styles.element, truth),
    threshold.element,
    opacity.element,
    scores.element,
    maps.element,
  );
  let painted: readonly unknown[] = [];
  const resize = () => {
    const [high, wide] = traits.size;
    const [w, h] = fitStage(wide || 1, high || 1, Math.min(WIDEST, element.clientWidth || WIDEST));
    setSize(box, w, h);
    sizeCanvas(canvas, w, h);
    painted = [];
  };
  const drawLayers = () => {
    const { bundle, levels, level, style, opacity, truth } = look;
    const now = [
      bundle?.image,
      levels,
      level,
      style,
      opacity,
      truth,
      canvas.width,
      frame.palette.value("--c-ground"),
    ];
    if (painted.length > 0 && now.every((value, i) => value === painted[i])) return;
    painted = now;
    drawShare();
    const [height, width] = traits.size;
    const context = beginCanvas(canvas, width);
    if (!context || !bundle?.image) return;
    context.drawImage(bundle.image, 0, 0, canvas.width, canvas.height);
    if (levels) overlay.draw(context, { levels, level, style, opacity }, width, height);
    if (bundle.truth && truth)
      overlay.outline(context, bundle.truth, 1, width, height, frame.palette.value("--c-true"));
  };
  return {
    element,
    resize,
    draw() {
      if (canvas.width === 0 || element.dataset.size !== traits.size.join()) resize();
      element.dataset.size = traits.size.join();
      canvas.classList.toggle("cfw-pixels", traits.size[1] <= SMALL);
    },
    paint() {
      drawLayers();
      const { bundle, level } = look;
      styles.update(look.style);
      maps.update(look.map);
      maps.element.classList.toggle("cfw-invisible", !bundle?.mean);
      setAttribute(truth, "aria-pressed", String(look.truth));
      truth.hidden = !bundle?.truth;
      const figure = (level / 256).toFixed(2).slice(1);
      threshold.update(level, 255, figure, !look.levels);
      opacity.update(
        Math.round(100 * look.opacity),
        100,
        `${Math.round(100 * look.opacity)} %`,
        !look.levels,
      );
      scores.paint(look.overlap, bundle?.truth != null, level);
    },
  };
}
