/** Odd, so that each pixel's lot is its own; and what undoes the multiplication, modulo 2^32. */
const LOT = 2654435761;
const UNDO = 244002641;
const WIDTH = 2 ** 32;
const MOST = 32767;

/**
 * The pixels of a map, the most relevant first, equals by lot: as `ranking` of cfwidgets/widgets/relevance/levels.py has
 * them, so that what is hidden here is what the model does not see.
 */
export function ranking(levels: Int16Array): Uint32Array {
  const keys = new Float64Array(levels.length);
  levels.forEach((level, i) => {
    keys[i] = (MOST - level) * WIDTH + (Math.imul(i, LOT) >>> 0);
  });
  return Uint32Array.from(keys.sort(), (key) => Math.imul(key % WIDTH, UNDO) >>> 0);
}

/** How many pixels so many percent are. */
export function countOf(percent: number, pixels: number): number {
  return Math.floor((percent * pixels + 50) / 100);
}
