import type { Ends, TransitionFrame } from "./traits";
import { OTHER_ROW_EMPTY } from "./words";

/** The candidates at the ends of the path that is to be shown: the best ones, or those that were picked. */
export class Picks {
  constructor(readonly frame: TransitionFrame) {}

  get ends(): Ends {
    const { following, best, picked } = this.frame.traits;
    return following ? best : picked;
  }

  /** Whether the path that is here leads between others. */
  isOutstanding(path: { ends: Ends } | null): boolean {
    const { state, following } = this.frame.traits;
    // While the search moves the ends, nobody has asked.
    if (state === "running" && following) return false;
    return this.ends.length > 0 && path?.ends.join() !== this.ends.join();
  }

  /** Picks a candidate of the row of the correct class (`right`), or of the wrong one. */
  pick(id: number, right: boolean): void {
    const { gallery, following } = this.frame.traits;
    const beside = gallery.find((candidate) => candidate.right !== right)?.id;
    const other = this.ends[right ? 0 : 1] ?? beside;
    if (other === undefined) {
      this.frame.say(OTHER_ROW_EMPTY);
      return;
    }
    const picked: Ends = right ? [other, id] : [id, other];
    if (following || picked.join() !== this.ends.join()) this.frame.save({ picked, following: false });
  }

  /** Follows the best ones, whichever they will be. */
  follow(): void {
    if (!this.frame.traits.following) this.frame.save({ following: true });
  }
}
