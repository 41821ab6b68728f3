import { decodePicture, sameBytes } from "./bytes";
import type { Pack } from "./pack";
import type { Scope } from "./scope";

type Bytes = Uint8Array<ArrayBuffer>;

interface Tile {
  bytes: Bytes;
  bitmap: ImageBitmap | null;
  failed: boolean;
}

/**
 * The small pictures of a pack, all decoded ahead: to show one takes no time. What a new pack still has is kept.
 * `changed` runs when pictures have come.
 */
export function createTiles(scope: Scope, changed: () => void) {
  let tiles: (Tile | null)[] = [];
  let open: Pack | null = null;
  const ended = () => scope.signal.aborted;

  const read = async (tile: Tile) => {
    const bitmap = await decodePicture(tile.bytes).catch(() => null);
    // Another pack may have come meanwhile, or the same picture may have been read twice.
    if (ended() || tile.bitmap || !tiles.includes(tile)) bitmap?.close();
    else if (bitmap) tile.bitmap = bitmap;
    else tile.failed = true;
  };
  const decode = async (some: readonly (Tile | null)[]) => {
    const missing = [...new Set(some)].filter((tile) => tile !== null && !tile.bitmap && !tile.failed);
    await Promise.all(missing.map((tile) => read(tile!)));
    if (!ended() && missing.length > 0) changed();
  };
  scope.defer(() => {
    for (const tile of tiles) close(tile);
    tiles = [];
  });
  return {
    /** How many cannot be decoded. */
    get failed() {
      return tiles.filter((tile) => tile?.failed).length;
    },
    at: (index: number) => tiles[index]?.bitmap ?? null,
    /** `first` are wanted at once. */
    async open(pack: Pack | null, first: readonly number[]) {
      if (pack === open || ended()) return;
      open = pack;
      const old = new Map(tiles.map((tile) => [tile && keyOf(tile.bytes), tile]));
      tiles = Array.from({ length: pack?.count ?? 0 }, (_, index) => {
        const bytes = pack!.blob(index);
        if (!bytes) return null;
        const before = old.get(keyOf(bytes));
        return before && sameBytes(before.bytes, bytes) ? before : { bytes, bitmap: null, failed: false };
      });
      const now = tiles;
      for (const tile of old.values()) if (!now.includes(tile)) close(tile);
      await decode(now.filter((_, index) => first.includes(index)));
      if (!ended()) await decode(now.filter((_, index) => !first.includes(index)));
    },
  };
}

function close(tile: Tile | null): void {
  if (!tile) return;
  tile.bitmap?.close();
  tile.bitmap = null;
}

/** The length and a sum of the bytes (FNV-1a): the same for equal bytes. */
function keyOf(bytes: Bytes): string {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return `${bytes.length}:${sum}`;
}
