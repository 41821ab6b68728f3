import { h, setName } from "../shared/dom";
import type { Image } from "./image";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import type { Walk } from "./walk";
import * as words from "./words";

/** What there is to say of the path. */
export function createLine(frame: TransitionFrame, transition: Transition, walk: Walk, image: Image) {
  const element = h("div.line.muted.number.ellipsis");
  const wordsNow = () => {
    const wrong = transition.wrong || image.wrong;
    if (wrong) return wrong;
    if (transition.frames.failed(walk.place))
      return `the browser cannot decode the frame of phase ${walk.place}`;
    const waiting = frame.waiting.words(words.WAITING_FOR_PATH, words.WORKS);
    if (waiting) return waiting;
    if (transition.path) return words.about(transition.path);
    if (frame.traits.state !== "running") return "";
    return frame.traits.gallery.length > 0 ? words.FIRST_PATH : words.NO_PATH;
  };
  return {
    element,
    draw() {
      setName(element, wordsNow());
    },
  };
}
