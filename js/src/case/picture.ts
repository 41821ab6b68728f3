import { beginCanvas, sizeCanvas } from "../shared/canvas";
import { h } from "../shared/dom";
import { SMALL } from "../shared/fit";
import type { Picture } from "../shared/picture";

/** Pixels of the longer side on the page. */
const SIDE = 176;

/** A picture on a canvas of a fixed size, whatever shape it has. */
export function createPlate(label: string, picture: Picture) {
  const canvas = h("canvas", { role: "img", "aria-label": label });
  const element = h("div.case-plate", canvas);
  return {
    element,
    canvas,
    paint([high, wide]: readonly [number, number]) {
      const zoom = SIDE / Math.max(high, wide, 1);
      const whole = wide <= SMALL && zoom > 1 ? Math.floor(zoom) : zoom;
      const [width, height] = [Math.round(wide * whole) || SIDE, Math.round(high * whole) || SIDE];
      element.style.width = `${width}px`;
      sizeCanvas(canvas, width, height);
      canvas.classList.toggle("cfw-pixels", wide <= SMALL);
      const context = beginCanvas(canvas, wide);
      if (context && picture.bitmap) context.drawImage(picture.bitmap, 0, 0, canvas.width, canvas.height);
    },
  };
}
