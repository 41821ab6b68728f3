import type { Scores } from "./scores";
import type { FaceXFrame } from "./traits";

/** The region that is looked at: by the pointer, else by the keyboard, else the pinned one, else the highest. */
export class Look {
  #hovered: string | null = null;
  #focused: string | null = null;
  #beside: readonly HTMLElement[] = [];

  constructor(
    readonly frame: FaceXFrame,
    readonly scores: Scores,
  ) {}

  /** The region under the pointer, or else the focus; "" for none. */
  get region(): string {
    return this.#hovered ?? this.#focused ?? "";
  }

  get byKeyboard(): boolean {
    return this.#hovered === null && this.#focused !== null;
  }

  get pinned(): string {
    return this.frame.traits.chosen;
  }

  /** The region that the view is about now; "" while there is none. */
  get shown(): string {
    return this.region || this.pinned || (this.scores.rows[0]?.name ?? "");
  }

  /** The reason why that region is shown; "" where the hand is at it. */
  get why(): "pinned" | "highest" | "" {
    if (this.shown === "") return "";
    if (this.shown === this.pinned) return "pinned";
    return this.region ? "" : "highest";
  }

  /** The focus may go on to these elements without leaving the region that it came from. */
  stayIn(...elements: readonly HTMLElement[]): void {
    this.#beside = elements;
    for (const element of elements)
      this.frame.scope.on(element, "focusout", ({ relatedTarget }) =>
        this.focus(null, relatedTarget as Node | null),
      );
  }

  /** The pointer has come to a region, or has left them all: null. */
  point(region: string | null, { timeStamp }: Event): void {
    if (this.#hovered === region) return;
    this.#hovered = region;
    this.#moved(timeStamp);
  }

  /** The keyboard's focus has; or it has gone on to another element, `to`. */
  focus(region: string | null, to: Node | null = null): void {
    if (region === null && to && this.#beside.some((element) => element.contains(to))) return;
    const moved = region !== this.#focused || (region !== null && this.#hovered !== null);
    if (region !== null) {
      // A key counts more than a pointer that rests.
      this.#hovered = null;
      this.frame.say(this.scores.describe(region));
    }
    this.#focused = region;
    if (moved) this.#moved(performance.now());
  }

  /** Pins a region, or no longer if it is the pinned one. */
  pin(region: string): void {
    const { frame, scores } = this;
    const chosen = this.pinned === region ? "" : region;
    frame.say(chosen ? `pinned ${scores.describe(region)}` : `${scores.label(region)} is no longer pinned`);
    frame.save({ chosen });
  }

  unpin(): void {
    if (this.pinned) this.pin(this.pinned);
  }

  #moved(since: number): void {
    this.frame.clock(since);
    this.frame.repaint();
  }
}
