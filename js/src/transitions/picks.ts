import type { Ends, TransitionFrame } from "./traits";
import { OTHER_ROW_EMPTY } from "./words";

export type Picks = ReturnType<typeof createPicks>;

/** The candidates at the ends of the path that is to be shown: the best ones, or those that were picked. */
export function createPicks({ traits, say, save }: TransitionFrame) {
  const ends = (): Ends => (traits.following ? traits.best : traits.picked);
  return {
    ends,
    /** Whether the path that is here leads between others. */
    isOutstanding: (path: { ends: Ends } | null) =>
      // While the search moves the ends, nobody has asked.
      !(traits.state === "running" && traits.following) &&
      ends().length > 0 &&
      path?.ends.join() !== ends().join(),
    /** Picks a candidate of the row of the correct class (`right`), or of the wrong one. */
    pick(id: number, right: boolean) {
      const beside = traits.gallery.find((candidate) => candidate.right !== right)?.id;
      const other = ends()[right ? 0 : 1] ?? beside;
      if (other === undefined) return say(OTHER_ROW_EMPTY);
      const picked: Ends = right ? [other, id] : [id, other];
      if (traits.following || picked.join() !== ends().join()) save({ picked, following: false });
    },
    /** Follows the best ones, whichever they will be. */
    follow() {
      if (!traits.following) save({ following: true });
    },
  };
}
