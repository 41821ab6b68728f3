import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute } from "../shared/dom";
import { createSlider } from "../shared/slider";
import type { Look } from "./look";
import type { RelevanceFrame } from "./traits";
import { MODES, SCALES } from "./words";

/** Steps of the slider: its end smooths by so much of the shorter side. */
const [STEPS, FARTHEST] = [20, 0.05];

/** How all maps are looked at. */
export function createTools({ scope, traits }: RelevanceFrame, look: Look) {
  const modes = createChoice(scope, "show maps as", MODES, (mode) => look.change({ mode }));
  const scales = createChoice(scope, "colour scale", SCALES, (scale) => look.change({ scale }));
  const sign = createButton(
    scope,
    "tell what speaks for the class from what speaks against it; else only how much",
    () => look.change({ signed: !look.signed }),
    "sign",
  );
  const unit = () => (FARTHEST * Math.min(...traits.size)) / STEPS;
  const smoothing = createSlider(
    scope,
    "smoothing",
    "standard deviation of a Gaussian, in pixels",
    (step) => look.change({ smoothing: step * unit() }),
    () => {},
  );
  const element = h("div.tools", modes.element, scales.element, sign, smoothing.element);
  return {
    element,
    paint() {
      element.hidden = traits.entries.length === 0;
      modes.update(look.mode);
      scales.update(look.scale);
      setAttribute(sign, "aria-pressed", String(look.signed));
      const step = unit() > 0 ? Math.round(look.smoothing / unit()) : 0;
      smoothing.update(step, STEPS, `${look.smoothing.toFixed(1)} px`, look.maps.all.length === 0);
    },
  };
}
