import { throttle } from "../shared/throttle";
import { answerOf, indicesOf, type Mask, maskOf, sameMask } from "./masks";
import type { Picture, Shown } from "./pictures";
import type { SuperpixelFrame } from "./traits";

/** While a stroke goes on, the kernel hears of it at most this often, in ms. */
const SAVE_EVERY = 60;

/** The mask of one view: every edit is shown at once, sent to the kernel, and can be taken back. */
export class Editor {
  #mask: Mask = new Uint8Array(0);
  #picture: Picture | null = null;
  #following = false;
  #going = false;
  #remembered = false;
  #setting = false;
  readonly #save;

  constructor(readonly frame: SuperpixelFrame) {
    this.#save = throttle(() => {
      // Set once more, since something else may have come from the kernel while the stroke went on.
      this.#set();
      frame.save({});
    }, SAVE_EVERY);
    frame.scope.defer(() => this.#save.flush());
    frame.listen(["shown", "following", "best", "smallest"], () => this.#read());
  }

  get mask(): Mask {
    return this.#mask;
  }

  /** Whether the answer is shown, whatever it will be. */
  get following(): boolean {
    return this.#following;
  }

  /** How many edits can be taken back, whichever view of the model they were made in. */
  get edits(): number {
    return this.#picture?.undo.size ?? 0;
  }

  /** Another picture, or none: its own mask and its own history. */
  open(picture: Picture | null): void {
    this.#picture = picture;
    this.#going = false;
    this.#read();
  }

  /** Begins an edit of several steps, such as a stroke; they are taken back together. */
  begin(): void {
    this.#going = true;
    this.#remembered = false;
  }

  end(): void {
    this.#going = false;
    this.#save.flush();
  }

  edit(next: Mask): void {
    if (!this.#picture || sameMask(next, this.#mask)) return;
    this.#remember();
    this.#put({ mask: next, following: false });
  }

  /** Shows or hides superpixels; `first` begins a stroke. */
  stroke(regions: readonly number[], show: boolean, first: boolean): void {
    if (first) this.begin();
    const next = this.#mask.slice();
    for (const region of regions) next[region] = show ? 1 : 0;
    this.edit(next);
  }

  /** Shows the answer so far, and the better or smaller ones that are still to be found. */
  follow(): void {
    if (!this.#picture || this.#following) return;
    this.#remember();
    this.#put({ mask: this.#answer(), following: true });
  }

  undo(): void {
    const before = this.#picture?.undo.pop();
    if (before) this.#put(before.following ? { mask: this.#answer(), following: true } : before);
  }

  #remember(): void {
    const before = { mask: this.#mask, following: this.#following };
    if (!this.#going || !this.#remembered) this.#picture?.undo.push(before);
    this.#remembered = true;
  }

  #put({ mask, following }: Shown): void {
    this.#mask = mask;
    this.#following = following;
    this.#set();
    this.#save();
    this.frame.refresh();
  }

  #set(): void {
    this.#setting = true;
    if (!this.#following) this.frame.set({ shown: indicesOf(this.#mask) });
    this.frame.set({ following: this.#following });
    this.#setting = false;
  }

  #answer(): Mask {
    return maskOf(answerOf(this.frame.traits), this.#picture?.count ?? 0);
  }

  /** Takes what the kernel, or another view, has set; but while a hand is at it, the hand is right. */
  #read(): void {
    if (this.#setting || this.#going || (this.#save.pending && !this.#following)) return;
    this.#following = this.frame.traits.following;
    const count = this.#picture?.count ?? 0;
    this.#mask = this.#following ? this.#answer() : maskOf(this.frame.traits.shown, count);
    this.frame.refresh();
  }
}
