/** No superpixel: what lies around the picture. */
export const OUTSIDE = -1;

/** The line between two superpixels `a` < `b`, or between `a` and the outside of the picture. */
export interface Boundary {
  readonly a: number;
  readonly b: number;
  /** Open or closed polylines x0, y0, x1, y1, … in pixels of the label map. */
  readonly lines: Float32Array[];
}

/**
 * The boundaries of all superpixels, traced once: the outline of any mask is then the boundaries whose two sides differ.
 *
 * Staircases become slanting lines, since a line runs through the middles of the pixel edges; its ends, where three
 * superpixels meet, stay where they are.
 */
export function traceBoundaries(labels: Uint16Array, width: number, height: number): Boundary[] {
  const edges = new Map<number, { a: number; b: number; corners: number[] }>();
  const stride = width + 1;
  const add = (one: number, other: number, from: number, to: number) => {
    if (one === other) return;
    const [low, high] = one < other ? [one, other] : [other, one];
    const [a, b] = low === OUTSIDE ? [high, OUTSIDE] : [low, high];
    const key = a * 0x10000 + (b === OUTSIDE ? a : b);
    let pair = edges.get(key);
    if (!pair) {
      pair = { a, b, corners: [] };
      edges.set(key, pair);
    }
    pair.corners.push(from, to);
  };
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? OUTSIDE : labels[y * width + x]!;
  for (let y = 0; y <= height; y++)
    for (let x = 0; x <= width; x++) {
      const corner = y * stride + x;
      if (y < height) add(at(x - 1, y), at(x, y), corner, corner + stride);
      if (x < width) add(at(x, y - 1), at(x, y), corner, corner + 1);
    }
  return [...edges.values()].map(({ a, b, corners }) => ({
    a,
    b,
    lines: chains(corners).map((chain) => smooth(chain, stride)),
  }));
}

/** Joins edges, given as pairs of corners, to chains of corners that end where not exactly two edges meet. */
function chains(corners: readonly number[]): number[][] {
  const around = new Map<number, number[]>();
  corners.forEach((corner, i) => {
    const edges = around.get(corner);
    if (edges) edges.push(i >> 1);
    else around.set(corner, [i >> 1]);
  });
  const used = new Uint8Array(corners.length / 2);
  const found: number[][] = [];
  const follow = (start: number) => {
    for (;;) {
      let edge = around.get(start)!.find((candidate) => !used[candidate]);
      if (edge === undefined) return;
      const chain = [start];
      let corner = start;
      do {
        used[edge] = 1;
        corner = corners[2 * edge] === corner ? corners[2 * edge + 1]! : corners[2 * edge]!;
        chain.push(corner);
        const next: number[] = around.get(corner)!;
        edge = next.length === 2 ? next.find((candidate) => !used[candidate]) : undefined;
      } while (edge !== undefined && corner !== start);
      found.push(chain);
    }
  };
  for (const [corner, edges] of around) if (edges.length !== 2) follow(corner);
  // What is left are closed lines.
  for (const corner of around.keys()) follow(corner);
  return found;
}

/** The chain's ends and the middles of its edges; corners of the middle line that lie on a straight line are left out. */
function smooth(chain: readonly number[], stride: number): Float32Array {
  const points: number[] = [];
  const add = (x: number, y: number) => {
    const n = points.length;
    if (n >= 4) {
      const [x0, y0, x1, y1] = points.slice(n - 4) as [number, number, number, number];
      if ((x1 - x0) * (y - y1) === (y1 - y0) * (x - x1)) points.length = n - 2;
    }
    points.push(x, y);
  };
  const [first, last] = [chain[0]!, chain[chain.length - 1]!];
  const closed = first === last;
  const xOf = (corner: number) => corner % stride;
  const yOf = (corner: number) => Math.floor(corner / stride);
  if (!closed) add(xOf(first), yOf(first));
  for (let i = 1; i < chain.length; i++) {
    const [from, to] = [chain[i - 1]!, chain[i]!];
    add((xOf(from) + xOf(to)) / 2, (yOf(from) + yOf(to)) / 2);
  }
  if (closed) add(points[0]!, points[1]!);
  else add(xOf(last), yOf(last));
  return Float32Array.from(points);
}
