import { decodePictures } from "../shared/bytes";
import type { Pack } from "../shared/pack";
import { createPixelReader, greyOf } from "../shared/pixels";
import { nearestEntry } from "./path";

/** A frame that can be painted. */
export interface Look {
  readonly phase: number;
  readonly picture: ImageBitmap;
  /** The grey values of the two maps, one after the other; null without maps. */
  readonly maps: Uint8Array | null;
}

export interface Source {
  /** The phases whose frames are there, ascending. */
  readonly at: readonly number[];
  readonly frames: Pack;
  readonly maps: Pack | null;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

interface Kept extends Look {
  readonly bytes: number;
  /** The source that it was decoded from. */
  source: Source;
}

/** Decodings at once: what is wanted begins even when as many are under way as are allowed ahead of need. */
const AHEAD_AT_ONCE = 2;
const AT_ONCE = 6;
/** How many frames to decode ahead of the movement, behind it, and evenly over the path. */
const AHEAD = 6;
const BEHIND = 2;
const LANDMARKS = 48;
/** A longer way, in entries, is a jump and no movement that goes on. */
const LONGEST_STEP = 40;
/** What is only useful later is decoded when nothing has moved for this time, in ms. */
const QUIET = 120;

/**
 * The frames of a path, decoded as they are needed, of which those used last are kept: at most `limit` bytes of decoded
 * pixels. What is evicted, outdated or left over at the end is closed.
 */
export class Frames {
  #source: Source | null = null;
  /** By phase; the longest unused comes first. */
  readonly #kept = new Map<number, Kept>();
  readonly #pixels = createPixelReader();
  readonly #pending = new Set<number>();
  readonly #failed = new Set<number>();
  #plan: number[] = [];
  #entry = 0;
  #step = 1;
  #wanted = 0;
  #bytes = 0;
  #ended = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly limit: number,
    /** A frame is there that is nearer to the wanted phase than any was, or the wanted one cannot be decoded. */
    readonly changed: () => void,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#kept.size;
  }

  /** Whether the frame nearest to a phase has turned out not to be a picture. */
  failed(phase: number): boolean {
    const source = this.#source;
    return !!source && this.#failed.has(source.at[nearestEntry(source.at, phase)]!);
  }

