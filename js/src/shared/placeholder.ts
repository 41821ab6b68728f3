import { h, setAttribute, setText } from "./dom";

/** The box of words that stands where a picture will be, or where it could not be read. */
export function createPlaceholder() {
  const element = h("div.placeholder");
  return {
    element,
    /** No words: no box. `failed` makes them an alert. */
    update(words: string, failed: boolean) {
      setText(element, words);
      setAttribute(element, "role", failed && "alert");
      element.hidden = words === "";
    },
  };
}
