import { createPhase } from "./phase";
import { createPlayer } from "./player";
import { SIDES } from "./sides";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import { spokenPhase } from "./words";

/** Keys have come to rest after this time, in ms. */
const REST = 350;

export type Walk = ReturnType<typeof createWalk>;

/** Where on the path the view is, and what moves it: the hand, keys and buttons, or the play. */
export function createWalk(
  frame: TransitionFrame,
  transition: Transition,
  /** It is moved to another phase, but not by the play. */
  moved: () => void,
) {
  let resting: ReturnType<typeof setTimeout> | undefined;
  const phase = createPhase(frame, () => {
    transition.frames.seek(walk.place);
    frame.repaint();
  });
  const player = createPlayer(
    frame.scope,
    () => walk.phases,
    (to) => phase.move(to, true),
    () => {
      if (!player.playing) walk.rest();
      frame.repaint();
    },
  );
  frame.scope.defer(() => clearTimeout(resting));
  const walk = {
    player,
    get phases() {
      return transition.path?.phases ?? 0;
    },
    /** The phase looked at, on the path that there is. */
    get place() {
      return Math.min(Math.max(0, phase.value), Math.max(0, walk.phases - 1));
    },
    /** Reads what the kernel has sent, and looks at it from where the view is. */
    follow() {
      if (!transition.read()) return;
      if (!transition.path) player.pause();
      transition.frames.seek(walk.place);
    },
    /** Moves by hand; that goes on until `rest`. */
    scrub(to: number) {
      clearTimeout(resting);
      player.pause();
      if (to !== phase.value) moved();
      phase.move(to);
    },
    /** Moves by a key or a button: nothing says when that has ended. */
    jump(to: number) {
      if (!transition.path) return;
      walk.scrub(to);
      resting = setTimeout(walk.rest, REST);
    },
    flip() {
      const flip = transition.path?.flip ?? null;
      if (flip !== null) walk.jump(flip);
    },
    /** Plays, or pauses. */
    toggle() {
      if (player.playing) player.pause();
      else player.play(walk.place);
    },
    rest() {
      clearTimeout(resting);
      phase.rest();
      if (!transition.path) return;
      const { place } = walk;
      const sides = SIDES.map(
        (side) => [transition.name(frame.traits[side]), transition.probability(side, place)] as const,
      );
      frame.say(spokenPhase(place, sides));
    },
    /** Tells the charts where the view is. */
    point() {
      if (transition.path) phase.point(walk.place);
    },
  };
  return walk;
}
