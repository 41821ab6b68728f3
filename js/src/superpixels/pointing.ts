import { OUTSIDE } from "../shared/boundaries";
import { isCommand } from "../shared/keys";
import type { Scope } from "../shared/scope";
import { type Regions, regionAt, regionBeside, regionsAlong } from "./regions";

const ARROWS: Record<string, [dx: number, dy: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface PointingEvents {
  /** Whether a superpixel is shown. */
  isShown(region: number): boolean;
  /** Superpixels to show or hide; `first` begins a stroke. */
  stroke(regions: readonly number[], show: boolean, first: boolean): void;
  strokeEnded(): void;
  /** The superpixel under the pointer or the keyboard's focus has changed. */
  pointed(region: number, byKeyboard: boolean): void;
}

/** What a pointer draws; `pending` while it is a finger that has only touched: it may stay, which means something else. */
interface Stroke {
  x: number;
  y: number;
  show: boolean;
  pending: boolean;
}

/** Which superpixel of a canvas mouse, touch or keyboard are at, and the strokes that they make. */
export class Pointing {
  regions: Regions | null = null;
  #hovered = OUTSIDE;
  #cursor = 0;
  #keyboard = false;
  #stroke: Stroke | null = null;

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly events: PointingEvents,
    scope: Scope,
  ) {
    scope.on(canvas, "pointerdown", (event) => this.#press(event));
    scope.on(canvas, "pointermove", (event) => this.#move(event));
    scope.on(canvas, "pointercancel", () => this.#stroke?.pending && this.abandon());
    scope.on(canvas, ["pointerup", "pointercancel", "lostpointercapture"], () => this.#lift());
    scope.on(canvas, "pointerleave", () => this.#stroke ?? this.#point(OUTSIDE, false));
    scope.on(canvas, "focus", () => {
      // A click focuses the canvas, too, but the pointer already shows where it is.
      if (this.regions && canvas.matches(":focus-visible")) this.#point(this.#cursor, true);
    });
    scope.on(canvas, "blur", () => this.#point(this.#hovered, false));
    scope.on(canvas, "keydown", (event) => this.#key(event));
  }

  /** OUTSIDE for none. */
  get region(): number {
    if (this.#hovered !== OUTSIDE) return this.#hovered;
    return this.#keyboard && this.regions ? this.#cursor : OUTSIDE;
  }

  /** Whether it is there by keyboard. */
  get focused(): boolean {
    return this.#hovered === OUTSIDE && this.#keyboard;
  }

  open(regions: Regions | null): void {
    this.regions = regions;
    this.#hovered = OUTSIDE;
    this.#cursor = 0;
  }

  #point(region: number, byKeyboard: boolean): void {
    const [before, was] = [this.region, this.#keyboard];
    this.#keyboard = byKeyboard;
    this.#hovered = byKeyboard ? OUTSIDE : region;
    if (byKeyboard) this.#cursor = region;
    if (this.region !== before || was !== byKeyboard) this.events.pointed(this.region, byKeyboard);
  }

  /** Where a pointer is, in pixels of the label map. */
  #place({ clientX, clientY }: PointerEvent, { width, height }: Regions): [x: number, y: number] {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((clientX - box.left) * width) / (box.width || width),
      ((clientY - box.top) * height) / (box.height || height),
    ];
  }

  #press(event: PointerEvent): void {
    if (!this.regions || event.button !== 0 || !event.isPrimary) return;
    const [x, y] = this.#place(event, this.regions);
    const region = regionAt(this.regions, x, y);
    if (region === OUTSIDE) return;
    this.canvas.setPointerCapture(event.pointerId);
    // The first superpixel decides whether the whole stroke shows or hides.
    this.#stroke = { x, y, show: !this.events.isShown(region), pending: true };
    this.#cursor = region;
    this.#point(region, false);
    if (event.pointerType !== "touch") this.#begin(this.#stroke);
  }

  #begin(stroke: Stroke): void {
    if (!stroke.pending) return;
    stroke.pending = false;
    this.events.stroke([this.#cursor], stroke.show, true);
  }

  /** Takes back what a finger has only touched. */
  abandon(): void {
    this.#stroke = null;
  }

  #move(event: PointerEvent): void {
    if (!this.regions || !event.isPrimary) return;
    const [x, y] = this.#place(event, this.regions);
    this.#point(regionAt(this.regions, x, y), false);
    const stroke = this.#stroke;
    if (!stroke) return;
    this.#begin(stroke);
    const passed = regionsAlong(this.regions, stroke.x, stroke.y, x, y);
    Object.assign(stroke, { x, y });
    this.events.stroke(passed, stroke.show, false);
  }

  #lift(): void {
    if (!this.#stroke) return;
    this.#begin(this.#stroke);
    this.#stroke = null;
    this.events.strokeEnded();
  }

  #key(event: KeyboardEvent): void {
    const { regions } = this;
    if (!regions || isCommand(event)) return;
    // From the superpixel under the pointer, if it is there.
    const from = this.#hovered === OUTSIDE ? this.#cursor : this.#hovered;
    const to = neighbour(regions, from, event.key);
    if (to !== null) this.#point(to, true);
    else if (event.key === " " || event.key === "Enter") {
      this.#point(from, true);
      this.events.stroke([from], !this.events.isShown(from), true);
      this.events.strokeEnded();
    } else return;
    event.preventDefault();
  }
}

/** The superpixel that a key leads to; null where it leads nowhere. */
function neighbour(regions: Regions, from: number, key: string): number | null {
  const arrow = ARROWS[key];
  if (arrow) return regionBeside(regions, from, ...arrow);
  const last = regions.count - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  // One by one: an island that lies straight ahead of no other is reached by no arrow.
  if (key === "PageUp") return Math.max(0, from - 1);
  if (key === "PageDown") return Math.min(last, from + 1);
  return null;
}
