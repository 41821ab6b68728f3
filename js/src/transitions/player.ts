import type { Scope } from "../shared/scope";

export const SPEEDS = [0.5, 1, 2, 4] as const;
export type Speed = (typeof SPEEDS)[number];

/** The whole path at speed 1, in ms. */
const DURATION = 5000;
/** A page that did not draw for a while resumes where it was. */
const LONGEST_FRAME = 100;

/** Moves along the path by itself. It never begins to by itself, so it needs nobody's leave to move. */
export class Player {
  #playing = false;
  #request = 0;
  #last = 0;
  #place = 0;
  speed: Speed = 1;
  loop = false;

  constructor(
    scope: Scope,
    readonly phases: () => number,
    readonly moved: (phase: number) => void,
    /** It has begun to play, or has stopped. */
    readonly changed: () => void,
  ) {
    scope.defer(() => cancelAnimationFrame(this.#request));
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** From a phase on; from the beginning if that is the last one. */
  play(from: number): void {
    if (this.#playing || this.phases() < 2) return;
    this.#playing = true;
    this.#place = from >= this.phases() - 1 ? 0 : from;
    this.#last = performance.now();
    this.#request = requestAnimationFrame(this.#advance);
    this.changed();
  }

  pause(): void {
    if (!this.#playing) return;
    this.#playing = false;
    cancelAnimationFrame(this.#request);
    this.changed();
  }

  readonly #advance = () => {
    const now = performance.now();
    const passed = Math.min(LONGEST_FRAME, now - this.#last);
    this.#last = now;
    const last = this.phases() - 1;
    this.#place += (passed * this.speed * last) / DURATION;
    const ended = this.#place >= last;
    if (ended && this.loop && last > 0) this.#place %= last;
    this.moved(Math.min(last, Math.round(this.#place)));
    if (ended && !this.loop) this.pause();
    else if (this.#playing) this.#request = requestAnimationFrame(this.#advance);
  };
}
