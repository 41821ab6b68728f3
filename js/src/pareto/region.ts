import type { Member } from "./traits";
import type { Span } from "./wire";

export type Objective = "plausibility" | "success" | "intensity";

/** What the charts draw against each other, as cfwidgets/widgets/pareto/chart.py has it: across, up. */
const PAIRS: readonly (readonly [across: Objective, up: Objective])[] = [
  ["intensity", "success"],
  ["plausibility", "success"],
  ["intensity", "plausibility"],
];

/** Where to look without a best pick: the most plausible flip, without a critic the smallest; else the closest. */
export function lookAt(members: readonly Member[]): number {
  const cost = ({ plausibility, intensity }: Member) => plausibility ?? intensity ?? Number.POSITIVE_INFINITY;
  let [found, least] = [-1, Number.POSITIVE_INFINITY];
  members.forEach((member, place) => {
    if (member.flips && (found < 0 || cost(member) < least)) [found, least] = [place, cost(member)];
  });
  // The last leaves the least to the original class.
  return found < 0 ? members.length - 1 : found;
}

/** The places of those that are in the brushed region of each chart that has one; null where none has. */
export function inRegions(
  members: readonly Member[],
  regions: readonly (readonly [across: Span, up: Span] | null)[],
): number[] | null {
  if (regions.every((region) => region === null)) return null;
  const inside = (value: number | null, [low, high]: Span) => value !== null && low <= value && value <= high;
  return members.flatMap((member, place) => {
    const all = regions.every((region, i) => {
      const [across, up] = PAIRS[i]!;
      return region === null || (inside(member[across], region[0]) && inside(member[up], region[1]));
    });
    return all ? [place] : [];
  });
}
