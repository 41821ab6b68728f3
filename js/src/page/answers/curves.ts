import { type Hiding, traits } from "../../relevance/traits";
import { latest } from "../latest";
import type { Answerer, Asking } from "./index";

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
  /** Of the model of their names, and these. */
  readonly names: string;
  readonly named: readonly string[];
  readonly parts: readonly string[];
}

/** Curves wait so long after a question, in ms: the next one should not wait for them. */
const QUIET = 300;
/** Below the axes, where nothing is drawn. */
const OUTSIDE = [-1, -1];
const UNMEASURED = "not measured before this page was made";

/** What is known of the curves, and the chart's lines. */
function createLines(chart: Charted, view: Asking) {
  const points = [...chart.points];
  const of = ({ method, fill }: Hiding, least: boolean) =>
    points.filter((point) => point[0] === method && point[2] === least && point[3] === fill);
  return {
    of,
    add(hiding: Hiding, p: number) {
      const { method, percent, least, fill } = hiding;
      if (!of(hiding, least).some((point) => point[1] === percent))
        points.push([method, percent, least, fill, p]);
    },
    /** Draws what is known of the curves of a question; returns whether there is anything. */
    draw(hiding: Hiding): boolean {
      let any = false;
      for (const [line, least] of [
        [chart.most, false],
        [chart.least, true],
      ] as const) {
        const known = of(hiding, least).sort((a, b) => a[1] - b[1]);
        const drawn = known.length > 1;
        any ||= drawn;
        view.draw(line, {
          x: drawn ? known.map((point) => point[1]) : OUTSIDE,
          y: drawn ? known.map((point) => point[4]) : OUTSIDE,
        });
      }
      for (const part of chart.parts) view.draw(part, { visible: true });
      return any;
    },
  };
}

/** The curves that were measured before the page was made, and words where those of a question were not. */
export const stillCurves: Answerer = ({ values }, view) => {
  const chart = values.chart as Charted;
  const lines = createLines(chart, view);
  view.follow("hiding", () => {
    const hiding = traits.hiding(view.get("hiding"));
    if (hiding) view.draw(chart.names, { text: lines.draw(hiding) ? chart.named : [UNMEASURED, ""] });
  });
  return () => {};
};

/** The curves that an answer lies on, in the chart, as cfwidgets/widgets/relevance/view.py and chart.py give them. */
export function createCurves(chart: Charted, view: Asking, evaluate: (hiding: Hiding) => Promise<number>) {
  const lines = createLines(chart, view);
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: Hiding | undefined;
  const measure = latest(view, async () => {
    const mine = turn;
    for (const least of [false, true]) {
      for (const percent of chart.shares) {
        if (turn !== mine || !shown) return;
        if (lines.of(shown, least).some((point) => point[1] === percent)) continue;
        const hiding = { ...shown, percent, least };
        const p = await evaluate(hiding);
        if (turn !== mine) return;
        lines.add(hiding, p);
        lines.draw(hiding);
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
        lines.add(hiding, p);
        lines.draw(hiding);
      }
      timer = setTimeout(measure, QUIET);
    },
  };
}
