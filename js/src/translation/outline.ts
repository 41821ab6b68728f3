/** The outline of a region along the edges of its pixels: lines x0, y0, x1, y1, … each as long as it is straight. */
export function outlineOf(levels: Uint8Array, level: number, width: number, height: number): number[] {
  const lines: number[] = [];
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && levels[y * width + x]! >= level;
  for (let y = 0; y <= height; y++)
    runs(
      width,
      (x) => inside(x, y - 1) !== inside(x, y),
      (from, to) => lines.push(from, y, to, y),
    );
  for (let x = 0; x <= width; x++)
    runs(
      height,
      (y) => inside(x - 1, y) !== inside(x, y),
      (from, to) => lines.push(x, from, x, to),
    );
  return lines;
}

/** Calls with each longest run of places, up to `length`, for which something holds. */
function runs(length: number, holds: (at: number) => boolean, found: (from: number, to: number) => void) {
  let from = -1;
  for (let at = 0; at <= length; at++) {
    const now = at < length && holds(at);
    if (now && from < 0) from = at;
    if (!now && from >= 0) {
      found(from, at);
      from = -1;
    }
  }
}
