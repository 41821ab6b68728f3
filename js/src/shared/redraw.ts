import type { Scope } from "./scope";

/** Draws once, however many traits one message changes. */
export function oncePerMessage(scope: Scope, draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    queueMicrotask(() => {
      asked = false;
      if (!scope.signal.aborted) draw();
    });
  };
}

/** Paints with the next frame, and only once for it. */
export function withNextFrame(scope: Scope, paint: () => void): () => void {
  let request = 0;
  scope.defer(() => cancelAnimationFrame(request));
  return () => {
    if (request || scope.signal.aborted) return;
    request = requestAnimationFrame(() => {
      request = 0;
      paint();
    });
  };
}

/** Paints at once, for the frame to come, and not again before the next. */
export function atOnce(scope: Scope, paint: () => void): () => void {
  let painted = false;
  let again = false;
  const endFrame = withNextFrame(scope, () => {
    if (again) paint();
    painted = again = false;
  });
  return () => {
    if (scope.signal.aborted) return;
    endFrame();
    if (painted) again = true;
    else paint();
    painted = true;
  };
}
