/** A function that runs at most once in a while: at once if it may, else at the end of the wait. */
export interface Throttled {
  (): void;
  /** Runs now what was asked for and has not run yet. */
  flush(): void;
  readonly pending: boolean;
}

export function throttle(run: () => void, wait: number): Throttled {
  let last = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = () => {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    run();
  };
  const call = () => {
    if (timer !== undefined) return;
    const left = last + wait - performance.now();
    if (left <= 0) now();
    else timer = setTimeout(now, left);
  };
  return Object.defineProperty(
    Object.assign(call, {
      flush() {
        if (timer !== undefined) now();
      },
    }),
    "pending",
    { get: () => timer !== undefined },
  ) as Throttled;
}
