import { isFromChart, markedBy } from "../shared/cursor";
import type { Look } from "./look";
import type { Scores } from "./scores";
import type { FaceXFrame } from "./traits";

/** Follows the charts, which are linked in the browser: a click on a bar pins, and what is looked at is marked there. */
export function followCharts(frame: FaceXFrame, scores: Scores, look: Look) {
  const { scope, traits } = frame;
  /** The region under this view's pointer that the other views have heard of: they may have one of their own. */
  let told = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  scope.defer(() => clearTimeout(timer));
  const marked = () => markedBy(traits.cursor);
  /** The place of the region that is looked at, in any view of this model; -1 for none. */
  const looking = () => scores.places.indexOf(traits.pointed || traits.chosen);
  const tell = () => {
    timer = undefined;
    if (look.region !== told) frame.set({ pointed: look.region });
    told = look.region;
    const place = looking();
    if (marked() !== place) frame.set({ cursor: place < 0 ? null : [place] });
  };
  frame.listen(["cursor"], () => {
    // The kernel's echo of what was marked comes this way, too.
    const picked = traits.cursor === null || isFromChart(traits.cursor);
    if (!picked || marked() === looking()) return;
    const region = scores.places[marked()];
    if (region) look.pin(region);
    else look.unpin();
  });
  return {
    /** Marks what is looked at. A chart takes its time: after the view is on the page. Not saved. */
    tell() {
      timer ??= setTimeout(tell);
    },
  };
}
