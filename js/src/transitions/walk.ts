import { Phase } from "./phase";
import { Player } from "./player";
import { SIDES } from "./sides";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import { spokenPhase } from "./words";

/** Keys have come to rest after this time, in ms. */
const REST = 350;

/** Where on the path the view is, and what moves it: the hand, keys and buttons, or the play. */
export class Walk {
  readonly player: Player;
  readonly #phase: Phase;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly frame: TransitionFrame,
    readonly transition: Transition,
    /** It is moved to another phase, but not by the play. */
    readonly moved: () => void,
  ) {
    this.#phase = new Phase(frame, () => {
      transition.frames.seek(this.place);
      frame.repaint();
    });
    this.player = new Player(
      frame.scope,
      () => this.phases,
      (to) => this.#phase.play(to),
      () => {
        if (!this.player.playing) this.rest();
        frame.repaint();
      },
    );
    frame.scope.defer(() => clearTimeout(this.#resting));
  }

  get phases(): number {
    return this.transition.path?.phases ?? 0;
  }

  /** The phase looked at, on the path that there is. */
  get place(): number {
    return Math.min(Math.max(0, this.#phase.value), Math.max(0, this.phases - 1));
  }

  /** Reads what the kernel has sent, and looks at it from where the view is. */
  follow(): void {
    if (!this.transition.read()) return;
    if (!this.transition.path) this.player.pause();
    this.transition.frames.seek(this.place);
  }

  /** Moves by hand; that goes on until `rest`. */
  scrub(to: number): void {
    clearTimeout(this.#resting);
    this.player.pause();
    if (to !== this.#phase.value) this.moved();
    this.#phase.move(to);
  }

  /** Moves by a key or a button: nothing says when that has ended. */
  jump(to: number): void {
    if (!this.transition.path) return;
    this.scrub(to);
    this.#resting = setTimeout(() => this.rest(), REST);
  }

  flip(): void {
    const flip = this.transition.path?.flip ?? null;
    if (flip !== null) this.jump(flip);
  }

  /** Plays, or pauses. */
  toggle(): void {
    if (this.player.playing) this.player.pause();
    else this.player.play(this.place);
  }

  rest(): void {
    const { transition, place } = this;
    clearTimeout(this.#resting);
    this.#phase.rest();
    if (!transition.path) return;
    const { traits, say } = this.frame;
    say(
      spokenPhase(
        place,
        SIDES.map((side) => [transition.name(traits[side]), transition.probability(side, place)]),
      ),
    );
  }

  /** Tells the charts where the view is. */
  point(): void {
    if (this.transition.path) this.#phase.point(this.place);
  }
}
