/** Which superpixels are shown: one byte each, 1 is shown. */
export type Mask = Uint8Array;

/** Indices that are no superpixel are left out. */
export function maskOf(shown: readonly number[], count: number): Mask {
  const mask = new Uint8Array(count);
  for (const index of shown) if (index >= 0 && index < count) mask[index] = 1;
  return mask;
}

export function indicesOf(mask: Mask): number[] {
  const indices: number[] = [];
  mask.forEach((shown, index) => {
    if (shown) indices.push(index);
  });
  return indices;
}

export function shownCount(mask: Mask): number {
  return mask.reduce((sum, shown) => sum + shown, 0);
}

export function sameMask(a: Mask, b: Mask): boolean {
  return a.length === b.length && a.every((shown, index) => shown === b[index]);
}

export function inverted(mask: Mask): Mask {
  return mask.map((shown) => 1 - shown);
}

/** The answer to show: the smallest there is. */
export function answerOf({ best, smallest }: Record<"best" | "smallest", readonly number[]>) {
  return smallest.length > 0 ? smallest : best;
}

/** How many generations `numpy.packbits` masks of `count` superpixels hold. */
export function generationsIn(packed: Uint8Array | null, count: number): number {
  return packed && count > 0 ? Math.floor(packed.length / Math.ceil(count / 8)) : 0;
}

/** The mask of one generation. */
export function unpackMask(packed: Uint8Array, count: number, generation: number): Mask {
  const start = generation * Math.ceil(count / 8);
  return Uint8Array.from({ length: count }, (_, i) => (packed[start + (i >> 3)]! >> (7 - (i & 7))) & 1);
}
