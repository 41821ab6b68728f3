import { count, probability } from "../shared/format";
import type { Pack } from "../shared/pack";
import { marked, type Side } from "./sides";
import type { Tile } from "./tiles";
import type { Candidate, Ends } from "./traits";
import { describeCandidate, predicted } from "./words";

export interface Candidates {
  all: readonly Candidate[];
  tiles: Pack | null;
  maps: Pack | null;
  /** Those that are picked. */
  ends: Ends;
  running: boolean;
  name(index: number): string;
}

export interface GalleryRow {
  /** "● predicted 9", and what is to be said beside it. */
  title: string;
  note: string;
  tiles: readonly (Tile & { picked: boolean })[];
}

/** The row of the candidates for one of the two classes. */
export function rowOf(candidates: Candidates, side: Side, index: number): GalleryRow {
  const { all, tiles, maps, ends, name } = candidates;
  const right = side === "correct";
  const own = all.filter((candidate) => candidate.right === right);
  const none = candidates.running ? "none so far" : "none";
  let note = all.length > 0 ? count(own.length) : "";
  if (own.some((candidate) => candidate.nearest))
    note = `${none}, the nearest ${own.length === 1 ? "one is" : "are"} shown`;
  else if (own.length === 0 && all.length > 0) note = none;
  return {
    title: marked(side, predicted(name(index))),
    note,
    tiles: own.map((candidate) => ({
      id: candidate.id,
      content: {
        picture: tiles?.blob(candidate.tile) ?? null,
        map: maps?.blob(candidate.tile) ?? null,
        ...{ maps: 1, which: 0 },
      },
      figure: probability(candidate.cosine, 2),
      label: describeCandidate(candidate, name(candidate.called)),
      picked: ends[right ? 1 : 0] === candidate.id,
    })),
  };
}
