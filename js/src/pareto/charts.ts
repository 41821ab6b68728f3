import { isFromChart, markedBy } from "../shared/cursor";
import type { Scope } from "../shared/scope";
import type { Front } from "./front";
import type { ParetoFrame } from "./traits";

/** The class that the charts of cfwidgets/widgets/pareto/chart.py have, and what bqplot calls a point and its shape. */
const CHART = ".cfw-pareto-chart";
const POINT = ".object_grp";
const SHAPE = `${CHART} ${POINT} path`;

/**
 * Lets points of the charts be clicked below bqplot's brush, which covers them: a press on a point does not begin to brush
 * a region, and its click goes to the point.
 */
function letPointsBeClicked(scope: Scope) {
  let clicking = false;
  /** The point below the pointer; of several the one whose middle is nearest. */
  const below = ({ clientX, clientY, target }: MouseEvent): Element | null => {
    if (!(target as Element).closest?.(`${CHART} .selector`)) return null;
    const distance = (shape: Element) => {
      const { left, right, top, bottom } = shape.getBoundingClientRect();
      return Math.hypot((left + right) / 2 - clientX, (top + bottom) / 2 - clientY);
    };
    let nearest: Element | null = null;
    for (const found of document.elementsFromPoint(clientX, clientY))
      if (found.matches(SHAPE) && (!nearest || distance(found) < distance(nearest))) nearest = found;
    return nearest;
  };
  const options = { capture: true, signal: scope.signal };
  document.addEventListener(
    "mousedown",
    (event) => {
      // Also of other views on the page: once is enough.
      if (below(event)) event.stopImmediatePropagation();
    },
    options,
  );
  document.addEventListener(
    "click",
    (event) => {
      if ((event.target as Element).closest?.(`${CHART} ${POINT}`)) {
        // On its way to the point, whose choice is made before this event has ended; microtasks run earlier, after
        // each listener.
        clicking = true;
        setTimeout(() => {
          clicking = false;
        });
        return;
      }
      const point = below(event);
      if (!point) return;
      event.stopImmediatePropagation();
      const { clientX, clientY, view } = event;
      point.dispatchEvent(new MouseEvent("click", { clientX, clientY, view, bubbles: true }));
    },
    options,
  );
  return {
    /** Whether a point is being clicked: what the charts choose at other times is an echo of what they were told. */
    clicking: () => clicking,
  };
}

/**
 * Calls whenever more of the charts have drawn their points: bqplot reads what is marked before it listens to changes, so
 * that a mark which comes in between would never be drawn.
 */
function whenDrawn(scope: Scope, tell: () => void) {
  let before = 0;
  const watch = new MutationObserver(() => {
    const charts = [...document.querySelectorAll(CHART)];
    const drawn = charts.filter((chart) => chart.querySelector(POINT)).length;
    if (drawn > before) tell();
    before = drawn;
  });
  watch.observe(document.body, { childList: true, subtree: true });
  scope.defer(() => watch.disconnect());
}

/** Follows the charts, which are linked in the browser: a click on a point chooses, and what is shown is marked there. */
export function followCharts(
  frame: ParetoFrame,
  front: Front,
  choose: (place: number, since: number) => void,
) {
  const { clicking } = letPointsBeClicked(frame.scope);
  const marked = () => markedBy(frame.traits.cursor);
  frame.listen(["cursor"], () => {
    if (marked() === front.shown) return;
    const picked = clicking() && isFromChart(frame.traits.cursor) ? marked() : -1;
    if (picked >= 0 && picked < front.members.length) choose(picked, performance.now());
    // An echo of what was told before: what is shown is told again.
    else frame.repaint();
  });
  const mark = (place: number) => {
    if (marked() !== place) frame.set({ cursor: place < 0 ? null : [place] });
  };
  whenDrawn(frame.scope, () => {
    const place = marked();
    if (place < 0 || place !== front.shown) return;
    mark(-1);
    mark(place);
  });
  return {
    /** Marks what is shown. Not saved. */
    mark,
  };
}
