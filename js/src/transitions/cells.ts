import type { RegionsAnswer } from "./traits";

/** A region of the picture, in parts of its width and height, and its share of the change. */
export interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
  share: number;
}

/** The cells with the largest shares, the largest first; none where the answer does not fit its own grid. */
export function strongestCells(answer: RegionsAnswer | null, limit = 5): Cell[] {
  const { cells: [rows, columns] = [0, 0], share = [] } = answer ?? {};
  if (!(rows > 0 && columns > 0) || share.length !== rows * columns) return [];
  const [width, height] = [1 / columns, 1 / rows];
  return share
    .map((amount, i) => ({
      ...{ x: (i % columns) * width, y: Math.floor(i / columns) * height },
      ...{ width, height, share: amount },
    }))
    .filter((cell) => Number.isFinite(cell.share) && cell.share !== 0)
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .slice(0, limit);
}
