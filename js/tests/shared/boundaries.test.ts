// @vitest-environment node
import { describe, expect, it } from "vitest";
import { type Boundary, OUTSIDE, traceBoundaries } from "../../src/shared/boundaries";

const trace = (rows: number[][]) =>
  traceBoundaries(Uint16Array.from(rows.flat()), rows[0]!.length, rows.length);
const between = (boundaries: Boundary[], a: number, b: number) =>
  boundaries.find((boundary) => boundary.a === a && boundary.b === b);

/** How far a point is from a polyline. */
function distance(line: Float32Array, x: number, y: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 2; i < line.length; i += 2) {
    const [x0, y0, x1, y1] = line.slice(i - 2, i + 2) as unknown as [number, number, number, number];
    const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
    const t = Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length));
    nearest = Math.min(nearest, Math.hypot(x0 + t * (x1 - x0) - x, y0 + t * (y1 - y0) - y));
  }
  return nearest;
}

/** Every pixel edge between different labels, with its middle. */
function edges(labels: Uint16Array, width: number, height: number) {
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? OUTSIDE : labels[y * width + x]!;
  const found: { a: number; b: number; x: number; y: number }[] = [];
  const add = (one: number, other: number, x: number, y: number) => {
    if (one === other) return;
    const [a, b] = one === OUTSIDE || (other !== OUTSIDE && other < one) ? [other, one] : [one, other];
    found.push({ a, b, x, y });
  };
  for (let y = 0; y < height; y++) for (let x = 0; x <= width; x++) add(at(x - 1, y), at(x, y), x, y + 0.5);
  for (let y = 0; y <= height; y++) for (let x = 0; x < width; x++) add(at(x, y - 1), at(x, y), x + 0.5, y);
  return found;
}

describe("traceBoundaries", () => {
  it("draws one straight line between two halves", () => {
    const boundaries = trace([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(between(boundaries, 0, 1)!.lines.map((line) => [...line])).toEqual([[1, 0, 1, 3]]);
  });

  it("makes a staircase one slanting line between its ends", () => {
    const n = 6;
    const rows = Array.from({ length: n }, (_, y) => Array.from({ length: n }, (_, x) => (x > y ? 1 : 0)));
    const lines = between(trace(rows), 0, 1)!.lines;
    expect(lines).toHaveLength(1);
    // From the corner at the border to the first middle, slanting down, and out at the other border.
    expect([...lines[0]!]).toEqual([1, 0, 1, 0.5, 5.5, 5, 6, 5]);
  });

  it("closes the line around an island", () => {
    const lines = between(
      trace([
        [0, 0, 0],
        [0, 1, 0],
        [0, 0, 0],
      ]),
      0,
      1,
    )!.lines;
    expect(lines).toHaveLength(1);
    const line = [...lines[0]!];
    expect(line.slice(0, 2)).toEqual(line.slice(-2));
    expect(new Set(line.join().match(/[^,]+,[^,]+/g))).toEqual(new Set(["1,1.5", "1.5,1", "2,1.5", "1.5,2"]));
  });

  it("meets in a point where three superpixels touch", () => {
    const boundaries = trace([
      [0, 1],
      [2, 2],
    ]);
    const ends = (["0,1", "0,2", "1,2"] as const).map((pair) => {
      const [a, b] = pair.split(",").map(Number) as [number, number];
      const line = between(boundaries, a, b)!.lines[0]!;
      return [[...line.slice(0, 2)], [...line.slice(-2)]];
    });
    for (const pair of ends) expect(pair).toContainEqual([1, 1]);
  });

  it("keeps apart lines that cross at a corner", () => {
    const lines = between(
      trace([
        [0, 1],
        [1, 0],
      ]),
      0,
      1,
    )!.lines;
    expect(lines).toHaveLength(4);
    for (const line of lines) expect([[...line.slice(0, 2)], [...line.slice(-2)]]).toContainEqual([1, 1]);
  });

  it("runs through the middle of every pixel edge, and nowhere else", () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    for (let round = 0; round < 30; round++) {
      const [width, height, count] = [2 + (round % 7), 2 + (round % 5), 2 + (round % 4)];
      const labels = Uint16Array.from({ length: width * height }, () => Math.floor(random() * count));
      const boundaries = traceBoundaries(labels, width, height);
      const all = edges(labels, width, height);
      for (const { a, b, x, y } of all) {
        const lines = between(boundaries, a, b)!.lines;
        expect(Math.min(...lines.map((line) => distance(line, x, y)))).toBeLessThan(1e-6);
      }
      expect(new Set(boundaries.map(({ a, b }) => `${a} ${b}`))).toEqual(
        new Set(all.map(({ a, b }) => `${a} ${b}`)),
      );
      // A vertex is the middle of an edge of its pair, or the end of a line at a corner.
      for (const { a, b, lines } of boundaries)
        for (const line of lines)
          for (let i = 0; i < line.length; i += 2) {
            const [x, y] = [line[i]!, line[i + 1]!];
            const middle = all.some((edge) => edge.a === a && edge.b === b && edge.x === x && edge.y === y);
            const end = (i === 0 || i === line.length - 2) && Number.isInteger(x) && Number.isInteger(y);
            expect(middle || end).toBe(true);
          }
    }
  });
});
