import { cellAt, type Region } from "../shared/region";
import type { Amounts } from "../shared/share";
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

/** Pixels a side of a cell, to tell how much of it lies in a region. */
const FINE = 16;

/** The size of the share of each cell, spread over its pixels; null where there is no answer. */
export function spread(answer: RegionsAnswer | null): Amounts | null {
  if (!answer || strongestCells(answer, 1).length === 0) return null;
  const [height, width] = answer.cells.map((cells) => cells * FINE) as [number, number];
  const cell = (i: number) =>
    Math.floor(i / (width * FINE)) * answer.cells[1] + Math.floor((i % width) / FINE);
  return {
    values: Array.from({ length: height * width }, (_, i) => answer.share[cell(i)]!),
    width,
    height,
  };
}

/** The cell at a point: of the answer's grid, if there is one. */
export function cellOf(answer: RegionsAnswer | null, x: number, y: number): Region {
  const [rows, columns] = answer?.cells ?? [];
  return cellAt(x, y, columns, rows);
}
