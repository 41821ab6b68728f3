import { h, setAttribute } from "../shared/dom";
import type { MiniatureContent, Workshop } from "./miniature";
import { nearestEntry } from "./path";
import { createTiles } from "./tiles";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import type { Walk } from "./walk";
import { predicted } from "./words";

/** Typical phases, each a button that goes there. */
export function createStrip(
  frame: TransitionFrame,
  transition: Transition,
  walk: Walk,
  workshop: Workshop,
  which: () => number,
) {
  const element = h("div.strip", { role: "group", "aria-label": "Typical phases" });
  const tiles = createTiles(frame.scope, workshop, element, (phase) => walk.jump(phase));
  const contentOf = (phase: number): MiniatureContent => {
    const { source } = transition;
    const entry = nearestEntry(source?.at ?? [], phase);
    return {
      picture: source?.frames.blob(entry) ?? null,
      map: source?.maps?.blob(entry) ?? null,
      ...{ maps: 2, which: which() },
    };
  };
  return {
    element,
    draw() {
      const phases = transition.source ? (transition.path?.strip ?? []) : [];
      tiles.update(
        phases.map((phase) => ({
          id: phase,
          content: contentOf(phase),
          figure: String(phase),
          label: `go to phase ${phase}, ${predicted(transition.name(transition.predicted(phase)))}`,
        })),
      );
    },
    /** Marks the tile nearest to the phase looked at. */
    paint() {
      const phases = tiles.all.map(({ id }) => id);
      const nearest = nearestEntry(phases, walk.place);
      tiles.all.forEach(({ button }, i) => {
        setAttribute(button, "aria-current", i === nearest && "true");
      });
    },
  };
}
