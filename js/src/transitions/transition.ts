import type { AnyModel } from "@anywidget/types";
import { packOpener } from "../shared/pack";
import type { Scope } from "../shared/scope";
import type { Source } from "./frames";
import { type Path, readPath, sameEnds } from "./path";
import type { Traits } from "./traits";
import { readTraits } from "./wire";

export interface TransitionEvents {
  /** Another path, or none, and its frames if they can be read; `refined` if only more of it is known now. */
  opened(path: Path | null, source: Source | null, refined: boolean): void;
  /** In words for the reader, what cannot be read; empty when all is well again. */
  broken(what: string): void;
}

/** Reads the path and its frames now and whenever they change. */
export function followTransition(scope: Scope, model: AnyModel<Traits>, events: TransitionEvents): void {
  const { size } = readTraits(model);
  const [openFrames, openMaps] = [packOpener(), packOpener()];
  let path: Path | null = null;
  let seen: unknown[] = [];
  const read = () => {
    const now = [model.get("path"), model.get("frames"), model.get("maps"), size().join()];
    if (now.every((value, i) => value === seen[i])) return;
    seen = now;
    const before = path;
    let wrong = "";
    try {
      path = readPath(model.get("path"));
    } catch (error) {
      path = null;
      wrong = (error as Error).message;
    }
    const frames = openFrames(model.get("frames"));
    const maps = openMaps(model.get("maps"));
    const [width, height] = size();
    const entries = path?.at.length ?? 0;
    const fits = path !== null && frames.pack?.count === entries && width > 0;
    if (path && !fits && wrong === "") {
      if (frames.wrong) wrong = `the frames cannot be read: ${frames.wrong}`;
      else if (frames.pack && frames.pack.count !== entries)
        wrong = `there are ${frames.pack.count} frames where ${entries} were expected`;
      else if (!frames.pack) wrong = "the frames are missing";
    }
    if (fits && wrong === "") {
      if (maps.wrong) wrong = `the maps cannot be read: ${maps.wrong}`;
      else if (maps.pack && maps.pack.count !== entries)
        wrong = `there are ${maps.pack.count} maps where ${entries} were expected`;
    }
    const source: Source | null =
      path && fits && frames.pack
        ? {
            at: path.at,
            frames: frames.pack,
            maps: maps.pack?.count === entries ? maps.pack : null,
            scale: path.scale,
            ...{ width, height },
          }
        : null;
    events.broken(wrong);
    events.opened(path, source, sameEnds(before, path));
  };
  let waiting = false;
  scope.listen(model, ["path", "frames", "maps", "size"], () => {
    if (waiting) return;
    waiting = true;
    // They come together, one change after the other.
    queueMicrotask(() => {
      waiting = false;
      if (!scope.signal.aborted) read();
    });
  });
  read();
}
