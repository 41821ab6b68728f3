/** Bytes from the kernel. Hosts hand them over as a DataView (Jupyter, marimo), which may be part of a larger buffer. */
export type Wire = DataView | ArrayBuffer | Uint8Array | null | undefined;

/** A view of the bytes, or null where there are none yet. */
export function toBytes(value: Wire): Uint8Array<ArrayBuffer> | null {
  if (!value || value.byteLength === 0) return null;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
}

/** Inflates zlib data that must give exactly `length` bytes. */
export async function inflate(data: Uint8Array<ArrayBuffer>, length: number): Promise<Uint8Array> {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  // Bad data rejects the reader as well, and that is where it is reported.
  writer.write(data).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const out = new Uint8Array(length);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > length) throw new RangeError(`more than the ${length} bytes expected`);
    out.set(value, at);
    at += value.length;
  }
  if (at !== length) throw new RangeError(`${at} bytes where ${length} were expected`);
  return out;
}

/** Decodes a picture; the browser tells the format by its first bytes. */
export const decodePicture = (data: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> =>
  createImageBitmap(new Blob([data]));

/** Decodes several at once; null for one that is not there, or is no picture. */
export const decodePictures = (
  all: readonly (Uint8Array<ArrayBuffer> | null)[],
): Promise<(ImageBitmap | null)[]> =>
  Promise.all(all.map((data) => data && decodePicture(data).catch(() => null)));

/** New packs often hold the old pictures: to compare them costs less than to decode them, and nothing blinks. */
export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === b) return true;
  if (!a || !b || a.length !== b.length) return false;
  if (a.buffer === b.buffer && a.byteOffset === b.byteOffset) return true;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
