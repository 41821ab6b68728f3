import { h } from "../shared/dom";
import { brightnessOf, createPixelReader, differenceOf } from "../shared/pixels";
import { tablesOf, tint } from "../shared/signed";
import type { Colour } from "../shared/theme";

/** From such a change of brightness on it has the full colour. */
const FULL = 3;

/** Draws where `after` is brighter or darker than `before`; null where the browser has no canvas. */
export function differenceDrawer() {
  const pixels = createPixelReader();
  return (
    [width, height]: readonly [number, number],
    before: ImageBitmap,
    after: ImageBitmap,
    stops: readonly Colour[],
  ): HTMLCanvasElement | null => {
    const [one, two] = [before, after].map((picture) => brightnessOf(pixels(picture, width, height)));
    if (!one || !two || stops.length < 2) return null;
    const map = differenceOf(two, one).map((grey) => Math.min(255, Math.max(1, 128 + FULL * (grey - 128))));
    const canvas = h("canvas", { width, height });
    const context = canvas.getContext("2d");
    if (!context) return null;
    const image = context.createImageData(width, height);
    tint(map, tablesOf(stops).solid, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    return canvas;
  };
}
