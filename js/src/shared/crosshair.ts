import { h, svg } from "./dom";
import { isCommand } from "./keys";
import { atOnce } from "./redraw";
import { isInside, type Region } from "./region";
import type { Frame, ViewTable } from "./view";
import { list, number } from "./wire";

/** What all views over one picture share, as cfwidgets/widgets/linking.py declares it. */
export const linkedTraits = {
  /** x and y in parts of the picture's width and height; empty for none. */
  point: list(number()),
  region: list(list(number())),
};
export type LinkedFrame = Frame<ViewTable & typeof linkedTraits>;
type Point = readonly number[];

/** Where a picture stands on its canvas, in parts of the canvas' width and height. */
export type Place = readonly [left: number, top: number, width: number, height: number];

/** A pointer that moves by less has clicked, in CSS pixels. */
const STILL = 4;
/** For the help of a view. */
export const MARKING =
  " With Shift, a click marks a part of the picture and a drag draws around one (with Ctrl a rectangle); M marks the " +
  "part at the crosshair. Linked views outline it and say how much of their answer lies there; Escape clears it.";

/**
 * The point and the region that views over one picture share: a crosshair and an outline over each of its pictures.
 * Whoever points at one, or marks a part of it, sets them.
 */
export function createCrosshair(
  frame: LinkedFrame,
  /** What a click at a place marks. */
  pieceAt: (x: number, y: number) => Region,
  /** What the keyboard marks where nothing points. */
  start: () => Point = () => [0.5, 0.5],
) {
  const { scope, traits } = frame;
  const crosses: HTMLElement[] = [];
  const outlines: Element[] = [];
  let next: Partial<Record<"point", Point> & Record<"region", Region>> = {};
  const tell = atOnce(scope, () => {
    frame.set(next);
    next = {};
  });
  const set = (values: typeof next) => {
    Object.assign(next, values);
    tell();
  };

  const drawPoint = () => {
    const [x = 0, y] = traits.point;
    for (const cross of crosses) {
      cross.hidden = y === undefined;
      cross.style.translate = `${100 * x}% ${100 * (y ?? 0)}%`;
    }
  };
  const drawRegion = () => {
    const path = traits.region.map((ring) => `M${ring.join(" ")}Z`).join("");
    for (const outline of outlines) outline.setAttribute("d", path);
  };
  frame.listen(["point"], drawPoint);
  frame.listen(["region"], drawRegion);

  const createMark = () => {
    const lines = [svg("path"), svg("path")];
    const cross = h("i.cross");
    crosses.push(cross);
    outlines.push(...lines);
    const outline = svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" }, ...lines);
    return h("div.mark", { "aria-hidden": "true" }, outline, cross);
  };
  const toggle = ([x, y]: Point) => set({ region: isInside(traits.region, x!, y!) ? [] : pieceAt(x!, y!) });

  const crosshair = {
    /** Where the point goes when the pointer leaves. */
    rest: [] as Point,
    point: (point: Point) => frame.set({ point }),
    /**
     * Puts both over the picture on a canvas, which fills a box, or over each of up to so many pictures. Gives what says
     * where these are.
     */
    over(box: HTMLElement, canvas: Element, most = 1) {
      let places: readonly Place[] = [[0, 0, 1, 1]];
      let stroke: { place: Place; from: PointerEvent; path: Point; drags: boolean } | null = null;
      const marks = Array.from({ length: most }, createMark);
      const within = ({ clientX, clientY }: PointerEvent, [left, top, width, height]: Place): Point => {
        const all = canvas.getBoundingClientRect();
        const [x, y] = [(clientX - all.left) / all.width, (clientY - all.top) / all.height];
        return [(x - left) / width, (y - top) / height];
      };
      const placeOf = (event: PointerEvent) =>
        places.find((place) => within(event, place).every((at) => at >= 0 && at <= 1));
      // Before the view's own: what draws a region does nothing else.
      const before = <K extends keyof HTMLElementEventMap>(
        type: K,
        run: (event: HTMLElementEventMap[K]) => void,
      ) => box.addEventListener(type, run, { capture: true, signal: scope.signal });

      before("pointerdown", (event) => {
        const place = event.shiftKey && event.button === 0 && placeOf(event);
        if (!place) return;
        stroke = { place, from: event, path: [], drags: false };
        box.setPointerCapture(event.pointerId);
        event.stopPropagation();
      });
      before("pointermove", (event) => {
        const place = stroke?.place ?? placeOf(event);
        const point = place ? within(event, place).map((at) => Math.min(1, Math.max(0, at))) : crosshair.rest;
        set({ point });
        if (!stroke) return;
        const { from } = stroke;
        const path = [...stroke.path, ...point];
        stroke.path = path;
        stroke.drags ||= Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL;
        const [x0, y0, x1, y1] = [...path.slice(0, 2), ...point] as [number, number, number, number];
        const rectangle = event.ctrlKey || event.metaKey;
        if (stroke.drags && path.length >= 6)
          set({ region: [rectangle ? [x0, y0, x1, y0, x1, y1, x0, y1] : path] });
      });
      before("pointerup", (event) => {
        if (stroke && !stroke.drags) toggle(within(event, stroke.place));
        stroke = null;
      });
      before("pointercancel", () => {
        stroke = null;
      });
      before("click", (event) => event.shiftKey && event.stopPropagation());
      scope.on(box, "pointerleave", () => stroke ?? set({ point: crosshair.rest }));

      box.classList.add("cfw-marked");
      box.append(...marks);
      drawPoint();
      drawRegion();
      return (now: readonly Place[]) => {
        places = now;
        marks.forEach((mark, i) => {
          mark.hidden = i >= now.length;
          ["left", "top", "width", "height"].forEach((side, k) => {
            mark.style.setProperty(side, `${100 * (now[i]?.[k] ?? 0)}%`);
          });
        });
      };
    },
    /** Marks what is at the crosshair, or clears the region; true if the key has been used. */
    key(event: KeyboardEvent): boolean {
      const typing = (event.composedPath()[0] as Element).matches("input:not([type=range])");
      if (typing || isCommand(event)) return false;
      if (event.key === "m") toggle(traits.point.length === 2 ? traits.point : start());
      else if (event.key === "Escape" && traits.region.length > 0) set({ region: [] });
      else return false;
      return true;
    },
  };
  return crosshair;
}
