import { h } from "../shared/dom";
import { brightnessOf, createPixelReader, differenceOf } from "../shared/pixels";
import type { Amounts } from "../shared/share";
import { tablesOf, tint } from "../shared/signed";
import type { Colour } from "../shared/theme";

/** From such a change of brightness on it has the full colour. */
const FULL = 3;

type Size = readonly [width: number, height: number];

/** Where one picture is brighter or darker than another; null where the browser has no canvas. */
export function createDifference() {
  const pixels = createPixelReader();
  const levelsOf = ([width, height]: Size, before: ImageBitmap, after: ImageBitmap) => {
    const [one, two] = [before, after].map((picture) => brightnessOf(pixels(picture, width, height)));
    return one && two ? differenceOf(two, one) : null;
  };
  return {
    draw(
      size: Size,
      before: ImageBitmap,
      after: ImageBitmap,
      stops: readonly Colour[],
    ): HTMLCanvasElement | null {
      const levels = levelsOf(size, before, after);
      if (!levels || stops.length < 2) return null;
      const map = levels.map((grey) => Math.min(255, Math.max(1, 128 + FULL * (grey - 128))));
      const [width, height] = size;
      const canvas = h("canvas", { width, height });
      const context = canvas.getContext("2d");
      if (!context) return null;
      const image = context.createImageData(width, height);
      tint(map, tablesOf(stops).solid, new Uint32Array(image.data.buffer));
      context.putImageData(image, 0, 0);
      return canvas;
    },
    /** How much each pixel differs. */
    amounts(size: Size, before: ImageBitmap, after: ImageBitmap): Amounts | null {
      const levels = levelsOf(size, before, after);
      return (
        levels && { values: Int16Array.from(levels, (grey) => grey - 128), width: size[0], height: size[1] }
      );
    },
  };
}
