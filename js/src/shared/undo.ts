/** What was there before each edit, the newest last. */
export class Undo<T> {
  readonly #past: T[] = [];

  constructor(readonly limit = 200) {}

  get size(): number {
    return this.#past.length;
  }

  push(before: T): void {
    this.#past.push(before);
    if (this.#past.length > this.limit) this.#past.shift();
  }

  pop(): T | undefined {
    return this.#past.pop();
  }
}
