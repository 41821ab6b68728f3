/** The attributes that one excludes, by their places. */
export function rivals(groups: readonly (readonly number[])[], index: number): number[] {
  const all = new Set(groups.filter((group) => group.includes(index)).flat());
  all.delete(index);
  return [...all].sort((a, b) => a - b);
}

/**
 * Changes of which the one at `index` was made by hand: what it excludes gives way. Where it is raised nothing of its
 * groups is raised beside it, and the rest is present at most with what it leaves. The search does the same, see
 * cfwidgets/engines/pareto/coherence.py, but there no attribute is the one that was meant.
 */
export function givingWay(
  changes: readonly number[],
  index: number,
  groups: readonly (readonly number[])[],
  attributes: readonly number[],
  reach: number,
): number[] {
  const own = changes[index] ?? 0;
  const left = Math.max(0, 1 - (attributes[index] ?? 0) - own);
  const others = rivals(groups, index);
  return changes.map((change, i) => {
    if (!others.includes(i)) return change;
    const most = own > 0 ? Math.min(change, 0) : change;
    const room = left - (attributes[i] ?? 0);
    return most <= room ? most : Math.max(-reach, Math.floor(100 * room + 1e-9) / 100);
  });
}
