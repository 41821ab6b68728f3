import { count } from "../shared/format";
import type { Pack } from "../shared/pack";
import type { GalleryRow } from "./gallery";
import type { Candidate, Ends } from "./traits";
import { describeCandidate } from "./words";

export interface Candidates {
  all: readonly Candidate[];
  tiles: Pack | null;
  maps: Pack | null;
  /** Those that are picked. */
  ends: Ends;
  running: boolean;
  name(index: number): string;
}

/** The row of the candidates for one class: the correct one (`right`), or the wrong one. */
export function rowOf(candidates: Candidates, right: boolean, index: number): GalleryRow {
  const { all, tiles, maps, ends, name } = candidates;
  const own = all.filter((candidate) => Boolean(candidate.right) === right);
  const none = candidates.running ? "none so far" : "none";
  let note = all.length > 0 ? count(own.length) : "";
  if (own.some((candidate) => candidate.nearest))
    note = `${none}, the nearest ${own.length === 1 ? "one is" : "are"} shown`;
  else if (own.length === 0 && all.length > 0) note = none;
  return {
    title: `${right ? "▲" : "●"} called ${name(index)}`,
    note,
    tiles: own.map((candidate) => ({
      id: candidate.id,
      content: {
        picture: tiles?.blob(candidate.tile) ?? null,
        map: maps?.blob(candidate.tile) ?? null,
        ...{ maps: 1, which: 0 },
      },
      cosine: candidate.cosine,
      label: describeCandidate(candidate, name(candidate.called)),
      picked: ends[right ? 1 : 0] === candidate.id,
    })),
  };
}
