import { decodePicture, sameBytes, toBytes, type Wire } from "./bytes";

/** One picture of the model: decoded when its bytes change, kept until the next is decoded. */
export class Picture {
  bitmap: ImageBitmap | null = null;
  failed = false;
  #bytes: Uint8Array<ArrayBuffer> | null = null;
  #ended = false;

  constructor(readonly changed: () => void) {}

  async read(wire: Wire): Promise<void> {
    const bytes = toBytes(wire);
    if (sameBytes(bytes, this.#bytes)) return;
    this.#bytes = bytes;
    const bitmap = bytes && (await decodePicture(bytes).catch(() => null));
    if (this.#ended || bytes !== this.#bytes) return bitmap?.close();
    this.bitmap?.close();
    this.bitmap = bitmap;
    this.failed = bytes !== null && bitmap === null;
    this.changed();
  }

  end(): void {
    this.#ended = true;
    this.bitmap?.close();
    this.bitmap = null;
  }
}
