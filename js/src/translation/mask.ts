import { createButton } from "../shared/button";
import { beginCanvas } from "../shared/canvas";
import { createChoice } from "../shared/choice";
import type { Crosshair } from "../shared/crosshair";
import { h, setAttribute } from "../shared/dom";
import type { Amounts } from "../shared/share";
import { createShare } from "../shared/share";
import { createSlider } from "../shared/slider";
import type { Look } from "./look";
import { Overlay } from "./overlay";
import { createScores } from "./scores";
import { createSurface } from "./surface";
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
  const surface = createSurface(traits, canvas, box, () => Math.min(WIDEST, element.clientWidth || WIDEST));
  const drawLayers = () => {
    const { bundle, levels, level, style, opacity, truth } = look;
    const ground = frame.palette.value("--c-ground");
    if (!surface.changed(bundle?.image, levels, level, style, opacity, truth, ground)) return;
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
    resize: surface.resize,
    draw: surface.draw,
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
