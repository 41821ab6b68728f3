import type { Look } from "./look";
import { area, curveOf, iou, type Overlap } from "./overlap";
import type { TranslationFrame } from "./traits";

/** Below the axes of the chart, where nothing is drawn. */
const OUTSIDE = Array.from({ length: 64 }, () => -1);

/** Gives the chart the curves of the mask that is shown. It is linked in the browser: the kernel does not hear of it. */
export function followCurves(frame: TranslationFrame, look: Look) {
  let drawn: Overlap | null | undefined;
  return () => {
    const { overlap } = look;
    const { threshold, cursor } = frame.traits;
    if (cursor[0] !== threshold) frame.set({ cursor: [threshold, threshold] });
    if (overlap === drawn) return;
    drawn = overlap;
    frame.set({
      curve: overlap && overlap.marked > 0 ? curveOf(overlap, iou) : OUTSIDE,
      area: overlap ? curveOf(overlap, area) : OUTSIDE,
    });
  };
}
