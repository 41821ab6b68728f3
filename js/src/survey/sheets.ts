import { decodePicture, toBytes, type Wire } from "../shared/bytes";
import { openPack } from "../shared/pack";
import type { Atlas } from "./atlas";

type Bytes = Uint8Array<ArrayBuffer>;

/** Sheets that are decoded at the same time. */
const AT_ONCE = 2;
/** How much more a picture in sight counts than one around it. */
const IN_SIGHT = 10000;
/** Thumbnails of a row of a sheet: see cfwidgets/widgets/survey/sheets.py. */
export const COLUMNS = 16;

interface Sheet {
  numbers: Uint32Array;
  sizes: Bytes;
  picture: Bytes | null;
  /** Pictures that are taken from this sheet: without any, the file is let go. */
  used: number;
}

const NONE = new Uint32Array(0);

/**
 * All sheets that have come, as files. One is decoded while pictures of it are wanted and not in the atlas, those first
 * that have most of what is in sight; what is wanted of it is copied into the atlas, and it is closed again.
 */
export class Sheets {
  readonly #sheets: Sheet[] = [];
  /**
   * Of each picture its sheet, -1 for none: as they came while the data set was read, and as they were arranged again.
   * Both are kept, since pictures that stand together in one order of the gallery are scattered in another.
   */
  #arranged: readonly Int32Array[] = [];
  #busy = new Set<number>();
  #inSight: Uint32Array = NONE;
  #around: Uint32Array = NONE;
  #kept: Wire = null;
  #ended = false;

  constructor(
    readonly atlas: Atlas,
    /** Pictures in sight have come into the atlas. */
    readonly changed: () => void,
  ) {}

  /** The number of pictures of the data set. */
  resize(count: number): void {
    if (count === this.#arranged[0]?.length) return;
    this.#arranged = [0, 1].map(() => new Int32Array(count).fill(-1));
    this.#sheets.length = 0;
    this.#kept = null;
    this.atlas.resize(count);
  }

  has(picture: number): boolean {
    return this.#arranged.some((sheetOf) => sheetOf[picture]! >= 0);
  }

  /** Takes a sheet: its numbers, sizes and file; `again` where it arranges pictures anew that others have. */
  add([numbers, sizes, picture]: readonly (Wire | null)[], again = false): void {
    const [of, size, file] = [toBytes(numbers), toBytes(sizes), toBytes(picture)];
    if (!of || !size || !file) return;
    // Its own copies: what a message or a trait brought is then free.
    const sheet: Sheet = {
      ...{ numbers: new Uint32Array(of.slice().buffer, 0, of.length >> 2), sizes: size.slice() },
      ...{ picture: file.slice(), used: 0 },
    };
    const index = this.#sheets.push(sheet) - 1;
    const sheetOf = this.#arranged[Number(again)];
    for (const number of sheet.numbers) {
      if (!sheetOf || number >= sheetOf.length || (!again && this.has(number))) continue;
      this.#leave(sheetOf[number]!);
      sheetOf[number] = index;
      sheet.used++;
    }
    if (sheet.used === 0) this.#sheets.pop();
  }

  /** Takes the sheets of a pack. */
  addAll(wire: Wire): void {
    if (wire === this.#kept) return;
    this.#kept = wire;
    const pack = openPack(wire);
    for (let i = 0; pack && i + 2 < pack.count; i += 3)
      this.add([pack.blob(i), pack.blob(i + 1), pack.blob(i + 2)]);
  }

  /** Wants pictures, those in sight first; gives those in sight that no sheet has. */
  want(sight: Uint32Array, around: Uint32Array): number[] {
    this.#inSight = sight;
    this.#around = around;
    this.atlas.want(sight, around);
    this.#decodeNext();
    return [...sight].filter((picture) => !this.has(picture));
  }

  end(): void {
    this.#ended = true;
    this.atlas.end();
  }

  /** Decodes the sheets that have most of what is lacking, unless others are being decoded. */
  #decodeNext(): void {
    const sheetIn = this.#fewest();
    const counts = new Map<number, number>();
    const look = (pictures: Uint32Array, weight: number) => {
      for (const picture of pictures) {
        const sheet = sheetIn(picture);
        if (sheet >= 0 && !this.atlas.has(picture) && !this.#busy.has(sheet) && this.#sheets[sheet]!.picture)
          counts.set(sheet, (counts.get(sheet) ?? 0) + weight);
      }
    };
    look(this.#inSight, IN_SIGHT);
    look(this.#around, 1);
    const first = [...counts].sort(([, m], [, n]) => n - m);
    // What nobody sees yet is not to take the time of what one sees.
    const most = (first[0]?.[1] ?? 0) >= IN_SIGHT ? AT_ONCE : 1;
    for (const [sheet] of first.slice(0, Math.max(0, most - this.#busy.size))) void this.#decode(sheet);
  }

  /** Finds the sheet of a picture in the arrangement in which those in sight lie on the fewest. */
  #fewest(): (picture: number) => number {
    const sheetIns = this.#arranged.map((sheetOf, which) => (picture: number) => {
      const sheet = sheetOf[picture]!;
      return sheet >= 0 ? sheet : this.#arranged[1 - which]![picture]!;
    });
    const lacking = this.#inSight.filter((picture) => !this.atlas.has(picture));
    const [first, again] = sheetIns.map((sheetIn) => new Set(Array.from(lacking, sheetIn)).size);
    return sheetIns[Number(again! < first!)] ?? (() => -1);
  }

  async #decode(index: number): Promise<void> {
    const sheet = this.#sheets[index]!;
    this.#busy.add(index);
    const bitmap = sheet.picture && (await decodePicture(sheet.picture).catch(() => null));
    this.#busy.delete(index);
    if (this.#ended || this.#sheets[index] !== sheet) return bitmap?.close();
    if (!bitmap) sheet.picture = null;
    const { side } = this.atlas;
    const before = this.#lackingInSight();
    sheet.numbers.forEach((picture, place) => {
      if (!bitmap || !this.#arranged.some((sheetOf) => sheetOf[picture] === index)) return;
      if (!this.atlas.isWanted(picture)) return;
      const [x, y] = [(place % COLUMNS) * side, Math.floor(place / COLUMNS) * side];
      this.atlas.put(picture, bitmap, x, y, sheet.sizes[2 * place]!, sheet.sizes[2 * place + 1]!);
    });
    bitmap?.close();
    // Not only once a frame: what is in sight may lie on many sheets.
    this.#decodeNext();
    if (this.#lackingInSight() < before) this.changed();
  }

  #lackingInSight(): number {
    return this.#inSight.reduce((sum, picture) => sum + Number(!this.atlas.has(picture)), 0);
  }

  #leave(index: number): void {
    const sheet = this.#sheets[index];
    if (sheet && --sheet.used === 0) sheet.picture = null;
  }
}
