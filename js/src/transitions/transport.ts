import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import { count } from "../shared/format";
import type { Scope } from "../shared/scope";
import { createSlider } from "../shared/slider";
import { SPEEDS, type Speed } from "./player";

const SPEED_WORDS: Record<Speed, string> = { 0.5: "×½", 1: "×1", 2: "×2", 4: "×4" };

export interface TransportActions {
  scrub(phase: number): void;
  release(): void;
  /** Play, or pause. */
  toggle(): void;
  flip(): void;
  setSpeed(speed: Speed): void;
  setLoop(loop: boolean): void;
}

export interface TransportState {
  phase: number;
  phases: number;
  flip: number | null;
  playing: boolean;
  speed: Speed;
  loop: boolean;
}

/** The bar to scrub on and the buttons to play. */
export function createTransport(scope: Scope, actions: TransportActions) {
  let state: TransportState | null = null;
  const slider = createSlider(
    scope,
    "phase",
    "from the wrong class (left) to the correct one; the tick is the flip",
    (phase) => actions.scrub(phase),
    () => actions.release(),
  );
  const play = createButton(scope, "play (Space, p)", () => actions.toggle(), "▶");
  play.classList.add("cfw-play");
  const flip = createButton(
    scope,
    "go to the phase at which the decision flips (f)",
    () => actions.flip(),
    "flip",
  );
  const speed = createButton(scope, "speed", () => {
    const next = (SPEEDS.indexOf(state?.speed ?? 1) + 1) % SPEEDS.length;
    actions.setSpeed(SPEEDS[next]!);
  });
  speed.classList.add("cfw-speed", "cfw-number");
  const loop = createButton(scope, "begin again at the end", () => actions.setLoop(!state?.loop), "loop");
  const buttons = h(
    "div.cfw-transport-buttons",
    { role: "group", "aria-label": "Playing" },
    ...[play, flip, speed, loop],
  );
  slider.element.classList.add("cfw-scrub");
  return {
    slider: slider.element,
    input: slider.input,
    buttons,
    update(now: TransportState) {
      state = now;
      const none = now.phases < 1;
      const last = Math.max(0, now.phases - 1);
      const text = none ? "" : `${now.phase} of ${count(last)}`;
      // As wide as it will ever be, in tabular figures.
      slider.element.style.setProperty("--cfw-figures", `${2 * count(last).length + 4}ch`);
      slider.update(now.phase, Math.max(1, last), text, none, now.flip);
      setText(play, now.playing ? "❚❚" : "▶");
      setAttribute(play, "aria-label", now.playing ? "Pause" : "Play");
      setAttribute(play, "aria-disabled", now.phases < 2 && "true");
      setAttribute(flip, "aria-disabled", now.flip === null && "true");
      setText(speed, SPEED_WORDS[now.speed]);
      setAttribute(speed, "aria-label", `Speed ${now.speed}`);
      setAttribute(loop, "aria-pressed", String(now.loop));
    },
  };
}
