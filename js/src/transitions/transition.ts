import { className } from "../shared/format";
import { type Opened, packOpener } from "../shared/pack";
import { Frames, type Source } from "./frames";
import { type Path, predictedAt, readPath, sameEnds, valueAt } from "./path";
import type { Side } from "./sides";
import type { TransitionFrame } from "./traits";

/** Of decoded frames, in bytes. */
const MEMORY = 48e6;

/** The transition that the kernel has sent: its path, and its frames. */
export class Transition {
  path: Path | null = null;
  /** The frames; null as long as they cannot be read. */
  source: Source | null = null;
  /** What cannot be read, in words for the reader; empty where all is well. */
  wrong = "";
  readonly frames: Frames;
  readonly #openFrames = packOpener();
  readonly #openMaps = packOpener();
  #read: unknown[] = [];

  constructor(readonly frame: TransitionFrame) {
    this.frames = new Frames(MEMORY, frame.repaint);
    frame.scope.defer(() => this.frames.end());
  }

  /** Reads what has been sent. True if it was new. */
  read(): boolean {
    const { path, frames, maps, size } = this.frame.traits;
    const now = [path, frames, maps, size.join()];
    if (now.every((value, i) => value === this.#read[i])) return false;
    this.#read = now;
    const before = this.path;
    this.source = null;
    this.wrong = "";
    try {
      this.path = readPath(path);
      if (this.path) this.#readSource(this.path);
    } catch (error) {
      this.path = null;
      this.wrong = (error as Error).message;
    }
    this.frames.open(this.source, sameEnds(before, this.path));
    return true;
  }

  name(index: number): string {
    return className(this.frame.traits.labels, index);
  }

  /** The probability of a side's class; null where it is not known. */
  probability(side: Side, phase: number): number | null {
    return this.path && valueAt(this.path, this.path[side], phase);
  }

  /** The predicted class; -1 where it is not known. */
  predicted(phase: number): number {
    return this.path ? predictedAt(this.path, phase) : -1;
  }

  #readSource({ at, scale }: Path): void {
    const { traits } = this.frame;
    const [frames, maps] = [this.#openFrames(traits.frames), this.#openMaps(traits.maps)];
    this.wrong = unread("frames", frames, at.length) || (frames.pack ? "" : "the frames are missing");
    const [height, width] = traits.size;
    if (this.wrong || !frames.pack || width === 0) return;
    this.wrong = unread("maps", maps, at.length);
    this.source = { at, frames: frames.pack, maps: this.wrong ? null : maps.pack, scale, width, height };
  }
}

/** What of a pack cannot be read; it has a blob an entry, or is not there. */
function unread(what: string, { pack, wrong }: Opened, entries: number): string {
  if (wrong) return `the ${what} cannot be read: ${wrong}`;
  return pack && pack.count !== entries
    ? `there are ${pack.count} ${what} where ${entries} were expected`
    : "";
}
