import { h } from "../shared/dom";
import type { Opening } from "./opening";
import { createPatches, type OpenPatch } from "./patches";
import { createReadout } from "./readout";

/** The score and the patches of the region that is shown. */
export function createSee(opening: Opening, opened: OpenPatch) {
  const { frame, scores, look } = opening;
  const { root, traits } = frame;
  const readout = createReadout(scores);
  const patches = ([0, 1] as const).map((by) => createPatches(opening, by, opened));
  const element = h("div.see", readout.element, ...patches.map((part) => part.element));
  return {
    element,
    /** Says in words what of the patches cannot be read. */
    get unread() {
      return [...new Set(patches.map((part) => part.unread))];
    },
    draw() {
      // The patches' places are shown before there is anything to see there.
      const coming = scores.heat === null && traits.state === "running" && !frame.absent;
      root.classList.toggle("cfw-waiting", coming);
      element.hidden = scores.heat === null && !coming;
      for (const part of patches) part.draw();
    },
    paint() {
      readout.update(scores.row(look.shown), look.why);
      for (const part of patches) part.paint();
    },
  };
}
