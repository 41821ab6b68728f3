import { isCommand } from "../shared/keys";
import type { Walk } from "./walk";

/** What a key does: goes to a phase, or one of the commands; null for a key that does nothing here. */
export type Key = { to: number } | "play" | "flip" | null;

const COMMANDS: Record<string, "play" | "flip"> = { " ": "play", p: "play", f: "flip" };
const tenth = (last: number) => Math.max(1, Math.round(last / 10));
/** Where the keys lead: the arrows by a step, Page Up and Page Down by a tenth of the path. */
const STEPS: Record<string, (phase: number, last: number, step: number) => number> = {
  ArrowRight: (phase, _, step) => phase + step,
  ArrowLeft: (phase, _, step) => phase - step,
  PageUp: (phase, last) => phase + tenth(last),
  PageDown: (phase, last) => phase - tenth(last),
  Home: () => 0,
  End: (_, last) => last,
};
/** On the slider alone. */
const ON_SLIDER: Record<string, string> = { ArrowUp: "ArrowRight", ArrowDown: "ArrowLeft" };

/** A step is one phase, with Shift ten. */
export function keyOf(
  { key, shiftKey }: Pick<KeyboardEvent, "key" | "shiftKey">,
  phase: number,
  phases: number,
  onSlider: boolean,
): Key {
  const last = Math.max(0, phases - 1);
  const lead = STEPS[(onSlider && ON_SLIDER[key]) || key];
  if (!lead) return COMMANDS[key.toLowerCase()] ?? null;
  return { to: Math.min(last, Math.max(0, lead(phase, last, shiftKey ? 10 : 1))) };
}

/** Moves by the keys that nothing else in the view takes; true if it has used one. */
export const walkByKeys =
  (walk: Walk, slider: HTMLInputElement): ((event: KeyboardEvent) => boolean) =>
  (event) => {
    const target = event.composedPath()[0];
    const onSlider = target === slider;
    if (isCommand(event) || event.defaultPrevented) return false;
    if (target instanceof HTMLInputElement && !onSlider) return false;
    if (target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return false;
    const key = walk.phases > 0 ? keyOf(event, walk.place, walk.phases, onSlider) : null;
    if (!key) return false;
    if (key === "flip") walk.flip();
    else if (key !== "play") walk.jump(key.to);
    else if (!event.repeat) walk.toggle();
    return true;
  };
