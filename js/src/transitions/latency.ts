import type { TransitionFrame } from "./traits";

/** Measures how long an input that moves takes, to the first frame that answers it and to the very one it asked for. */
export function followInputs({ root, scope, clock }: TransitionFrame) {
  /** When the last input came; and when the last one that moved, until its frame is painted: then 0. */
  let input = 0;
  let asked = 0;
  /** Whether nothing was painted since. */
  let unanswered = false;
  // Before the parts of the view hear of it.
  scope.on(
    root,
    ["input", "click", "keydown"],
    (event) => {
      input = event.timeStamp;
    },
    true,
  );
  return {
    /** The input has moved. */
    moved() {
      asked = input;
      unanswered = true;
    },
    /** A frame is painted; `exact` if it is the one that was asked for. */
    painted(exact: boolean) {
      if (asked === 0) return;
      if (unanswered) clock(asked);
      unanswered = false;
      if (!exact) return;
      root.dataset.exact = (performance.now() - asked).toFixed(1);
      asked = 0;
    },
  };
}
