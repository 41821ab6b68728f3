import { h, setAttribute, setText, UNHEARD } from "./dom";
import type { Scope } from "./scope";

/** A slider with its name on the left and its value in figures of even width on the right. */
export function createSlider(
  scope: Scope,
  name: string,
  title: string,
  /** `first` is true when a new movement begins. */
  moved: (value: number, first: boolean) => void,
  released: () => void,
) {
  const input = h("input.range", { type: "range", min: 0, step: 1, "aria-label": name });
  const mark = h("span.slider-mark", UNHEARD);
  mark.hidden = true;
  const output = h("span.slider-value.number");
  const element = h(
    "label.slider",
    { title },
    h("span.slider-name", name),
    h("span.slider-track", mark, input),
    output,
  );
  let moving = false;
  const fill = () => {
    const span = Number(input.max);
    input.style.setProperty("--c-fill", `${span > 0 ? (100 * Number(input.value)) / span : 0}%`);
  };
  scope.on(input, "input", () => {
    const first = !moving;
    moving = true;
    fill();
    moved(Number(input.value), first);
  });
  const release = () => {
    if (!moving) return;
    moving = false;
    released();
  };
  // A slider that is drawn away and back again fires no change.
  scope.on(input, ["change", "pointerup", "pointercancel", "blur"], release);
  return {
    element,
    input,
    /** `marked` is a value to mark on the track. */
    update(value: number, max: number, text: string, disabled: boolean, marked: number | null = null) {
      setAttribute(input, "max", max);
      // Never under the hand that moves it.
      if (!moving) input.value = String(value);
      input.disabled = disabled;
      // It would not hear of the hand's end.
      if (disabled) release();
      setAttribute(input, "aria-valuetext", text);
      setText(output, text);
      mark.hidden = marked === null || max <= 0;
      mark.style.setProperty("--c-at", String((marked ?? 0) / Math.max(1, max)));
      fill();
    },
  };
}
