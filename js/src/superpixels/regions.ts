import { type Boundary, OUTSIDE, traceBoundaries } from "../shared/boundaries";
import { inflate } from "../shared/bytes";

/** The superpixels of one picture: where they are and which touch. */
export interface Regions {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** The superpixel of each pixel, row by row. */
  readonly labels: Uint16Array;
  readonly boundaries: Boundary[];
  readonly neighbours: readonly number[][];
  /** Middle of each superpixel; NaN where it has no pixel. */
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Reads the label map of the wire and measures it. */
export async function decodeRegions(
  data: Uint8Array<ArrayBuffer>,
  [height, width]: readonly [number, number],
  count: number,
): Promise<Regions> {
  return measureRegions(await readLabels(data, [height, width]), width, height, count);
}

/** The superpixel of each pixel, row by row. */
export async function readLabels(
  data: Uint8Array<ArrayBuffer>,
  [height, width]: readonly [number, number],
): Promise<Uint16Array> {
  const bytes = await inflate(data, 2 * height * width);
  const view = new DataView(bytes.buffer);
  return Uint16Array.from({ length: height * width }, (_, i) => view.getUint16(2 * i, true));
}

export function measureRegions(labels: Uint16Array, width: number, height: number, count: number): Regions {
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  const area = new Uint32Array(count);
  labels.forEach((label, i) => {
    if (label >= count) throw new RangeError(`superpixel ${label} in a label map of ${count}`);
    x[label]! += (i % width) + 0.5;
    y[label]! += Math.floor(i / width) + 0.5;
    area[label]! += 1;
  });
  area.forEach((pixels, label) => {
    x[label]! /= pixels;
    y[label]! /= pixels;
  });
  const boundaries = traceBoundaries(labels, width, height);
  const neighbours: number[][] = Array.from({ length: count }, () => []);
  for (const { a, b } of boundaries)
    if (b !== OUTSIDE) {
      neighbours[a]!.push(b);
      neighbours[b]!.push(a);
    }
  return { width, height, count, labels, boundaries, neighbours, x, y };
}

/** The superpixel at a point of the label map, or OUTSIDE. */
export function regionAt(regions: Regions, x: number, y: number): number {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= regions.width || row >= regions.height) return OUTSIDE;
  return regions.labels[row * regions.width + column]!;
}

/** A point of a superpixel, near its middle, in parts of the width and height. */
export function pointIn(regions: Regions, region: number): [x: number, y: number] {
  const { width, height, labels } = regions;
  let [best, nearest] = [[0.5, 0.5] as [number, number], Number.POSITIVE_INFINITY];
  labels.forEach((label, i) => {
    if (label !== region) return;
    const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
    const distance = Math.hypot(x - regions.x[region]!, y - regions.y[region]!);
    if (distance < nearest) [best, nearest] = [[x / width, y / height], distance];
  });
  return best;
}

/** What each superpixel amounts to, spread evenly over its pixels. */
export function spread({ labels, count }: Regions, amounts: readonly number[]): Float32Array {
  const area = new Uint32Array(count);
  for (const label of labels) area[label]! += 1;
  const values = new Float32Array(labels.length);
  for (let i = 0; i < values.length; i++) values[i] = (amounts[labels[i]!] ?? 0) / area[labels[i]!]!;
  return values;
}

/** The superpixels on the straight way between two points, each once, in order. */
export function regionsAlong(regions: Regions, x0: number, y0: number, x1: number, y1: number): number[] {
  const found = new Set<number>();
  // Half a pixel a step: no superpixel on the way is missed.
  const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
  for (let i = 0; i <= steps; i++) {
    const region = regionAt(regions, x0 + ((x1 - x0) * i) / steps, y0 + ((y1 - y0) * i) / steps);
    if (region !== OUTSIDE) found.add(region);
  }
  return [...found];
}

/**
 * The superpixel that an arrow key leads to: of those that touch and lie within 60 degrees of the direction the one
 * straightest ahead; else the nearest in that half of the picture; else the same.
 */
export function regionBeside(regions: Regions, from: number, dx: number, dy: number): number {
  const offset = (to: number) => {
    const [x, y] = [regions.x[to]! - regions.x[from]!, regions.y[to]! - regions.y[from]!];
    return { ahead: x * dx + y * dy, distance: Math.hypot(x, y) };
  };
  let best = from;
  let straightest = 0.5;
  for (const to of regions.neighbours[from]!) {
    const { ahead, distance } = offset(to);
    if (ahead / distance >= straightest) [best, straightest] = [to, ahead / distance];
  }
  if (best !== from) return best;
  let nearest = Number.POSITIVE_INFINITY;
  for (let to = 0; to < regions.count; to++) {
    const { ahead, distance } = offset(to);
    if (ahead > 0 && distance < nearest) [best, nearest] = [to, distance];
  }
  return best;
}
