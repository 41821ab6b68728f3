/** A map as it came: whole levels, of which 32767 is `peak`. */
export interface LevelMap {
  readonly levels: Int16Array;
  readonly peak: number;
}

/** A map as it is drawn. */
export interface Relief {
  /** Relevance, row by row, smoothed. */
  readonly values: Float32Array;
  /** The size that is drawn in full colour: one pixel in a hundred exceeds it. */
  readonly full: number;
}

const MOST = 32767;
const FULL = 0.99;
const PASSES = 3;
const BINS = 4096;

/** The map smoothed by a Gaussian of some standard deviation, in pixels. At the edge it is of what is there. */
export function reliefOf({ levels, peak }: LevelMap, width: number, sigma: number): Relief {
  const values = new Float32Array(levels.length);
  for (let i = 0; i < values.length; i++) values[i] = (levels[i]! * peak) / MOST;
  if (sigma > 0) {
    const height = values.length / width;
    for (let pass = 0; pass < PASSES; pass++) {
      average(values, { length: width, lines: height, step: 1, next: width }, sigma);
      average(values, { length: height, lines: width, step: width, next: 1 }, sigma);
    }
  }
  return { values, full: fullOf(values) };
}

/** Lines of so many pixels, which lie `step` apart; the lines lie `next` apart. */
interface Lines {
  length: number;
  lines: number;
  step: number;
  next: number;
}

/**
 * One of `PASSES` moving averages, which together are all but a Gaussian: over 2r + 1 pixels, and the next two with a
 * weight below 1 that makes the variance exact (Gwosdek et al. 2011). It takes as long for any sigma.
 */
function average(values: Float32Array, { length, lines, step, next }: Lines, sigma: number): void {
  const variance = sigma ** 2 / PASSES;
  const r = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const outer = ((2 * r + 1) * (r * (r + 1) - 3 * variance)) / (6 * (variance - (r + 1) ** 2));
  const sums = new Float64Array(length + 1);
  const line = new Float32Array(length);
  for (let first = 0; first < lines * next; first += next) {
    for (let at = 0; at < length; at++) {
      line[at] = values[first + at * step]!;
      sums[at + 1] = sums[at]! + line[at]!;
    }
    for (let at = 0; at < length; at++) {
      const low = Math.max(0, at - r);
      const high = Math.min(length - 1, at + r);
      let sum = sums[high + 1]! - sums[low]!;
      let weight = high - low + 1;
      if (at > r) {
        sum += outer * line[at - r - 1]!;
        weight += outer;
      }
      if (at + r + 1 < length) {
        sum += outer * line[at + r + 1]!;
        weight += outer;
      }
      values[first + at * step] = sum / weight;
    }
  }
}

/** A size that one value in a hundred exceeds, to a part in `BINS` of the largest. */
function fullOf(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  if (most === 0) return 0;
  const counts = new Uint32Array(BINS);
  for (const value of values) counts[Math.min(BINS - 1, Math.floor((Math.abs(value) / most) * BINS))]! += 1;
  let above = Math.floor((1 - FULL) * values.length);
  let bin = BINS - 1;
  while (bin > 0 && above >= counts[bin]!) {
    above -= counts[bin]!;
    bin -= 1;
  }
  return (most * (bin + 1)) / BINS;
}

/** The greys of a map for the tables of shared/signed.ts: 128 is zero; without its sign all are at least that. */
export function greysOf({ values }: Relief, full: number, signed: boolean): Uint8Array {
  const factor = full > 0 ? 127 / full : 0;
  const greys = new Uint8Array(values.length);
  for (let i = 0; i < greys.length; i++) {
    const amount = Math.max(-127, Math.min(127, Math.round(values[i]! * factor)));
    greys[i] = 128 + (signed ? amount : Math.abs(amount));
  }
  return greys;
}
