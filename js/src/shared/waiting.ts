import type { Kernel } from "./kernel";
import type { Scope } from "./scope";

/** How long an answer has been outstanding, in words for the reader. */
export type Wait = "none" | "short" | "asking" | "silent";
export type Waiting = ReturnType<typeof createWaiting>;

/** An outstanding answer is worth a word after this time, in ms; and without a sign of life from the kernel another. */
const ASKING = 400;
const SILENT = 5000;

/** Tells, by `changed`, when an outstanding answer has become worth a word: at once where nobody answers. */
export function createWaiting(scope: Scope, changed: () => void, kernel: Pick<Kernel, "gone" | "silent">) {
  let wait: Wait = "none";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = (next: Wait, delay: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      wait = next;
      if (next === "asking") later("silent", SILENT - ASKING);
      changed();
    }, delay);
  };
  const end = () => {
    wait = "none";
    clearTimeout(timer);
  };
  scope.defer(end);
  return {
    get wait() {
      return wait;
    },
    /** That an answer does not come, and what works all the same. */
    silent: (works: string) => `${kernel.silent}; ${works}`,
    /** In words for the reader: `asking` while it is being answered, and what `works` where nobody does. */
    words(asking: string, works: string): string {
      if (wait === "silent") return this.silent(works);
      return wait === "asking" ? asking : "";
    },
    /** Says at each drawing whether an answer is outstanding. */
    update(outstanding: boolean) {
      if (!outstanding) end();
      else if (kernel.gone()) wait = "silent";
      else if (wait === "none") {
        wait = "short";
        later("asking", ASKING);
      }
    },
    /** An answer came, though to an earlier question: the kernel is there, so the clock starts anew. */
    alive() {
      if (wait === "short") later("asking", ASKING);
      else if (wait !== "none") {
        wait = "asking";
        later("silent", SILENT);
      }
    },
  };
}
