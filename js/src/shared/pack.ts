import { toBytes, type Wire } from "./bytes";

type Bytes = Uint8Array<ArrayBuffer>;

/** Many blobs in one buffer: their number n, n end offsets (all little-endian uint32), and the blobs one after the other. */
export class Pack {
  readonly #data: Bytes;
  readonly #header: DataView;

  constructor(
    data: Bytes,
    readonly count: number,
  ) {
    this.#data = data;
    this.#header = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** A view of one blob; null where there is none. */
  blob(index: number): Bytes | null {
    if (!(index >= 0 && index < this.count)) return null;
    const start = 4 + 4 * this.count;
    const end = (i: number) => (i < 0 ? 0 : this.#header.getUint32(4 + 4 * i, true));
    const blob = this.#data.subarray(start + end(index - 1), start + end(index));
    return blob.length > 0 ? blob : null;
  }
}

/** Reads a pack; null where there are no bytes. Throws a RangeError, in words for the reader, for what is no pack. */
export function openPack(wire: Wire): Pack | null {
  const data = toBytes(wire);
  if (!data) return null;
  const header = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = data.length < 4 ? -1 : header.getUint32(0, true);
  const room = data.length - 4 - 4 * count;
  if (count < 0 || room < 0) throw new RangeError("the bytes are not a pack of pictures");
  let last = 0;
  for (let i = 0; i < count; i++) {
    const end = header.getUint32(4 + 4 * i, true);
    if (end < last || end > room) throw new RangeError(`picture ${i} of a pack of ${count} is cut off`);
    last = end;
  }
  return new Pack(data, count);
}

/** Opens packs, each only when its bytes are others than before; says in words what cannot be read. */
export function packOpener(): (wire: Wire) => { pack: Pack | null; wrong: string } {
  let last: Wire;
  let opened: { pack: Pack | null; wrong: string } = { pack: null, wrong: "" };
  return (wire) => {
    if (wire === last) return opened;
    last = wire;
    try {
      opened = { pack: openPack(wire), wrong: "" };
    } catch (error) {
      opened = { pack: null, wrong: (error as Error).message };
    }
    return opened;
  };
}
