import type { Box, Drawing } from "./drawing";
import type { Ring } from "./paths";

/** The place of a piece of a region: its middle or, where that is not its own, the middle of its widest place. */
export interface Place {
  /** The index of its shape. */
  shape: number;
  x: number;
  y: number;
}

/** Rows or columns of the finer side of the grid that is laid over a panel. */
const CELLS = 120;
const NOTHING = -1;
/** Smaller pieces of a region, in parts of its largest one, are no places. */
const SMALL = 0.2;

/** The places of a drawing, to move among them with the arrow keys. */
export function placesOf(drawing: Drawing): Place[] {
  return drawing.panels.flatMap(({ panel, box }) => {
    const step = Math.max(box[2], box[3]) / CELLS;
    const [columns, rows] = [Math.ceil(box[2] / step), Math.ceil(box[3] / step)];
    const shapes = new Int16Array(columns * rows).fill(NOTHING);
    drawing.shapes.forEach((shape, index) => {
      if (shape.panel !== panel) return;
      for (const rings of shape.rings) fill(rings, { box, step, columns, rows }, shapes, index);
    });
    const depths = depthsOf(shapes, columns);
    const pieces = piecesOf(shapes, columns);
    const largest = new Map<number, number>();
    for (const cells of pieces) {
      const shape = shapes[cells[0]!]!;
      largest.set(shape, Math.max(largest.get(shape) ?? 0, cells.length));
    }
    return pieces
      .filter((cells) => cells.length >= SMALL * largest.get(shapes[cells[0]!]!)!)
      .map((cells) => {
        const cell = middleOf(cells, shapes, depths, columns);
        return {
          shape: shapes[cell]!,
          x: box[0] + ((cell % columns) + 0.5) * step,
          y: box[1] + (Math.floor(cell / columns) + 0.5) * step,
        };
      });
  });
}

function middleOf(cells: readonly number[], shapes: Int16Array, depths: Int16Array, columns: number): number {
  const mean = (of: (cell: number) => number) =>
    cells.reduce((sum, cell) => sum + of(cell), 0) / cells.length;
  const [x, y] = [mean((cell) => cell % columns), mean((cell) => Math.floor(cell / columns))];
  const middle = Math.round(y) * columns + Math.round(x);
  if (shapes[middle] === shapes[cells[0]!]) return middle;
  const most = cells.reduce((depth, cell) => Math.max(depth, depths[cell]!), 0);
  // Of places about as wide, the one that lies least to a side.
  const aside = (cell: number) => Math.abs((cell % columns) - x);
  return cells
    .filter((cell) => depths[cell]! >= 0.9 * most)
    .reduce((best, cell) => (aside(cell) < aside(best) ? cell : best));
}

/** The cells of each piece: those of one shape that hang together. */
function piecesOf(shapes: Int16Array, columns: number): number[][] {
  const seen = new Uint8Array(shapes.length);
  const pieces: number[][] = [];
  for (let start = 0; start < shapes.length; start++) {
    if (seen[start] || shapes[start] === NOTHING) continue;
    const cells = [start];
    seen[start] = 1;
    for (const cell of cells) {
      const column = cell % columns;
      const beside = [cell - columns, cell + columns];
      if (column > 0) beside.push(cell - 1);
      if (column < columns - 1) beside.push(cell + 1);
      for (const next of beside)
        if (!seen[next] && shapes[next] === shapes[start]) {
          seen[next] = 1;
          cells.push(next);
        }
    }
    pieces.push(cells);
  }
  return pieces;
}

/** The place in a direction: the nearest of another region, of which the direction counts more than the distance. */
export function placeBeside(places: readonly Place[], from: Place, dx: number, dy: number): Place | null {
  let best: Place | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const place of places) {
    if (place.shape === from.shape) continue;
    const [x, y] = [place.x - from.x, place.y - from.y];
    const along = x * dx + y * dy;
    const across = Math.abs(x * dy) + Math.abs(y * dx);
    if (along <= 0 || across > 2.5 * along) continue;
    const far = along + 2 * across;
    if (far >= least) continue;
    least = far;
    best = place;
  }
  return best;
}

interface Grid {
  box: Box;
  step: number;
  columns: number;
  rows: number;
}

/** Marks the cells whose middles lie inside of rings, by the rule of non-zero winding. */
function fill(
  rings: readonly Ring[],
  { box, step, columns, rows }: Grid,
  cells: Int16Array,
  mark: number,
): void {
  for (let row = 0; row < rows; row++) {
    const y = box[1] + (row + 0.5) * step;
    const crossings: [x: number, turn: number][] = [];
    for (const ring of rings)
      for (let i = 0; i < ring.length; i += 2) {
        const [x0, y0] = [ring[i]!, ring[i + 1]!];
        const [x1, y1] = [ring[(i + 2) % ring.length]!, ring[(i + 3) % ring.length]!];
        if (y0 <= y !== y1 <= y) crossings.push([x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), y1 > y0 ? 1 : -1]);
      }
    crossings.sort((a, b) => a[0] - b[0]);
    let winding = 0;
    crossings.forEach(([x, turn], i) => {
      winding += turn;
      const next = crossings[i + 1];
      if (winding === 0 || !next) return;
      const [from, to] = [x, next[0]].map((at) => Math.ceil((at - box[0]) / step - 0.5)) as [number, number];
      cells.fill(mark, row * columns + Math.max(0, from), row * columns + Math.max(0, Math.min(columns, to)));
    });
  }
}

/** The depth of each cell below the border of its region: how often the region can be peeled until it is gone. */
function depthsOf(shapes: Int16Array, columns: number): Int16Array {
  const depths = new Int16Array(shapes.length);
  for (let depth = 1, more = true; more; depth++) {
    more = false;
    shapes.forEach((shape, cell) => {
      const column = cell % columns;
      const within = (other: number) => shapes[other] === shape && depths[other]! >= depth - 1;
      if (column === 0 || column === columns - 1) return;
      if (![cell - columns, cell - 1, cell, cell + 1, cell + columns].every(within)) return;
      depths[cell] = depth;
      more = true;
    });
  }
  return depths;
}
