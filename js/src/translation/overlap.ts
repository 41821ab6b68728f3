/** Overlap of a mask of levels 0 to 255 with the true mask, at every threshold at once: as segmentation_curve counts. */

/** A threshold is a multiple of one over this. */
export const BINS = 256;

/** At each threshold: pixels found, and how many of these are marked; and how many are marked in all. */
export interface Overlap {
  readonly found: Uint32Array;
  readonly both: Uint32Array;
  readonly marked: number;
  readonly pixels: number;
}

export function overlapOf(levels: Uint8Array, truth: Uint8Array | null): Overlap {
  const [found, both] = [new Uint32Array(BINS), new Uint32Array(BINS)];
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i]!;
    found[level]! += 1;
    if (truth?.[i]) both[level]! += 1;
  }
  for (let level = BINS - 2; level >= 0; level--) {
    found[level]! += found[level + 1]!;
    both[level]! += both[level + 1]!;
  }
  return { found, both, marked: both[0]!, pixels: levels.length };
}

/** The level that a threshold is. */
export const levelOf = (threshold: number) => Math.min(BINS - 1, Math.max(0, Math.round(threshold * BINS)));

/** Marked and found over marked or found; 1 if none are. */
export function iou({ found, both, marked }: Overlap, level: number): number {
  const union = found[level]! + marked - both[level]!;
  return union > 0 ? both[level]! / union : 1;
}

/** The share of what is found that is marked; 1 where nothing is found. */
export function precision({ found, both }: Overlap, level: number): number {
  return found[level]! > 0 ? both[level]! / found[level]! : 1;
}

/** The share of what is marked that is found; 1 where nothing is marked. */
export function recall({ both, marked }: Overlap, level: number): number {
  return marked > 0 ? both[level]! / marked : 1;
}

/** The share of the pixels that is found. */
export function area({ found, pixels }: Overlap, level: number): number {
  return pixels > 0 ? found[level]! / pixels : 0;
}

/** A measure at every fourth threshold: as many as a chart shows. */
export function curveOf(overlap: Overlap, measure: (overlap: Overlap, level: number) => number): number[] {
  return Array.from({ length: BINS / 4 }, (_, i) => measure(overlap, 4 * i));
}
