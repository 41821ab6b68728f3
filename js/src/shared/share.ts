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

/**
 * Says over the picture in a box how much of an answer lies in the region, where the region is not; nothing without a
 * region or an answer. Gives what draws it anew.
 */
export function createShare(
  { traits, listen, root, say }: LinkedFrame,
  box: HTMLElement,
  name: string,
  amounts: () => Amounts | null,
): () => void {
  const element = h("p.share.number");
  const draw = () => {
    const { region } = traits;
    const map = region.length > 0 ? amounts() : null;
    const mask = map && maskOf(region, map.width, map.height);
    const share = mask && shareIn(mask, map.values);
    element.hidden = share === null;
    if (share === null) return;
    const area = mask!.reduce((sum, inside) => sum + inside, 0) / mask!.length;
    const words = `${percent(share)} of ${name} in ${percent(area)} of the picture`;
    const below = region.flat().reduce((sum, at, i) => sum + (i % 2 && at - 0.5), 0) > 0;
    element.style.inset = below ? "0 auto auto 0" : "auto auto 0 0";
    if (element.textContent !== words && root.matches(":focus-within")) say(words);
    setText(element, words);
  };
  // Not before the view is built: it draws it with its other parts.
  element.hidden = true;
  listen(["region"], draw);
  box.append(element);
  return draw;
}

/** Where most of a map is, in parts of its width and height. */
export function peakOf(map: Amounts | null): [x: number, y: number] | undefined {
  if (!map) return undefined;
  const { values, width, height } = map;
  let most = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]!) > Math.abs(values[most]!)) most = i;
  return [((most % width) + 0.5) / width, (Math.floor(most / width) + 0.5) / height];
}
