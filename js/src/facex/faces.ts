import { focusedIn, h, setAttribute, setName, setText } from "../shared/dom";
import { isCommand } from "../shared/keys";
import type { Scope } from "../shared/scope";
import type { Drawing } from "./drawing";
import { createFigure, type Fill } from "./figure";
import type { Look } from "./look";
import { type Place, placeBeside, placesOf } from "./places";
import { followPointing, regionOf } from "./pointing";

const ARROWS: Record<string, readonly [dx: number, dy: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** The keys that go through the regions one by one. */
const STEPS: Record<string, (at: number, last: number) => number> = {
  PageUp: (at, last) => (at > 0 ? at - 1 : last),
  PageDown: (at, last) => (at < last ? at + 1 : 0),
  Home: () => 0,
  End: (_, last) => last,
};

export interface FaceState {
  /** Above it; "" for nothing. */
  name: string;
  fills: readonly Fill[];
  /** Over it, while there is nothing to see; else "". */
  later: string;
}

/** One drawn face or several beside each other, by mouse, touch and keyboard. The keyboard works in the first one. */
export function createFaces(scope: Scope, look: Look) {
  const element = h("div.faces");
  let drawing: Drawing | null = null;
  let figures: { title: HTMLElement; later: HTMLElement; figure: ReturnType<typeof createFigure> }[] = [];
  /** In reading order, to go through them one by one; the index of the one that the Tab key leads to. */
  let order: number[] = [];
  let stop = 0;
  /** The places that the arrows lead to; found when the first one is pressed. */
  let places: Place[] | null = null;
  let place: Place | null = null;

  const build = (count: number) => {
    figures = Array.from({ length: drawing ? count : 0 }, () => ({
      title: h("div.heading.face-name.ellipsis"),
      later: h("div.face-later.muted"),
      figure: createFigure(drawing!),
    }));
    element.replaceChildren(
      ...figures.map(({ title, later, figure }, i) => {
        const first = i === 0;
        const list = h(
          "div",
          {
            ...{ class: "cfw-figure", role: first && "listbox" },
            "aria-label": first && "Regions of the face",
            "aria-hidden": !first && "true",
          },
          ...figure.panels,
        );
        return h("div.face", title, h("div.face-frame", list, later));
      }),
    );
    figures[0]?.figure.regions.forEach((region) => {
      setAttribute(region, "role", "option");
    });
    lead(stop);
  };
  const lead = (to: number) => {
    stop = Math.min(Math.max(0, to), Math.max(0, order.length - 1));
    figures[0]?.figure.regions.forEach((region, index) => {
      setAttribute(region, "tabindex", index === order[stop] ? 0 : -1);
    });
  };
  /** The index of the region that an event happened in; -1 for none. */
  const at = (event: Event) => index(regionOf(event) ?? "");
  const index = (region: string) => drawing?.shapes.findIndex(({ name }) => name === region) ?? -1;
  const focus = (shape: number) => {
    figures[0]?.figure.regions[shape]?.focus({ preventScroll: true });
    // The focus does not move where there is no region in that direction, and the pointer may rest on another one.
    look.focus(drawing!.shapes[shape]!.name);
  };

  followPointing(scope, element, look);
  scope.on(element, "focusin", (event) => {
    const shape = at(event);
    if (shape < 0) return;
    lead(order.indexOf(shape));
    if (place?.shape !== shape) place = null;
  });
  scope.on(element, "keydown", (event) => {
    const from = at(event);
    if (isCommand(event) || !drawing || from < 0) return;
    const arrow = ARROWS[event.key];
    const step = STEPS[event.key];
    if (arrow) {
      places ??= placesOf(drawing);
      const here = place ?? places.find(({ shape }) => shape === from);
      const to = here && placeBeside(places, here, ...arrow);
      focus(to?.shape ?? from);
      if (to) place = to;
    } else if (step) focus(order[step(order.indexOf(from), order.length - 1)]!);
    else if (event.key !== "Enter" && event.key !== " ") return;
    else if (!event.repeat) look.pin(drawing.shapes[from]!.name);
    event.preventDefault();
  });

  return {
    element,
    draw(next: Drawing | null) {
      if (next === drawing) return;
      drawing = next;
      places = place = null;
      // From the head down, the ground last; the figure itself before what stands beside it.
      order = next
        ? next.shapes
            .map((shape, index) => ({ index, top: topOf(next, index), panel: shape.panel }))
            .sort((a, b) => a.panel - b.panel || a.top - b.top)
            .map(({ index }) => index)
        : [];
      stop = 0;
      build(figures.length);
    },
    update(faces: readonly FaceState[], label: (region: string) => string, chosen: string) {
      if (figures.length !== (drawing ? faces.length : 0)) build(faces.length);
      figures.forEach(({ title, later, figure }, i) => {
        setName(title, faces[i]!.name);
        title.hidden = faces[i]!.name === "";
        figure.fill(faces[i]!.fills);
        setText(later, faces[i]!.later);
        later.hidden = faces[i]!.later === "";
      });
      figures[0]?.figure.regions.forEach((region) => {
        const name = region.dataset.region!;
        setAttribute(region, "aria-label", label(name));
        setAttribute(region, "aria-selected", String(name === chosen));
      });
    },
    /** Outlines the region that is looked at, and the pinned one. */
    paint() {
      const marks = {
        ...{ pointed: index(look.region), pinned: index(look.pinned) },
        keyboard: look.byKeyboard,
      };
      for (const { figure } of figures) figure.mark(marks);
      // The Tab key leads to the pinned region, unless the focus is already among them.
      const shape = index(look.pinned || look.shown);
      if (shape >= 0 && !focusedIn(element)) lead(order.indexOf(shape));
    },
    /** Gives the focus to the region that the Tab key leads to. */
    focus() {
      element.querySelector<SVGElement>('[tabindex="0"]')?.focus();
    },
  };
}

/** The upper end of a region's drawing. */
function topOf(drawing: Drawing, index: number): number {
  const [first, ...rest] = drawing.shapes[index]!.rings.flat();
  const tops = [first ?? [], ...rest].flatMap((ring) => ring.filter((_, i) => i % 2 === 1));
  return tops.length > 0 ? Math.min(...tops) : 0;
}
