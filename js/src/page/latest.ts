import type { Asking } from "./answers";
import { inWords } from "./fault";

/** Answers one question after the other; of those that come meanwhile only the newest. What fails is shown in the view. */
export function latest(view: Pick<Asking, "get" | "set">, answer: () => Promise<void>): () => void {
  let busy = false;
  let again = false;
  let failed = false;
  return async function ask() {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      try {
        await answer();
        // Only its own words: why a run failed is told on.
        if (failed) view.set({ error: "" });
        failed = false;
      } catch (error) {
        failed = true;
        view.set({ error: `this page has no answer: ${inWords(error)}` });
      }
    }
    busy = false;
  };
}
