import { h, setAttribute, setText } from "./dom";
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
  const input = h("input", { type: "range", class: "cfw-range", min: 0, step: 1, "aria-label": name });
  const output = h("span", { class: "cfw-slider-value cfw-number" });
  const element = h(
    "label",
    { class: "cfw-slider", title },
    h("span", { class: "cfw-slider-name" }, name),
    input,
    output,
  );
  let moving = false;
  const fill = () => {
    const span = Number(input.max);
    input.style.setProperty("--cfw-fill", `${span > 0 ? (100 * Number(input.value)) / span : 0}%`);
  };
  input.addEventListener(
    "input",
    () => {
      const first = !moving;
      moving = true;
      fill();
      moved(Number(input.value), first);
    },
    { signal: scope.signal },
  );
  const release = () => {
    if (!moving) return;
    moving = false;
    released();
  };
  // A slider that is drawn away and back again fires no change.
  for (const event of ["change", "pointerup", "pointercancel", "blur"])
    input.addEventListener(event, release, { signal: scope.signal });
  return {
    element,
    update(value: number, max: number, text: string, disabled: boolean) {
      setAttribute(input, "max", max);
      // Never under the hand that moves it.
      if (!moving) input.value = String(value);
      input.disabled = disabled;
      // It would not hear of the hand's end.
      if (disabled) release();
      setAttribute(input, "aria-valuetext", text);
      setText(output, text);
      fill();
    },
  };
}
