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

export type Frames = ReturnType<typeof createFrames>;

/**
 * The frames of a path, decoded as they are needed, of which those used last are kept: at most `limit` bytes of decoded
 * pixels. What is evicted, outdated or left over at the end is closed. `changed` tells that a frame is there that is nearer
 * to the wanted phase than any was, or that the wanted one cannot be decoded.
 */
export function createFrames(limit: number, changed: () => void) {
  /** By phase; the longest unused comes first. */
  const decoded = new Map<number, Kept>();
  const pixels = createPixelReader();
  const pending = new Set<number>();
  const failed = new Set<number>();
  let current: Source | null = null;
  let plan: number[] = [];
  let now = 0;
  let step = 1;
  let wanted = 0;
  let bytes = 0;
  let quiet: ReturnType<typeof setTimeout> | undefined;

  /** The decoded frame nearest to a phase, and whether there is no nearer one. */
  const look = (phase: number): { look: Look | null; exact: boolean } => {
    const source = current;
    let best: Kept | null = null;
    for (const kept of decoded.values())
      if (!best || Math.abs(kept.phase - phase) < Math.abs(best.phase - phase)) best = kept;
    if (!source || !best) return { look: null, exact: false };
    const target = source.at[nearestEntry(source.at, phase)]!;
    const kept = decoded.get(target) ?? best;
    decoded.delete(kept.phase);
    decoded.set(kept.phase, kept);
    return { look: kept, exact: kept.phase === target && kept.source === source };
  };
  const drop = (phase: number) => {
    const kept = decoded.get(phase);
    if (!kept) return;
    kept.picture.close();
    bytes -= kept.bytes;
    decoded.delete(phase);
  };
  const clear = () => {
    for (const phase of [...decoded.keys()]) drop(phase);
  };
  const keep = (kept: Kept) => {
    /** How far the nearest decoded frame was from the wanted phase. */
    const before = Math.min(...[...decoded.keys()].map((phase) => Math.abs(phase - wanted)));
    drop(kept.phase);
    decoded.set(kept.phase, kept);
    bytes += kept.bytes;
    const shown = look(wanted).look?.phase;
    for (const phase of decoded.keys()) {
      if (bytes <= limit) break;
      if (phase !== shown) drop(phase);
    }
    if (Math.abs(kept.phase - wanted) <= before) changed();
  };

  const decode = async (source: Source, phase: number) => {
    pending.add(phase);
    const entry = nearestEntry(source.at, phase);
    const blobs = [source.frames.blob(entry), source.maps?.blob(entry) ?? null];
    const [picture, map] = await decodePictures(blobs);
    const { width, height } = source;
    const maps = map && current ? greyOf(pixels(map, width, 2 * height)) : null;
    map?.close();
    if (current !== source) return picture?.close();
    pending.delete(phase);
    if (picture) keep({ phase, picture, maps, source, bytes: bytesOf(picture) + (maps?.length ?? 0) });
    else {
      failed.add(phase);
      changed();
    }
    pump();
  };
  const pump = () => {
    const source = current;
    if (!source) return;
    for (const phase of plan) {
      if (pending.size >= (phase === source.at[now] ? AT_ONCE : AHEAD_AT_ONCE)) return;
      const known = decoded.get(phase)?.source === source;
      if (!known && !pending.has(phase) && !failed.has(phase)) void decode(source, phase);
    }
  };
  /** Decodes the wanted frame first, and then those of other entries. */
  const foresee = (source: Source, entries: readonly number[]) => {
    if (source !== current) return;
    plan = [now, ...entries].flatMap((entry) => source.at[entry] ?? []);
    pump();
  };
  /** How many frames of a source there is room for. */
  const roomFor = ({ width, height }: Source) => Math.floor(limit / (6 * width * height));
  /** Where the movement goes on to, and a few the other way. */
  const near = (source: Source) => {
    const room = roomFor(source);
    const [ahead, behind] = [Math.min(AHEAD, Math.floor(room / 4)), Math.min(BEHIND, Math.floor(room / 8))];
    return [
      ...Array.from({ length: ahead }, (_, i) => now + (i + 1) * step),
      ...Array.from({ length: behind }, (_, i) => now - (i + 1) * Math.sign(step)),
    ];
  };
  /** Landmarks over the whole path: wherever one goes, something near is there to show. */
  const far = (source: Source) => {
    const last = source.at.length - 1;
    const landmarks = Math.min(LANDMARKS, last, Math.floor(roomFor(source) / 3));
    return Array.from({ length: landmarks + 1 }, (_, i) => Math.round((last * i) / Math.max(1, landmarks)));
  };

  return {
    look,
    get bytes() {
      return bytes;
    },
    get count() {
      return decoded.size;
    },
    /** Whether the frame nearest to a phase has turned out not to be a picture. */
    failed: (phase: number) => !!current && failed.has(current.at[nearestEntry(current.at, phase)]!),
    /** Takes other frames; with `stay` the decoded ones still stand in, since they are of the same path. */
    open(source: Source | null, stay: boolean) {
      if (!stay) clear();
      const before = current;
      current = source;
      pending.clear();
      failed.clear();
      plan = [];
      now = 0;
      if (source && before && before.scale === source.scale && !before.maps === !source.maps)
        for (const kept of decoded.values()) if (kept.source === before) kept.source = source;
    },
    /** Decodes what is needed at a phase, and what will be if the movement goes on. */
    seek(phase: number) {
      const source = current;
      if (!source) return;
      wanted = phase;
      const entry = nearestEntry(source.at, phase);
      const moved = entry - now;
      now = entry;
      const jumped = Math.abs(moved) > LONGEST_STEP;
      if (jumped) step = 1;
      else if (moved !== 0) step = moved;
      foresee(source, jumped ? [] : near(source));
      clearTimeout(quiet);
      quiet = setTimeout(() => foresee(source, [...near(source), ...far(source)]), QUIET);
    },
    end() {
      clearTimeout(quiet);
      current = null;
      clear();
    },
  };
}

function bytesOf({ width, height }: ImageBitmap): number {
  return 4 * width * height;
}