  /** Takes other frames; with `keep` the decoded ones still stand in, since they are of the same path. */
  open(source: Source | null, keep: boolean): void {
    if (!keep) this.#clear();
    const before = this.#source;
    this.#source = source;
    this.#pending.clear();
    this.#failed.clear();
    this.#plan = [];
    this.#entry = 0;
    if (source && before && before.scale === source.scale && !before.maps === !source.maps)
      for (const kept of this.#kept.values()) if (kept.source === before) kept.source = source;
  }

  /** The decoded frame nearest to a phase, and whether there is no nearer one. */
  look(phase: number): { look: Look | null; exact: boolean } {
    const source = this.#source;
    let best: Kept | null = null;
    for (const kept of this.#kept.values())
      if (!best || Math.abs(kept.phase - phase) < Math.abs(best.phase - phase)) best = kept;
    if (!source || !best) return { look: null, exact: false };
    const target = source.at[nearestEntry(source.at, phase)]!;
    const kept = this.#kept.get(target) ?? best;
    this.#kept.delete(kept.phase);
    this.#kept.set(kept.phase, kept);
    return { look: kept, exact: kept.phase === target && kept.source === source };
  }

  /** Decodes what is needed at a phase, and what will be if the movement goes on. */
  seek(phase: number): void {
    const source = this.#source;
    if (!source) return;
    this.#wanted = phase;
    const entry = nearestEntry(source.at, phase);
    const moved = entry - this.#entry;
    this.#entry = entry;
    const jumped = Math.abs(moved) > LONGEST_STEP;
    if (jumped) this.#step = 1;
    else if (moved !== 0) this.#step = moved;
    this.#foresee(source, jumped ? [] : this.#near(source));
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(
      () => this.#foresee(source, [...this.#near(source), ...this.#far(source)]),
      QUIET,
    );
  }

  /** Decodes the wanted frame first, and then those of other entries. */
  #foresee(source: Source, entries: readonly number[]): void {
    if (source !== this.#source) return;
    const inside = [this.#entry, ...entries].filter((entry) => entry >= 0 && entry < source.at.length);
    this.#plan = inside.map((entry) => source.at[entry]!);
    this.#pump();
  }

  /** How many frames of a source there is room for. */
  #room({ width, height }: Source): number {
    return Math.floor(this.limit / (6 * width * height));
  }

  /** Where the movement goes on to, and a few the other way. */
  #near(source: Source): number[] {
    const room = this.#room(source);
    const [ahead, behind] = [Math.min(AHEAD, Math.floor(room / 4)), Math.min(BEHIND, Math.floor(room / 8))];
    return [
      ...Array.from({ length: ahead }, (_, i) => this.#entry + (i + 1) * this.#step),
      ...Array.from({ length: behind }, (_, i) => this.#entry - (i + 1) * Math.sign(this.#step)),
    ];
  }

  /** Landmarks over the whole path: wherever one goes, something near is there to show. */
  #far(source: Source): number[] {
    const last = source.at.length - 1;
    const landmarks = Math.min(LANDMARKS, last, Math.floor(this.#room(source) / 3));
    return Array.from({ length: landmarks + 1 }, (_, i) => Math.round((last * i) / Math.max(1, landmarks)));
  }

  end(): void {
    clearTimeout(this.#quiet);
    this.#ended = true;
    this.#source = null;
    this.#clear();
  }

  #pump(): void {
    const source = this.#source;
    if (!source) return;
    const wanted = source.at[this.#entry];
    for (const phase of this.#plan) {
      if (this.#pending.size >= (phase === wanted ? AT_ONCE : AHEAD_AT_ONCE)) return;
      const known = this.#kept.get(phase)?.source === source;
      if (!known && !this.#pending.has(phase) && !this.#failed.has(phase)) void this.#decode(source, phase);
    }
  }

  async #decode(source: Source, phase: number): Promise<void> {
    this.#pending.add(phase);
    const entry = nearestEntry(source.at, phase);
    const blobs = [source.frames.blob(entry), source.maps?.blob(entry) ?? null];
    const [picture, map] = await decodePictures(blobs);
    const { width, height } = source;
    const maps = map && !this.#ended ? greyOf(this.#pixels(map, width, 2 * height)) : null;
    map?.close();
    if (this.#source !== source) return picture?.close();
    this.#pending.delete(phase);
    if (picture) this.#keep({ phase, picture, maps, source, bytes: bytesOf(picture) + (maps?.length ?? 0) });
    else {
      this.#failed.add(phase);
      this.changed();
    }
    this.#pump();
  }

  #keep(kept: Kept): void {
    const before = this.#distance();
    this.#drop(kept.phase);
    this.#kept.set(kept.phase, kept);
    this.#bytes += kept.bytes;
    const wanted = this.look(this.#wanted).look?.phase;
    for (const phase of this.#kept.keys()) {
      if (this.#bytes <= this.limit) break;
      if (phase !== wanted) this.#drop(phase);
    }
    const distance = Math.abs(kept.phase - this.#wanted);
    if (distance <= before) this.changed();
  }

  /** How far the nearest decoded frame is from the wanted phase. */
  #distance(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const phase of this.#kept.keys()) least = Math.min(least, Math.abs(phase - this.#wanted));
    return least;
  }

  #drop(phase: number): void {
    const kept = this.#kept.get(phase);
    if (!kept) return;
    kept.picture.close();
    this.#bytes -= kept.bytes;
    this.#kept.delete(phase);
  }

  #clear(): void {
    for (const phase of [...this.#kept.keys()]) this.#drop(phase);
  }
}

function bytesOf({ width, height }: ImageBitmap): number {
  return 4 * width * height;
}
