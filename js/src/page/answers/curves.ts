import type { Hiding } from "../../relevance/traits";
import { latest } from "../latest";
import type { Asking } from "./index";

/** A point: whose map, how many percent are hidden, whether the least relevant first, with what; and the probability. */
type Point = readonly [method: string, percent: number, least: boolean, fill: string, p: number];

/** The chart as it travels, and what is known of its curves. */
export interface Charted {
  /** Percents hidden at which curves are measured. */
  readonly shares: readonly number[];
  readonly points: readonly Point[];
  /** Ids of the models of both lines, and of all that is seen once there are curves. */
  readonly most: string;
  readonly least: string;
  readonly parts: readonly string[];
}

/** Curves wait so long after a question, in ms: the next one should not wait for them. */
const QUIET = 300;
/** Below the axes, where nothing is drawn. */
const OUTSIDE = [-1, -1];

/** The curves that an answer lies on, in the chart, as cfwidgets/widgets/relevance/view.py and chart.py give them. */
export function createCurves(chart: Charted, view: Asking, evaluate: (hiding: Hiding) => Promise<number>) {
  const points = [...chart.points];
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: Hiding | undefined;
  const of = (least: boolean) =>
    points.filter((point) => point[0] === shown?.method && point[2] === least && point[3] === shown.fill);
  const add = ({ method, percent, least, fill }: Hiding, p: number) => {
    if (!of(least).some((point) => point[1] === percent)) points.push([method, percent, least, fill, p]);
  };
  const draw = () => {
    for (const [line, least] of [
      [chart.most, false],
      [chart.least, true],
    ] as const) {
      const known = of(least).sort((a, b) => a[1] - b[1]);
      const drawn = known.length > 1;
      view.draw(line, {
        x: drawn ? known.map((point) => point[1]) : OUTSIDE,
        y: drawn ? known.map((point) => point[4]) : OUTSIDE,
      });
    }
    for (const part of chart.parts) view.draw(part, { visible: true });
  };
  const measure = latest(view, async () => {
    const mine = turn;
    for (const least of [false, true]) {
      for (const percent of chart.shares) {
        if (turn !== mine || !shown) return;
        if (of(least).some((point) => point[1] === percent)) continue;
        const hiding = { ...shown, percent, least };
        const p = await evaluate(hiding);
        if (turn !== mine) return;
        add(hiding, p);
        draw();
      }
    }
  });
  return {
    /** Nothing is measured while a question is answered. */
    stop() {
      turn += 1;
      clearTimeout(timer);
    },
    /** Draws what is known of the curves of a question, and measures the rest. */
    follow(hiding: Hiding, p?: number) {
      shown = hiding;
      if (p !== undefined) {
        add(hiding, p);
        draw();
      }
      timer = setTimeout(measure, QUIET);
    },
  };
}
