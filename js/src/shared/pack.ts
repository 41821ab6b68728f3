import { toBytes, type Wire } from "./bytes";

/** Many blobs in one buffer: their number n, n end offsets (all little-endian uint32), and the blobs one after the other. */
export interface Pack {
  readonly count: number;
  /** A view of one blob; null where there is none. */
  blob(index: number): Uint8Array<ArrayBuffer> | null;
}

/** Reads a pack; null where there are no bytes. Throws a RangeError, in words for the reader, for what is no pack. */
export function openPack(wire: Wire): Pack | null {
  const data = toBytes(wire);
  if (!data) return null;
  const header = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = data.length < 4 ? -1 : header.getUint32(0, true);
  const start = 4 + 4 * count;
  const room = data.length - start;
  if (count < 0 || room < 0) throw new RangeError("the bytes are not a pack of pictures");
  const end = (i: number) => (i < 0 ? 0 : header.getUint32(4 + 4 * i, true));
  for (let i = 0; i < count; i++)
    if (end(i) < end(i - 1) || end(i) > room)
      throw new RangeError(`picture ${i} of a pack of ${count} is cut off`);
  return {
    count,
    blob(index) {
      if (!(index >= 0 && index < count)) return null;
      const blob = data.subarray(start + end(index - 1), start + end(index));
      return blob.length > 0 ? blob : null;
    },
  };
}

export interface Opened {
  pack: Pack | null;
  /** What cannot be read, in words; empty where all is well. */
  wrong: string;
}

/** Opens packs, each only when its bytes are others than before; says in words what cannot be read. */
export function packOpener(): (wire: Wire) => Opened {
  let last: Wire;
  let opened: Opened = { pack: null, wrong: "" };
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
