import { throttle } from "../shared/throttle";
import type { TransitionFrame } from "./traits";

/** The kernel hears of a moving phase at most this often, in ms; while playing, less. */
const SAVE_EVERY = 200;
const SAVE_PLAYING = 1000;

/** The phase of one view: the hand, or the play, leads; between them it follows the model. */
export function createPhase({ scope, traits, set, save, listen }: TransitionFrame, changed: () => void) {
  let value = traits.phase;
  let moving = false;
  let setting = false;
  const tell = () => {
    setting = true;
    set({ phase: value });
    setting = false;
  };
  const tellKernel = () => {
    // Set once more, since something else may have come from the kernel meanwhile.
    tell();
    save({});
  };
  const soon = throttle(tellKernel, SAVE_EVERY);
  const slowly = throttle(tellKernel, SAVE_PLAYING);
  const flush = () => {
    soon.flush();
    slowly.flush();
  };
  /** Takes what the kernel, or another view, has set; but while it moves here, here is right. */
  const read = () => {
    if (setting || moving || soon.pending || slowly.pending || traits.phase === value) return;
    value = traits.phase;
    changed();
  };
  /** Tells the charts which phase is looked at. Not saved: they are linked in the browser. */
  const point = (to: number) => {
    // Not set anew: hosts differ in whether an equal list is a change, and this runs at each painting.
    if (traits.cursor[0] !== to) set({ cursor: [to, to] });
  };
  scope.defer(flush);
  listen(["phase"], read);
  return {
    get value() {
      return value;
    },
    point,
    /** Moves by hand, or by itself; a movement goes on until `rest`. */
    move(to: number, byItself = false) {
      moving = true;
      if (to === value) return;
      value = to;
      tell();
      point(to);
      changed();
      (byItself ? slowly : soon)();
    },
    /** The movement has ended. */
    rest() {
      moving = false;
      flush();
    },
  };
}
