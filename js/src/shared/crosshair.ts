import { h, svg, UNHEARD } from "./dom";
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

/** A pointer that moves by less has clicked, in CSS pixels. */
const STILL = 4;
/** A finger that stays for so long, in ms, draws; one that does not scrolls the page, or does what the view has for it. */
const HOLD = 400;
/** For the help of a view. */
export const MARKING =
  " Shift-click marks a part of the picture, Shift-drag (a finger: hold, then drag) draws around one, with Ctrl a " +
  "rectangle, M marks that at the crosshair, Escape clears it; linked views outline it with its share.";

export type Crosshair = ReturnType<typeof createCrosshair>;

/**
 * The point and the region that views over one picture share: a crosshair and an outline over each of its pictures.
 * Whoever points at one, or marks a part of it, sets them.
 */
export function createCrosshair(
  frame: LinkedFrame,
  /** What a click at a place marks. */
  pieceAt: (x: number, y: number) => Region,
  /** What the keyboard marks where nothing points. */
  start: () => Point | undefined = () => undefined,
  /** The pointer draws without Shift, too. */
  free = false,
) {
  const { scope, traits } = frame;
  const crosses: HTMLElement[] = [];
  const outlines: Element[] = [];
  /** The pointer sets them once a frame, whoever listens. */
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
    const [x, y] = traits.point;
    for (const cross of crosses) {
      cross.hidden = y === undefined;
      cross.style.translate = `${100 * x!}% ${100 * y!}%`;
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
    return h("div.shared", UNHEARD, outline, cross);
  };
  const toggle = ([x, y]: Point) => set({ region: isInside(traits.region, x!, y!) ? [] : pieceAt(x!, y!) });

  const crosshair = {
    /** Where the point goes when the pointer leaves. */
    rest: [] as Point,
    /** A finger that has stayed begins to draw: what the view has begun with it is not meant. */
    taken: () => {},
    point: (point: Point) => frame.set({ point }),
    /** Puts both over the picture that fills a box, or over each of several: gives what to lay over each. */
    over(box: HTMLElement, count = 1): readonly HTMLElement[] {
      const marks = Array.from({ length: count }, createMark);
      const within = ({ clientX, clientY }: PointerEvent, mark: HTMLElement): Point => {
        const { left, top, width, height } = mark.getBoundingClientRect();
        return [(clientX - left) / width, (clientY - top) / height];
      };
      const under = (event: PointerEvent) =>
        marks.find((mark) => within(event, mark).every((at) => at >= 0 && at <= 1));
      /** The picture that is drawn on, the event that began it, and the pointer's way: that of a click is one point. */
      let drawn: HTMLElement | undefined;
      let from: PointerEvent;
      let path: Point = [];
      let held: ReturnType<typeof setTimeout> | undefined;
      const release = () => clearTimeout(held);
      scope.defer(release);

      // Before the view's own: what draws a region does nothing else.
      scope.on(
        box,
        "pointerdown",
        (event) => {
          release();
          drawn = undefined;
          const mark = event.button === 0 ? under(event) : undefined;
          if (!mark) return;
          from = event;
          const draw = () => {
            drawn = mark;
            path = within(event, mark);
            box.setPointerCapture(event.pointerId);
          };
          if (free || event.shiftKey) {
            draw();
            event.stopPropagation();
          } else if (event.pointerType === "touch" && event.isPrimary)
            held = setTimeout(() => {
              crosshair.taken();
              draw();
              set({ point: path });
            }, HOLD);
        },
        true,
      );
      scope.on(box, "pointermove", (event) => {
        const mark = drawn ?? under(event);
        const point = mark ? within(event, mark).map((at) => Math.min(1, Math.max(0, at))) : crosshair.rest;
        set({ point });
        const moved =
          !!from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL;
        if (moved) release();
        if (!drawn) return;
        if (path.length > 2 || moved) path = [...path, ...point];
        const [x0, y0, x1, y1] = [path[0]!, path[1]!, point[0]!, point[1]!];
        const rectangle = event.ctrlKey || event.metaKey;
        if (path.length > 4) set({ region: [rectangle ? [x0, y0, x1, y0, x1, y1, x0, y1] : path] });
      });
      scope.on(box, ["pointerup", "pointercancel"], () => {
        release();
        if (drawn && path.length === 2) toggle(path);
        drawn = undefined;
      });
      // Else the page is scrolled, or its menu is opened.
      scope.on(box, ["touchmove", "contextmenu"], (event) => drawn && event.preventDefault());
      // JupyterLab would select cells with Shift.
      scope.on(box, ["mousedown", "click"], (event) => event.shiftKey && event.stopPropagation(), true);
      scope.on(box, "pointerleave", () => drawn ?? set({ point: crosshair.rest }));

      box.classList.add("cfw-linkable");
      // Where one has drawn, the keys work.
      box.tabIndex = -1;
      box.append(...marks);
      drawPoint();
      drawRegion();
      return marks;
    },
    /** Marks what is at the crosshair, or clears the region; true if the key has been used. */
    key(event: KeyboardEvent): boolean {
      const typing = (event.target as Element).matches("input:not([type=range])");
      if (typing || isCommand(event)) return false;
      if (event.key === "m") toggle(traits.point.length === 2 ? traits.point : (start() ?? [0.5, 0.5]));
      else if (event.key === "Escape" && traits.region.length > 0) set({ region: [] });
      else return false;
      return true;
    },
  };
  return crosshair;
}
