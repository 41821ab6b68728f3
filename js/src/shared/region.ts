/**
 * A part of a picture: closed rings x0, y0, x1, y1, … in parts of its width and height. What lies within an odd number of
 * rings is inside; cfwidgets/regions.py has the same rule.
 */
export type Region = readonly (readonly number[])[];

/** Calls with the places where the outline crosses a line across the picture. */
function crossings(region: Region, y: number, found: (x: number) => void): void {
  for (const ring of region) {
    let [x0, y0] = [ring.at(-2)!, ring.at(-1)!];
    for (let i = 0; i < ring.length; i += 2) {
      const [x1, y1] = [ring[i]!, ring[i + 1]!];
      if (y0 <= y !== y1 <= y) found(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
      [x0, y0] = [x1, y1];
    }
  }
}

/** Whether a point lies in a region. */
export function isInside(region: Region, x: number, y: number): boolean {
  let inside = false;
  crossings(region, y, (at) => {
    if (at <= x) inside = !inside;
  });
  return inside;
}

/** The pixels whose middles lie in a region, 1 each, row by row. */
export function maskOf(region: Region, width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const line = mask.subarray(row * width, (row + 1) * width);
    crossings(region, (row + 0.5) / height, (x) => {
      for (let at = Math.max(0, Math.ceil(x * width - 0.5)); at < width; at++) line[at]! ^= 1;
    });
  }
  return mask;
}

/** The share of a map that lies in a mask, by the size of its values; null where all are 0 or unknown. */
export function shareIn(mask: ArrayLike<number>, values: ArrayLike<number>): number | null {
  let [all, inside] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!) || 0;
    all += size;
    if (mask[i]) inside += size;
  }
  return all > 0 ? inside / all : null;
}

/** The cell of a grid that a point is in; of one of 8 by 8 where none is given. */
export function cellAt(x: number, y: number, columns?: number, rows?: number): Region {
  const edges = (at: number, count: number) => {
    const cell = Math.min(count - 1, Math.floor(at * count));
    return [cell / count, (cell + 1) / count] as const;
  };
  const [[left, right], [top, bottom]] = [edges(x, columns || 8), edges(y, rows || 8)];
  return [[left, top, right, top, right, bottom, left, bottom]];
}
