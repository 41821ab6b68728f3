import type { Front } from "./front";
import { givingWay } from "./groups";
import type { Edited, ParetoFrame } from "./traits";

/** Changes by hand: what the kernel is to evaluate, and its answer. */
export class Edit {
  /** The answer to what was edited before: not to what is edited now. */
  #past: Edited | null = null;
  /** The attribute that was moved last, and the changes before: what gave way to it comes back when it goes back. */
  #moved = -1;
  #before: readonly number[] = [];

  constructor(
    readonly frame: ParetoFrame,
    readonly front: Front,
  ) {}

  get on(): boolean {
    return this.frame.traits.edit.length > 0;
  }

  /** The changes that are shown, whether by hand or not. */
  get changes(): readonly number[] {
    return this.on ? this.frame.traits.edit : this.front.changes(this.front.shown);
  }

  /** Whether nothing is outstanding. */
  get settled(): boolean {
    const { edit, edited } = this.frame.traits;
    return !this.on || (edited !== null && edit.every((value, i) => value === edited.deltas[i]));
  }

  /** The answer to show: to these changes, or to earlier ones of the same edit. */
  get answer(): Edited | null {
    const { edited } = this.frame.traits;
    return this.on && (this.settled || edited !== this.#past) ? edited : null;
  }

  change(index: number, value: number): void {
    const { edited, reach, groups, attributes } = this.frame.traits;
    if (!this.on) this.#past = edited;
    if (!this.on || index !== this.#moved) [this.#moved, this.#before] = [index, this.changes];
    const moved = this.#before.map((old, i) => (i === index ? value : old));
    // What was found may lie a rounding error outside.
    const edit = givingWay(moved, index, groups, attributes, reach).map((change) =>
      Math.min(reach, Math.max(-reach, change)),
    );
    // What is edited stays what it is, also if something better is found meanwhile.
    this.frame.save({ chosen: this.front.shown, edit });
  }

  undo(): void {
    this.frame.save({ edit: [] });
  }
}
