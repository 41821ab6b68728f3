import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute, setInvisible, setText, UNHEARD } from "../shared/dom";
import { strongestCells } from "./cells";
import type { Image } from "./image";
import { legendOf } from "./legend";
import type { Mode } from "./painter";
import { MARKS, SIDES } from "./sides";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";

const MODES: Record<Mode, readonly [text: string, title: string]> = {
  overlay: ["overlay", "the frame under its relevance map"],
  "side by side": ["side by side", "frame and map, image and map"],
  difference: ["difference", "the frame less the image"],
  where: ["attribution", "path attribution: each region’s share in the change of the prediction"],
  plain: ["plain", "the frame alone"],
};
const SIDE = "what speaks for this class (+) and against it (−)";

export type Views = ReturnType<typeof createViews>;

/** How the stage is drawn: the mode, the map of which class, and what its colours mean. */
export function createViews(frame: TransitionFrame, transition: Transition, image: Image) {
  const { scope, traits } = frame;
  let mode: Mode = "overlay";
  /** The map of the wrong class (0) or of the correct one (1). */
  let which = 0;
  const modes = createChoice(scope, "View", MODES, (chosen) => {
    mode = chosen;
    frame.refresh();
  });
  const sides = SIDES.map((side, i) => {
    const name = h("span.ellipsis");
    const mark = h("span", { class: `cfw-${side}`, ...UNHEARD }, MARKS[side]);
    const choose = () => {
      which = i;
      frame.refresh();
    };
    return { side, name, button: createButton(scope, SIDE, choose, mark, name) };
  });
  const buttons = sides.map(({ button }) => button);
  const toggle = h("div.segmented.sides", { role: "group", "aria-label": "Map for" }, ...buttons);
  const [low, high, unit] = [h("span"), h("span"), h("span.ellipsis")];
  const legend = h("div.scale.muted.number", low, h("i"), high, unit);

  /** Whether there is what a mode needs. */
  const offers: Record<Mode, () => boolean> = {
    overlay: () => Boolean(transition.source ? transition.source.maps : image.layers?.maps),
    "side by side": () => offers.overlay(),
    difference: () => transition.source !== null && image.layers !== null,
    where: () => transition.source !== null && strongestCells(traits.answer).length > 0,
    plain: () => true,
  };
  /** The mode in which it is drawn. */
  const shown = () => (offers[mode]() ? mode : "plain");
  const drawLegend = () => {
    const now = frame.absent ? null : legendOf(shown(), transition.path?.scale, traits.answer);
    setInvisible(legend, !now);
    // The last one stays in its place, unseen, so that nothing moves.
    if (!now) return;
    setText(low, now.low);
    setText(high, now.high);
    setText(unit, now.unit);
    setAttribute(unit, "title", now.unit);
  };
  const views = {
    modes: modes.element,
    maps: h("div.maps", toggle, legend),
    get mode() {
      return mode;
    },
    get which() {
      return which;
    },
    /** Whether maps are drawn, of which there are two to choose from. */
    get showsMaps() {
      return shown() === "overlay" || shown() === "side by side";
    },
    draw() {
      modes.update(mode);
      for (const [name, button] of modes.buttons)
        setAttribute(button, "aria-disabled", !offers[name]() && "true");
      sides.forEach(({ side, name, button }, i) => {
        setText(name, `for ${transition.name(traits[side])}`);
        setAttribute(button, "aria-pressed", String(i === which));
      });
      toggle.hidden = !views.showsMaps;
      drawLegend();
      frame.root.dataset.mode = mode;
    },
  };
  return views;
}
