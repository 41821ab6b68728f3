import { setSize, sizeCanvas } from "../shared/canvas";
import { fitStage, SMALL } from "../shared/fit";
import type { Traits } from "./traits";

/** A canvas in a box, both of the images' size, which is drawn on again only where what is on it has changed. */
export function createSurface(
  traits: Traits,
  canvas: HTMLCanvasElement,
  box: HTMLElement,
  room: () => number,
) {
  let size = "";
  let width = 1;
  let painted: readonly unknown[] = [];
  const resize = () => {
    const [high, wide] = traits.size;
    const [w, h] = fitStage(wide || 1, high || 1, room());
    width = w;
    setSize(box, w, h);
    sizeCanvas(canvas, w, h);
    painted = [];
  };
  return {
    /** On the page, in CSS pixels. */
    get width() {
      return width;
    },
    resize,
    /** Follows the size of the images. */
    draw() {
      if (canvas.width === 0 || size !== traits.size.join()) resize();
      size = traits.size.join();
      canvas.classList.toggle("cfw-pixels", traits.size[1] <= SMALL);
    },
    /** Whether one of these is another than the last time, or the canvas has another size. */
    changed(...now: readonly unknown[]): boolean {
      const before = painted;
      painted = [...now, canvas.width, canvas.height];
      return painted.some((value, i) => value !== before[i]);
    },
  };
}
