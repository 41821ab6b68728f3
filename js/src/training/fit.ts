/** In CSS pixels: a small sample is enlarged up to `TILE`, and the sheet up to `HIGHEST`. */
const TILE = 96;
const HIGHEST = 400;

/** As wide as there is room, where nothing is measured yet. */
export const WIDEST = 940;

export type Size = readonly [height: number, width: number];

/**
 * The width at which a sheet stands in a room of some width, and whether its samples are pixels to look at. Small
 * samples are enlarged, by a whole number from two on; below it, pixels would be of uneven size, and are smoothed.
 */
export function fitSheet(grid: Size, tile: Size, room: number): { width: number; pixelated: boolean } {
  const [height, width] = [grid[0] * tile[0], grid[1] * tile[1]];
  const side = Math.max(...tile);
  if (height < 1 || width < 1) return { width: Math.min(room, WIDEST), pixelated: false };
  const most = Math.max(1, Math.min(TILE / side, HIGHEST / height));
  const zoom = Math.min(most, room / width);
  if (zoom < 2) return { width: Math.floor(zoom * width), pixelated: false };
  return { width: Math.floor(zoom) * width, pixelated: true };
}

/** The size in pixels of column titles: as small as the longest part of one needs, which an underscore ends. */
export function titleSize(columns: readonly string[], width: number): number {
  const longest = Math.max(1, ...columns.flatMap((name) => parts(name).map(({ length }) => length)));
  return Math.min(11, Math.max(8, width / columns.length / (0.58 * longest)));
}

/** The parts of a title between which a line may end. */
export function parts(name: string): string[] {
  return name.split(/(?<=_)|\s+/);
}
