import type { Scope } from "../shared/scope";

export const SPEEDS = [0.5, 1, 2, 4] as const;
export type Speed = (typeof SPEEDS)[number];

/** The whole path at speed 1, in ms. */
const DURATION = 5000;
/** A page that did not draw for a while resumes where it was. */
const LONGEST_FRAME = 100;

export type Player = ReturnType<typeof createPlayer>;

/** Moves along the path by itself. It never begins to by itself, so it needs nobody's leave to move. */
export function createPlayer(
  scope: Scope,
  phases: () => number,
  moved: (phase: number) => void,
  /** It has begun to play, or has stopped. */
  changed: () => void,
) {
  let request = 0;
  let before = 0;
  let place = 0;
  const advance = () => {
    const now = performance.now();
    const passed = Math.min(LONGEST_FRAME, now - before);
    before = now;
    const last = phases() - 1;
    place += (passed * player.speed * last) / DURATION;
    const ended = place >= last;
    if (ended && player.loop && last > 0) place %= last;
    moved(Math.min(last, Math.round(place)));
    if (ended && !player.loop) player.pause();
    else if (player.playing) request = requestAnimationFrame(advance);
  };
  const player = {
    playing: false,
    speed: 1 as Speed,
    loop: false,
    /** From a phase on; from the beginning if that is the last one. */
    play(from: number) {
      if (player.playing || phases() < 2) return;
      player.playing = true;
      place = from >= phases() - 1 ? 0 : from;
      before = performance.now();
      request = requestAnimationFrame(advance);
      changed();
    },
    pause() {
      if (!player.playing) return;
      player.playing = false;
      cancelAnimationFrame(request);
      changed();
    },
  };
  scope.defer(() => cancelAnimationFrame(request));
  return player;
}
