import { setAttribute, svg, uniqueId } from "../shared/dom";
import type { Drawing } from "./drawing";

/** Room for the outlines at a panel's border, in parts of its width. */
const MARGIN = 0.008;

/** The fill of a region: a colour; hatched where no face has it; or blank while nothing is known. */
export type Fill = string | "hatched" | "blank";

/** The regions that are outlined; -1 for none. */
export interface Marks {
  pointed: number;
  pinned: number;
  keyboard: boolean;
}

/** The drawn figure, panel by panel. */
export function createFigure(drawing: Drawing) {
  const hatch = uniqueId();
  const regions: SVGGElement[] = drawing.regions.map((shape) =>
    svg(
      "g",
      { class: "cfw-shape", "data-region": shape.name },
      ...shape.paths.map((d) => svg("path", { d })),
    ),
  );
  const overlays = new Map<number, SVGGElement>();
  const panels = drawing.panels.map(({ panel, box: [x, y, width, height] }) => {
    const room = MARGIN * width;
    const overlay = svg("g", { class: "cfw-marks" });
    overlays.set(panel, overlay);
    return svg(
      "svg",
      {
        class: "cfw-panel",
        role: "none",
        viewBox: `${x - room} ${y - room} ${width + 2 * room} ${height + 2 * room}`,
      },
      svg(
        "defs",
        {},
        svg(
          "pattern",
          {
            ...{ id: `${hatch}-${panel}`, width: 9, height: 9 },
            ...{ patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
          },
          svg("rect", { class: "cfw-hatch-ground", width: 9, height: 9 }),
          svg("rect", { class: "cfw-hatch-line", width: 2, height: 9 }),
        ),
      ),
      ...regions.filter((_, index) => drawing.regions[index]!.panel === panel),
      overlay,
    );
  });
  let marked = "";
  return {
    panels,
    regions,
    fill(fills: readonly Fill[]) {
      regions.forEach((region, index) => {
        const fill = fills[index] ?? "blank";
        const panel = drawing.regions[index]!.panel;
        region.dataset.fill = fill === "hatched" || fill === "blank" ? fill : "colour";
        const paint = fill === "hatched" ? `url(#${hatch}-${panel})` : fill === "blank" ? "" : fill;
        if (region.style.fill !== paint) region.style.fill = paint;
      });
    },
    /** Outlines regions above all others, since these cover a part of their own lines. */
    mark({ pointed, pinned, keyboard }: Marks) {
      const key = [pointed, pinned, keyboard].join();
      if (key === marked) return;
      marked = key;
      for (const overlay of overlays.values()) overlay.replaceChildren();
      const outline = (index: number, kind: string) => {
        const shape = drawing.regions[index];
        if (!shape) return;
        const paths = (part: string) => shape.paths.map((d) => svg("path", { class: part, d }));
        const group = svg("g", { class: kind }, ...paths("cfw-halo"), ...paths("cfw-outline"));
        setAttribute(group, "data-keyboard", keyboard && kind === "cfw-pointed");
        overlays.get(shape.panel)?.append(group);
      };
      outline(pinned, "cfw-pinned");
      if (pointed !== pinned || keyboard) outline(pointed, "cfw-pointed");
    },
  };
}
