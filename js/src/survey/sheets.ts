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

/**
 * All sheets that have come, as files. One is decoded while pictures of it are wanted and not in the atlas, those first
 * that have most of what is in sight; what is wanted of it is copied into the atlas, and it is closed again.
 */
export class Sheets {
  readonly #sheets: Sheet[] = [];
  /** Of each picture the sheet and the place in it, -1 for none. */
  #sheetOf = new Int32Array(0);
  #placeOf = new Uint8Array(0);
  #busy = new Set<number>();
  #inSight: Uint32Array = new Uint32Array(0);
  #kept: Wire = null;
  #ended = false;

  constructor(
    readonly atlas: Atlas,
    /** Pictures have come into the atlas, some of them in sight or none. */
    readonly changed: (inSight: boolean) => void,
  ) {}

  /** The number of pictures of the data set. */
  resize(count: number): void {
    if (count === this.#sheetOf.length) return;
    this.#sheetOf = new Int32Array(count).fill(-1);
    this.#placeOf = new Uint8Array(count);
    this.#sheets.length = 0;
    this.#kept = null;
    this.atlas.resize(count);
  }

  has(picture: number): boolean {
    return this.#sheetOf[picture]! >= 0;
  }

  /** Takes a sheet: its numbers, sizes and file, `instead` of others that have these pictures, or beside them. */
  add([numbers, sizes, picture]: readonly (Wire | null)[], instead = false): void {
    const [of, size, file] = [toBytes(numbers), toBytes(sizes), toBytes(picture)];
    if (!of || !size || !file) return;
    // Its own copies: what a message or a trait brought is then free.
    const sheet: Sheet = {
      ...{ numbers: new Uint32Array(of.slice().buffer, 0, of.length >> 2), sizes: size.slice() },
      ...{ picture: file.slice(), used: 0 },
    };
    const index = this.#sheets.push(sheet) - 1;
    sheet.numbers.forEach((number, place) => {
      if (number >= this.#sheetOf.length || place > 255 || (!instead && this.has(number))) return;
      this.#leave(this.#sheetOf[number]!);
      this.#sheetOf[number] = index;
      this.#placeOf[number] = place;
      sheet.used++;
    });
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
    this.atlas.want(sight, around);
    const counts = new Map<number, number>();
    const lacks: number[] = [];
    const look = (pictures: Uint32Array, weight: number) => {
      for (const picture of pictures) {
        const sheet = this.#sheetOf[picture]!;
        if (sheet < 0) {
          if (weight === IN_SIGHT) lacks.push(picture);
        } else if (!this.atlas.has(picture) && !this.#busy.has(sheet) && this.#sheets[sheet]!.picture)
          counts.set(sheet, (counts.get(sheet) ?? 0) + weight);
      }
    };
    look(sight, IN_SIGHT);
    look(around, 1);
    const first = [...counts].sort(([, m], [, n]) => n - m);
    // What nobody sees yet is not to take the time of what one sees.
    const most = (first[0]?.[1] ?? 0) >= IN_SIGHT ? AT_ONCE : 1;
    for (const [sheet] of first.slice(0, Math.max(0, most - this.#busy.size))) void this.#decode(sheet);
    return lacks;
  }

  end(): void {
    this.#ended = true;
    this.atlas.end();
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
      if (!bitmap || this.#sheetOf[picture] !== index || !this.atlas.isWanted(picture)) return;
      const [x, y] = [(place % COLUMNS) * side, Math.floor(place / COLUMNS) * side];
      this.atlas.put(picture, bitmap, x, y, sheet.sizes[2 * place]!, sheet.sizes[2 * place + 1]!);
    });
    bitmap?.close();
    this.changed(this.#lackingInSight() < before);
  }

  #lackingInSight(): number {
    return this.#inSight.reduce((sum, picture) => sum + Number(!this.atlas.has(picture)), 0);
  }

  #leave(index: number): void {
    const sheet = this.#sheets[index];
    if (sheet && --sheet.used === 0) sheet.picture = null;
  }
}
