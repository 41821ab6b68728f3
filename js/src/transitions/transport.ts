import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import { count } from "../shared/format";
import { createSlider } from "../shared/slider";
import { SPEEDS, type Speed } from "./player";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import type { Walk } from "./walk";

const SPEED_WORDS: Record<Speed, string> = { 0.5: "×½", 1: "×1", 2: "×2", 4: "×4" };

/** The bar to scrub on and the buttons to play. */
export function createTransport({ scope, repaint }: TransitionFrame, transition: Transition, walk: Walk) {
  const { player } = walk;
  const slider = createSlider(
    scope,
    "phase",
    "from the wrong class (left) to the correct one; the tick is the flip",
    (phase) => walk.scrub(phase),
    () => walk.rest(),
  );
  const play = createButton(scope, "play (Space, p)", () => walk.toggle(), "▶");
  const title = "go to the phase at which the decision flips (f)";
  const flip = createButton(scope, title, () => walk.flip(), "flip");
  const speed = createButton(scope, "speed", () => {
    player.speed = SPEEDS[(SPEEDS.indexOf(player.speed) + 1) % SPEEDS.length]!;
    repaint();
  });
  speed.classList.add("cfw-number");
  const loop = createButton(
    scope,
    "begin again at the end",
    () => {
      player.loop = !player.loop;
      repaint();
    },
    "loop",
  );
  const group = { role: "group", "aria-label": "Playing" };
  return {
    slider: slider.element,
    input: slider.input,
    buttons: h("div.buttons", group, play, flip, speed, loop),
    paint() {
      const { phases, place } = walk;
      const last = Math.max(0, phases - 1);
      const marked = transition.path?.flip ?? null;
      const text = phases > 0 ? `${place} of ${count(last)}` : "";
      // As wide as it will ever be, in tabular figures.
      slider.element.style.setProperty("--c-figures", `${2 * count(last).length + 4}ch`);
      slider.update(place, Math.max(1, last), text, phases < 1, marked);
      setText(play, player.playing ? "❚❚" : "▶");
      setAttribute(play, "aria-label", player.playing ? "Pause" : "Play");
      setAttribute(play, "aria-disabled", phases < 2 && "true");
      setAttribute(flip, "aria-disabled", marked === null && "true");
      setText(speed, SPEED_WORDS[player.speed]);
      setAttribute(speed, "aria-label", `Speed ${player.speed}`);
      setAttribute(loop, "aria-pressed", String(player.loop));
    },
  };
}
