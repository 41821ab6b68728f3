import { className } from "../shared/format";
import { type Opened, packOpener } from "../shared/pack";
import { createFrames, type Source } from "./frames";
import { type Path, predictedAt, readPath, sameEnds, valueAt } from "./path";
import type { Side } from "./sides";
import type { TransitionFrame } from "./traits";

/** Of decoded frames, in bytes. */
const MEMORY = 48e6;

export type Transition = ReturnType<typeof createTransition>;

/** The transition that the kernel has sent: its path, and its frames. */
export function createTransition({ scope, traits, repaint }: TransitionFrame) {
  const frames = createFrames(MEMORY, repaint);
  const [openFrames, openMaps] = [packOpener(), packOpener()];
  let known: unknown[] = [];
  scope.defer(frames.end);

  const readSource = ({ at, scale }: Path) => {
    const [pictures, maps] = [openFrames(traits.frames), openMaps(traits.maps)];
    const [height, width] = traits.size;
    transition.wrong =
      unread("frames", pictures, at.length) || (pictures.pack ? "" : "the frames are missing");
    if (transition.wrong || !pictures.pack || width === 0) return;
    transition.wrong = unread("maps", maps, at.length);
    const read = { at, frames: pictures.pack, maps: transition.wrong ? null : maps.pack };
    transition.source = { ...read, scale, width, height };
  };
  const transition = {
    frames,
    path: null as Path | null,
    /** The frames; null as long as they cannot be read. */
    source: null as Source | null,
    /** What cannot be read, in words for the reader; empty where all is well. */
    wrong: "",
    /** Reads what has been sent. True if it was new. */
    read(): boolean {
      const now = [traits.path, traits.frames, traits.maps, traits.size.join()];
      if (now.every((value, i) => value === known[i])) return false;
      known = now;
      const before = transition.path;
      transition.source = null;
      transition.wrong = "";
      try {
        transition.path = readPath(traits.path);
        if (transition.path) readSource(transition.path);
      } catch (error) {
        transition.path = null;
        transition.wrong = (error as Error).message;
      }
      frames.open(transition.source, sameEnds(before, transition.path));
      return true;
    },
    name: (index: number) => className(traits.labels, index),
    /** The probability of a side's class; null where it is not known. */
    probability: (side: Side, phase: number) =>
      transition.path && valueAt(transition.path, transition.path[side], phase),
    /** The predicted class; -1 where it is not known. */
    predicted: (phase: number) => (transition.path ? predictedAt(transition.path, phase) : -1),
  };
  return transition;
}

/** What of a pack cannot be read; it has a blob an entry, or is not there. */
function unread(what: string, { pack, wrong }: Opened, entries: number): string {
  if (wrong) return `the ${what} cannot be read: ${wrong}`;
  return pack && pack.count !== entries
    ? `there are ${pack.count} ${what} where ${entries} were expected`
    : "";
}
