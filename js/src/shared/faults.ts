/** Lets one part of a view fail without the others: remembers in words what failed until the same part succeeds. */
export class Faults {
  readonly #faults = new Map<() => unknown, string>();

  /** `changed` runs when there are other words. */
  constructor(readonly changed: () => void) {}

  /** For the reader; empty where all is well. */
  get words(): string {
    return [...new Set(this.#faults.values())].join("\n");
  }

  run(part: () => unknown): void {
    const before = this.words;
    try {
      part();
      this.#faults.delete(part);
    } catch (error) {
      this.#faults.set(part, `a part of this view failed: ${String(error)}`);
      // For the developer's console, and for tests.
      reportError(error);
    }
    if (this.words !== before) this.changed();
  }
}
