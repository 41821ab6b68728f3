import { createButton } from "./button";
import { setText } from "./dom";
import type { Scope } from "./scope";

/** How long the button says that it has copied, in ms. */
const LONG = 1500;

/** A button that copies a text to the clipboard, and says if it could. */
export function createCopy(scope: Scope, text: () => string, label = "copy") {
  let timer: ReturnType<typeof setTimeout> | undefined;
  scope.defer(() => clearTimeout(timer));
  const element = createButton(scope, "copy to the clipboard", () => void copy(), label);
  const say = (words: string) => {
    setText(element, words);
    clearTimeout(timer);
    timer = setTimeout(() => setText(element, label), LONG);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      say("copied");
    } catch {
      // A page without the right to it, or from an address that is not secure: the text stands there to be selected.
      say("select and copy");
    }
  };
  return { element, copy };
}
