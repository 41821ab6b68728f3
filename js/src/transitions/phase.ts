import { throttle } from "../shared/throttle";
import type { TransitionFrame } from "./traits";

/** The kernel hears of a moving phase at most this often, in ms; while playing, less. */
const SAVE_EVERY = 200;
const SAVE_PLAYING = 1000;

/** The phase of one view: the hand, or the play, leads; between them it follows the model. */
export class Phase {
  #phase: number;
  #moving = false;
  #setting = false;
  readonly #save;
  readonly #saveSlowly;

  constructor(
    readonly frame: TransitionFrame,
    readonly changed: () => void,
  ) {
    const save = () => {
      // Set once more, since something else may have come from the kernel meanwhile.
      this.#set();
      frame.save({});
    };
    this.#save = throttle(save, SAVE_EVERY);
    this.#saveSlowly = throttle(save, SAVE_PLAYING);
    frame.scope.defer(() => this.#flush());
    frame.listen(["phase"], () => this.#read());
    this.#phase = frame.traits.phase;
  }

  get value(): number {
    return this.#phase;
  }

  /** Moves by hand; a movement goes on until `rest`. */
  move(phase: number): void {
    this.#moving = true;
    if (this.#put(phase)) this.#save();
  }

  /** Moves by itself. */
  play(phase: number): void {
    this.#moving = true;
    if (this.#put(phase)) this.#saveSlowly();
  }

  /** The movement has ended. */
  rest(): void {
    this.#moving = false;
    this.#flush();
  }

  /** Tells the charts which phase is looked at. Not saved: they are linked in the browser. */
  point(phase: number): void {
    // Not set anew: hosts differ in whether an equal list is a change, and this runs at each painting.
    if (this.frame.traits.cursor[0] !== phase) this.frame.set({ cursor: [phase, phase] });
  }

  /** Whether the phase is another one now. */
  #put(phase: number): boolean {
    if (phase === this.#phase) return false;
    this.#phase = phase;
    this.#set();
    this.point(phase);
    this.changed();
    return true;
  }

  #set(): void {
    this.#setting = true;
    this.frame.set({ phase: this.#phase });
    this.#setting = false;
  }

  #flush(): void {
    this.#save.flush();
    this.#saveSlowly.flush();
  }

  /** Takes what the kernel, or another view, has set; but while it moves here, here is right. */
  #read(): void {
    if (this.#setting || this.#moving || this.#save.pending || this.#saveSlowly.pending) return;
    const { phase } = this.frame.traits;
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.changed();
  }
}
