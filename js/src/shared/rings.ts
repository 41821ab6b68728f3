import type { Region } from "./region";

/**
 * The outline of the pixels of one label: rings through the middles of the pixels' edges, which make slanting lines of
 * staircases and still go around the middles of exactly these pixels.
 */
export function ringsOf(labels: Uint16Array, width: number, height: number, label: number): Region {
  const isIn = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && labels[y * width + x] === label;
  /** The edges by the corner at which they begin, the label to their right; each leads to another corner. */
  const from = new Map<number, number[]>();
  const add = (x0: number, y0: number, x1: number, y1: number) => {
    const [start, end] = [y0 * (width + 1) + x0, y1 * (width + 1) + x1];
    from.set(start, [...(from.get(start) ?? []), end]);
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!isIn(x, y)) continue;
      if (!isIn(x, y - 1)) add(x, y, x + 1, y);
      if (!isIn(x + 1, y)) add(x + 1, y, x + 1, y + 1);
      if (!isIn(x, y + 1)) add(x + 1, y + 1, x, y + 1);
      if (!isIn(x - 1, y)) add(x, y + 1, x, y);
    }
  const rings: number[][] = [];
  for (const start of from.keys())
    for (;;) {
      /** Twice the middles of edges. */
      const middles: [x: number, y: number][] = [];
      let corner = start;
      // As many edges lead to a corner as away from it: the way ends where it began.
      for (let to = from.get(corner)!.pop(); to !== undefined; to = from.get(corner)!.pop()) {
        const [a, b] = [corner, to].map((at) => [at % (width + 1), Math.floor(at / (width + 1))] as const);
        middles.push([a![0] + b![0], a![1] + b![1]]);
        corner = to;
      }
      if (middles.length === 0) break;
      // Those on the straight way from the one before to the next say nothing.
      const corners = middles.filter(([x, y], i) => {
        const [[x0, y0], [x1, y1]] = [middles.at(i - 1)!, middles[(i + 1) % middles.length]!];
        return (x - x0) * (y1 - y) !== (x1 - x) * (y - y0);
      });
      rings.push(corners.flatMap(([x, y]) => [x / (2 * width), y / (2 * height)]));
    }
  return rings;
}
