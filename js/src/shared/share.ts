import type { LinkedFrame } from "./crosshair";
import { h, setAttribute, setText } from "./dom";
import { maskOf, type Region, shareIn } from "./region";

/** A map, row by row. */
export interface Amounts {
  readonly values: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** Maps of a picture are mostly of one size. */
const masks = new WeakMap<Region, Uint8Array>();

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** The line that says how much of an answer lies in the region; none without a region or an answer. */
export function createShare(frame: LinkedFrame, name: string, amounts: () => Amounts | null) {
  const element = h("p.share.muted.number");
  const draw = () => {
    const { region } = frame.traits;
    const map = region.length > 0 ? amounts() : null;
    let share: number | null = null;
    if (map) {
      const { values, width, height } = map;
      let mask = masks.get(region);
      if (mask?.length !== width * height) {
        mask = maskOf(region, width, height);
        masks.set(region, mask);
      }
      share = shareIn(mask, values);
      const area = shareIn(mask, new Uint8Array(mask.length).fill(1)) ?? 0;
      setText(
        element,
        share === null
          ? ""
          : `${percent(share)} of ${name} lies in the region, ${percent(area)} of the picture`,
      );
    }
    element.hidden = share === null;
    setAttribute(element, "data-share", share?.toFixed(4) ?? false);
  };
  frame.listen(["region"], draw);
  draw();
  return { element, draw };
}
