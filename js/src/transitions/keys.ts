import { isCommand } from "../shared/keys";
import type { Walk } from "./walk";

/** What a key does: goes to a phase, or one of the commands; null for a key that does nothing here. */
export type Key = { to: number } | "play" | "flip" | null;

/** `step` is how far a key goes: the arrows one phase, with Shift ten, Page Up and Page Down a tenth of the path. */
export function keyOf(
  event: Pick<KeyboardEvent, "key" | "shiftKey">,
  phase: number,
  phases: number,
  /** Whether the key is pressed on the slider, where the arrows up and down count, too. */
  onSlider: boolean,
): Key {
  const last = Math.max(0, phases - 1);
  const to = (next: number) => ({ to: Math.min(last, Math.max(0, next)) });
  const step = event.shiftKey ? 10 : 1;
  const tenth = Math.max(1, Math.round(last / 10));
  switch (event.key) {
    case "ArrowRight":
      return to(phase + step);
    case "ArrowLeft":
      return to(phase - step);
    case "ArrowUp":
      return onSlider ? to(phase + step) : null;
    case "ArrowDown":
      return onSlider ? to(phase - step) : null;
    case "PageUp":
      return to(phase + tenth);
    case "PageDown":
      return to(phase - tenth);
    case "Home":
      return to(0);
    case "End":
      return to(last);
    case " ":
    case "p":
    case "P":
      return "play";
    case "f":
    case "F":
      return "flip";
    default:
      return null;
  }
}

/** Moves by the keys that nothing else in the view takes; true if it has used one. */
export function walkByKeys(walk: Walk, slider: HTMLInputElement): (event: KeyboardEvent) => boolean {
  return (event) => {
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
}
