import type { Asking } from "./answers";

/** Answers one question after the other; of those that come meanwhile only the newest. What fails is shown in the view. */
export function latest(view: Asking, answer: () => Promise<void>): () => void {
  let busy = false;
  let again = false;
  return async function ask() {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      try {
        await answer();
        view.set({ error: "" });
      } catch (error) {
        view.set({ error: `the network of this page has no answer: ${String(error)}` });
      }
    }
    busy = false;
  };
}
