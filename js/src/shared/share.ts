import type { LinkedFrame } from "./crosshair";
import { h, setText } from "./dom";
import { maskOf, shareIn } from "./region";

/** A map, row by row. */
export interface Amounts {
  readonly values: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** The line that says how much of an answer lies in the region; none without a region or an answer. */
export function createShare(frame: LinkedFrame, name: string, amounts: () => Amounts | null) {
  const element = h("p.share.muted.number");
  const draw = () => {
    const { region } = frame.traits;
    const map = region.length > 0 ? amounts() : null;
    const mask = map && maskOf(region, map.width, map.height);
    const share = mask && shareIn(mask, map.values);
    element.hidden = share === null;
    if (share === null) return;
    const area = mask!.reduce((sum, inside) => sum + inside, 0) / mask!.length;
    setText(element, `${percent(share)} of ${name} lies in the region, ${percent(area)} of the picture`);
  };
  frame.listen(["region"], draw);
  draw();
  return { element, draw };
}

/** Where most of a map is, in parts of its width and height. */
export function peakOf(map: Amounts | null): [x: number, y: number] | undefined {
  if (!map) return undefined;
  const { values, width, height } = map;
  let most = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]!) > Math.abs(values[most]!)) most = i;
  return [((most % width) + 0.5) / width, (Math.floor(most / width) + 0.5) / height];
}
