/** A map as it came: whole levels, of which 32767 is `peak`. */
export interface LevelMap {
  readonly levels: Int16Array;
  readonly peak: number;
}

/** A map as it is drawn. */
export interface Relief {
  /** Relevance, row by row, smoothed. */
  readonly values: Float32Array;
  /** The size that is drawn in full colour: one pixel in a thousand exceeds it. */
  readonly full: number;
}

const MOST = 32767;
const FULL = 0.999;

/** The map smoothed by a Gaussian of some standard deviation, in pixels. At the edge it is of what is there. */
export function reliefOf({ levels, peak }: LevelMap, width: number, sigma: number): Relief {
  let values = Float32Array.from(levels, (level) => (level * peak) / MOST);
  if (sigma > 0) {
    const height = values.length / width;
    values = blurred(values, width, height, 1, width, sigma);
    values = blurred(values, height, width, width, 1, sigma);
  }
  const sizes = values.map(Math.abs).sort();
  return { values, full: sizes[Math.ceil(FULL * (sizes.length - 1))] || 0 };
}

/** Along lines of some length, whose pixels lie `step` apart; the lines lie `next` apart. */
function blurred(
  from: Float32Array,
  length: number,
  lines: number,
  step: number,
  next: number,
  sigma: number,
): Float32Array<ArrayBuffer> {
  const reach = Math.min(length - 1, Math.ceil(3 * sigma));
  const weights = Float32Array.from({ length: reach + 1 }, (_, i) => Math.exp(-0.5 * (i / sigma) ** 2));
  const to = new Float32Array(from.length);
  for (let line = 0; line < lines; line++)
    for (let at = 0; at < length; at++) {
      let [sum, weight] = [0, 0];
      const last = Math.min(length - 1, at + reach);
      for (let other = Math.max(0, at - reach); other <= last; other++) {
        const w = weights[Math.abs(other - at)]!;
        sum += w * from[line * next + other * step]!;
        weight += w;
      }
      to[line * next + at * step] = sum / weight;
    }
  return to;
}

/** The greys of a map for the tables of shared/signed.ts: 128 is zero; without its sign all are at least that. */
export function greysOf({ values }: Relief, full: number, signed: boolean): Uint8Array {
  const factor = full > 0 ? 127 / full : 0;
  return Uint8Array.from(values, (value) => {
    const amount = Math.max(-127, Math.min(127, Math.round(value * factor)));
    return 128 + (signed ? amount : Math.abs(amount));
  });
}
