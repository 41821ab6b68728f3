/** Pixels of a canvas's side. Small canvases, since one that is drawn from and then drawn on is copied. */
const EDGE = 512;
/** Canvases at most, of 1 MiB each. */
const PAGES = 40;

export interface Spot {
  canvas: CanvasImageSource;
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Thumbnails as pixels, side by side on a few canvases: as many as there is room for, and where there is none, new ones
 * take the place of those that are not wanted.
 */
export class Atlas {
  /** Pixels of a thumbnail's side; 0 before it is known. */
  side = 0;
  #pages: HTMLCanvasElement[] = [];
  /** Of each picture its slot, -1 for none, and the round in which it was last wanted. */
  #slotOf = new Int32Array(0);
  #wantedIn = new Uint32Array(0);
  /** Of each slot the picture, -1 for none, and the size. */
  #pictureIn = new Int32Array(0);
  #sizeIn = new Uint8Array(0);
  #round = 0;
  #hand = 0;

  resize(count: number): void {
    this.#slotOf = new Int32Array(count).fill(-1);
    this.#wantedIn = new Uint32Array(count);
    this.#pictureIn.fill(-1);
  }

  setSide(side: number): void {
    if (side === this.side || side < 1) return;
    this.side = side;
    this.#pictureIn = new Int32Array(this.capacity).fill(-1);
    this.#sizeIn = new Uint8Array(2 * this.capacity);
    this.#slotOf.fill(-1);
  }

  /** How many thumbnails there is room for. */
  get capacity(): number {
    return this.side > 0 ? PAGES * this.#across ** 2 : 0;
  }

  get #across(): number {
    return Math.floor(EDGE / this.side);
  }

  has(picture: number): boolean {
    return this.#slotOf[picture]! >= 0;
  }

  isWanted(picture: number): boolean {
    return this.#wantedIn[picture] === this.#round;
  }

  /** Begins a round, in which these are wanted. */
  want(...some: Uint32Array[]): void {
    this.#round++;
    for (const pictures of some) for (const picture of pictures) this.#wantedIn[picture] = this.#round;
  }

  /** Copies a thumbnail from a decoded sheet. */
  put(picture: number, from: CanvasImageSource, x: number, y: number, width: number, height: number): void {
    if (this.has(picture)) return;
    const slot = this.#free();
    if (slot < 0) return;
    const { canvas, ...to } = this.#placeOf(slot);
    const context = canvas.getContext("2d");
    this.#slotOf[picture] = slot;
    this.#pictureIn[slot] = picture;
    this.#sizeIn[2 * slot] = width;
    this.#sizeIn[2 * slot + 1] = height;
    if (width > 0) context?.drawImage(from, x, y, width, height, to.x, to.y, width, height);
  }

  /** Where a thumbnail is; null where it is not. */
  at(picture: number): Spot | null {
    const slot = this.#slotOf[picture] ?? -1;
    if (slot < 0) return null;
    const [width, height] = [this.#sizeIn[2 * slot]!, this.#sizeIn[2 * slot + 1]!];
    return { ...this.#placeOf(slot), width, height };
  }

  end(): void {
    // The memory of a canvas is free at once when it has no pixels.
    for (const page of this.#pages) page.width = page.height = 0;
    this.#pages = [];
    this.#slotOf.fill(-1);
  }

  #placeOf(slot: number): { canvas: HTMLCanvasElement; x: number; y: number } {
    const across = this.#across;
    const page = Math.floor(slot / across ** 2);
    while (this.#pages.length <= page) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = EDGE;
      this.#pages.push(canvas);
    }
    const place = slot % across ** 2;
    return {
      canvas: this.#pages[page]!,
      x: (place % across) * this.side,
      y: Math.floor(place / across) * this.side,
    };
  }

  /** A slot that is free, or whose picture is not wanted; -1 where all are. */
  #free(): number {
    for (let tried = 0; tried < this.capacity; tried++) {
      const slot = this.#hand;
      this.#hand = (slot + 1) % this.capacity;
      const picture = this.#pictureIn[slot]!;
      if (picture >= 0 && this.isWanted(picture)) continue;
      if (picture >= 0) this.#slotOf[picture] = -1;
      return slot;
    }
    return -1;
  }
}
