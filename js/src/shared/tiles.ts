import { decodePicture, sameBytes } from "./bytes";
import type { Pack } from "./pack";

type Bytes = Uint8Array<ArrayBuffer>;

interface Tile {
  bytes: Bytes;
  bitmap: ImageBitmap | null;
  failed: boolean;
}

/** The small pictures of a pack, all decoded ahead: to show one takes no time. What a new pack still has is kept. */
export class Tiles {
  #tiles: (Tile | null)[] = [];
  #pack: Pack | null = null;
  #ended = false;

  /** `changed` runs when pictures have come. */
  constructor(readonly changed: () => void) {}

  /** How many cannot be decoded. */
  get failed(): number {
    return this.#tiles.filter((tile) => tile?.failed).length;
  }

  at(index: number): ImageBitmap | null {
    return this.#tiles[index]?.bitmap ?? null;
  }

  /** `first` are wanted at once. */
  open(pack: Pack | null, first: readonly number[]): void {
    if (pack === this.#pack || this.#ended) return;
    this.#pack = pack;
    const old = new Map<string, Tile>();
    for (const tile of this.#tiles) if (tile) old.set(keyOf(tile.bytes), tile);
    this.#tiles = Array.from({ length: pack?.count ?? 0 }, (_, index) => {
      const bytes = pack!.blob(index);
      if (!bytes) return null;
      const before = old.get(keyOf(bytes));
      return before && sameBytes(before.bytes, bytes) ? before : { bytes, bitmap: null, failed: false };
    });
    const kept = new Set(this.#tiles);
    for (const tile of old.values()) if (!kept.has(tile)) close(tile);
    const wanted = new Set(first);
    const sorted = [
      this.#tiles.filter((_, index) => wanted.has(index)),
      this.#tiles.filter((_, index) => !wanted.has(index)),
    ];
    void this.#decode(sorted.map((tiles) => [...new Set(tiles)].filter((tile) => tile !== null)));
  }

  end(): void {
    this.#ended = true;
    for (const tile of this.#tiles) if (tile) close(tile);
    this.#tiles = [];
  }

  async #decode(groups: Tile[][]): Promise<void> {
    for (const group of groups) {
      const missing = group.filter((tile) => !tile.bitmap && !tile.failed);
      await Promise.all(missing.map((tile) => this.#read(tile)));
      if (this.#ended) return;
      if (missing.length > 0) this.changed();
    }
  }

  async #read(tile: Tile): Promise<void> {
    const bitmap = await decodePicture(tile.bytes).catch(() => null);
    // Another pack may have come meanwhile, or the same picture may have been read twice.
    if (this.#ended || tile.bitmap || !this.#tiles.includes(tile)) bitmap?.close();
    else if (bitmap) tile.bitmap = bitmap;
    else tile.failed = true;
  }
}

function close(tile: Tile): void {
  tile.bitmap?.close();
  tile.bitmap = null;
}

/** The length and a sum of the bytes (FNV-1a): the same for equal bytes. */
function keyOf(bytes: Bytes): string {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return `${bytes.length}:${sum}`;
}
