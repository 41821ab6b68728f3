/** How long an answer has been outstanding, in words for the reader. */
export type Wait = "none" | "short" | "asking" | "silent";

/**
 * Tells, by `changed`, when an outstanding answer has become worth a word: after 400 ms "asking", and
 * "silent" after 5 s without a sign of life from the kernel.
 */
export class Waiting {
  #wait: Wait = "none";
  #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(
    readonly changed: () => void,
    readonly asking = 400,
    readonly silent = 5000,
  ) {}

  get wait(): Wait {
    return this.#wait;
  }

  /** Says at each drawing whether an answer is outstanding. */
  update(outstanding: boolean): void {
    if (outstanding) this.begin();
    else this.end();
  }

  /** The answer is outstanding. Further calls change nothing until it came or `alive` was called. */
  begin(): void {
    if (this.#wait !== "none") return;
    this.#wait = "short";
    this.#start();
  }

  /** An answer came, though to an earlier question: the kernel is there, so the clock starts anew. */
  alive(): void {
    if (this.#wait === "none") return;
    if (this.#wait === "silent") this.#wait = "asking";
    this.#start();
  }

  end(): void {
    this.#wait = "none";
    this.#stop();
  }

  #start(): void {
    this.#stop();
    const later = (wait: Wait, delay: number) =>
      setTimeout(() => {
        this.#wait = wait;
        this.changed();
      }, delay);
    if (this.#wait === "short") this.#timers.push(later("asking", this.asking));
    this.#timers.push(later("silent", this.silent));
  }

  #stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
