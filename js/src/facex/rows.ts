import type { Region } from "./traits";

/** One region as all models see it. */
export interface Row {
  name: string;
  label: string;
  /** One a model; null where it has no such region. */
  by: readonly (Region | null)[];
  /** The second score less the first; null where one of the two scores is not known. */
  difference: number | null;
}

/** A region whose first values are those of effect, and the others those of attention. */
export function byEffect(region: Region): Region {
  return {
    ...region,
    ...{ ior: region.effect, low: region.effect_low, high: region.effect_high },
    ...{ count: region.effect_count, rank: region.effect_rank, null: null },
    ...{ effect: region.ior, effect_low: region.low, effect_high: region.high },
    ...{ effect_count: region.count, effect_rank: region.rank },
  };
}

/** The regions of one model or two, each once. */
export function rowsOf(regions: readonly Region[], other: readonly Region[]): Row[] {
  const names = new Set([...regions, ...other].map(({ name }) => name));
  return [...names].map((name) => {
    const find = (list: readonly Region[]) => list.find((region) => region.name === name) ?? null;
    const [one, two] = [find(regions), find(other)];
    const known = one && two && one.ior !== null && two.ior !== null;
    return {
      ...{ name, label: (one ?? two)!.label },
      by: other.length > 0 ? [one, two] : [one],
      difference: known ? two.ior! - one.ior! : null,
    };
  });
}

/** The highest first; those without a score last, in the order in which they came. */
export function ranked(rows: readonly Row[]): Row[] {
  const score = (row: Row) => row.by[0]?.ior ?? row.by[1]?.ior ?? -1;
  const rank = (row: Row) => row.by[0]?.rank ?? Number.POSITIVE_INFINITY;
  return [...rows].sort((a, b) => score(b) - score(a) || rank(a) - rank(b) || 0);
}

/** The number of regions with a rank. */
export function rankedCount(rows: readonly Row[], model: number): number {
  return rows.filter((row) => row.by[model]?.rank != null).length;
}

/** The number of regions with a rank by the other quantity. */
export function alsoRankedCount(rows: readonly Row[], model: number): number {
  return rows.filter((row) => row.by[model]?.effect_rank != null).length;
}

/** The number of faces: no region is known to be in more. */
export function facesIn(rows: readonly Row[], model: number): number {
  return rows.reduce((most, row) => Math.max(most, row.by[model]?.count ?? 0), 0);
}
