import { focusedIn, h, setAttribute, setName, setText } from "../shared/dom";
import { isCommand } from "../shared/keys";
import type { Scope } from "../shared/scope";
import type { Drawing } from "./drawing";
import { createFigure, type Fill } from "./figure";
import type { Look } from "./look";
import { followPointing, regionOf } from "./pointing";

/** In the order in which a place names those beside it. */
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
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
  let order: readonly number[] = [];
  let stop = 0;
  /** The place that an arrow has led to. */
  let place: Drawing["places"][number] | undefined;

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
  const index = (region: string) => drawing?.regions.findIndex(({ name }) => name === region) ?? -1;
  const focus = (shape: number) => {
    figures[0]?.figure.regions[shape]?.focus({ preventScroll: true });
    // The focus does not move where there is no region in that direction, and the pointer may rest on another one.
    look.focus(drawing!.regions[shape]!.name);
  };

  followPointing(scope, element, look);
  scope.on(element, "focusin", (event) => {
    const shape = at(event);
    if (shape < 0) return;
    lead(order.indexOf(shape));
    if (place?.region !== shape) place = undefined;
  });
  scope.on(element, "keydown", (event) => {
    const from = at(event);
    if (isCommand(event) || !drawing || from < 0) return;
    const arrow = ARROWS.indexOf(event.key);
    const step = STEPS[event.key];
    if (arrow >= 0) {
      const here = place ?? drawing.places.find(({ region }) => region === from);
      const to = drawing.places[here?.beside[arrow] ?? -1];
      focus(to?.region ?? from);
      if (to) place = to;
    } else if (step) focus(order[step(order.indexOf(from), order.length - 1)]!);
    else if (event.key !== "Enter" && event.key !== " ") return;
    else if (!event.repeat) look.pin(drawing.regions[from]!.name);
    event.preventDefault();
  });

  return {
    element,
    draw(next: Drawing | null) {
      if (next === drawing) return;
      drawing = next;
      order = next?.order ?? [];
      place = undefined;
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
