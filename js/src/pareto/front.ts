import { inRegions, lookAt } from "./region";
import type { Member, ParetoFrame, Traits } from "./traits";
import { changesOf, nearest, span } from "./wire";
import * as words from "./words";

/** The brush of each chart. */
const BRUSHES = [
  ["across_0", "up_0"],
  ["across_1", "up_1"],
  ["across_2", "up_2"],
] as const;

/** The front as it is now, which counterfactual of it is shown, and which are in the brushed region. */
export class Front {
  /** The places that the brushes leave; null where nothing is brushed. */
  brushed: readonly number[] | null = null;
  /** The changes of the counterfactual that was chosen: a newer front has it at another place. */
  #followed: readonly number[] | null = null;
  #deltas: Traits["deltas"];

  constructor(readonly frame: ParetoFrame) {}

  get members(): readonly Member[] {
    return this.frame.traits.members;
  }

  /** The class that is predicted for the image. */
  get original(): string {
    const { labels, original_class } = this.frame.traits;
    return labels[original_class] ?? "";
  }

  /** The counterfactual that is shown; -1 while there is none. */
  get shown(): number {
    const { chosen, simplest, crossing, members } = this.frame.traits;
    const there = [chosen, simplest, crossing].find((place) => place >= 0 && place < members.length);
    return there ?? lookAt(members);
  }

  /** The front itself, without the simplest flip, which was made of one of it. */
  get found(): readonly Member[] {
    const { members, simplest } = this.frame.traits;
    return simplest < 0 ? members : members.slice(0, simplest);
  }

  /** All places as they are shown: by the probability that is left. */
  get places(): number[] {
    const places = this.members.map((_, place) => place);
    const last = this.frame.traits.simplest;
    if (last !== places.length - 1 || last < 0) return places;
    const { p } = this.members[last]!;
    const before = this.found.filter((member) => member.p >= p).length;
    return [...places.slice(0, before), last, ...places.slice(before, last)];
  }

  pick(place: number): words.Pick {
    const { simplest, crossing } = this.frame.traits;
    return place === simplest ? "simplest" : place === crossing ? "best" : "none";
  }

  /** Whether the front is the one that was followed last. */
  get known(): boolean {
    return this.frame.traits.deltas === this.#deltas;
  }

  changes(place: number): number[] {
    return changesOf(this.frame.traits, place);
  }

  /** For the ear, and under the pointer. */
  describe(place: number): string {
    const changes = words.changes(this.frame.traits.names, this.changes(place));
    const [member, count] = [this.members[place]!, this.found.length];
    return words.spoken(place, member, count, this.original, this.pick(place), changes);
  }

  title(place: number): string {
    return words.title(place, this.found, this.pick(place), place === lookAt(this.found));
  }

  /** Stays with what was chosen. */
  follow(): void {
    const { traits } = this.frame;
    if (!this.known && this.#followed) {
      const place = nearest(traits, this.#followed);
      if (place !== traits.chosen) this.frame.save({ chosen: place });
    }
    this.#deltas = traits.deltas;
    this.#followed = traits.chosen < 0 ? null : this.changes(traits.chosen);
  }

  /** Finds what is in the brushed region, and tells the kernel: another front has other places there. */
  brush(): void {
    const { traits } = this.frame;
    const regions = BRUSHES.map((brush) => {
      const [across, up] = brush.map((trait) => span(traits[trait]));
      return across && up ? ([across, up] as const) : null;
    });
    this.brushed = inRegions(this.members, regions);
    const next = this.brushed ?? [];
    if (next.join() !== traits.brushed.join()) this.frame.save({ brushed: next });
  }

  /** Takes all brushes away. */
  showAll(): void {
    for (const trait of BRUSHES.flat())
      if (this.frame.traits[trait] != null) this.frame.set({ [trait]: null });
    this.frame.refresh();
  }
}
