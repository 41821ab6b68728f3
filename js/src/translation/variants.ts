import { h, setAttribute } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { createRoving } from "../shared/roving";
import type { Look } from "./look";
import type { TranslationFrame } from "./traits";

/** The twin, and others by other noise, as small pictures to choose between. */
export function createVariants({ scope, traits }: TranslationFrame, look: Look) {
  const group = h("div.variant-row", { role: "radiogroup", "aria-label": "Twins by other noise" });
  const element = h("div.variants", h("span.muted.variants-name", "other noise"), group);
  const items: { option: HTMLElement; canvas: HTMLCanvasElement; drawn: ImageBitmap | null }[] = [];
  const roving = createRoving(scope, group, () => items.map(({ option }) => option), {
    ...{ ArrowLeft: (at) => at - 1, ArrowUp: (at) => at - 1, ArrowRight: (at) => at + 1 },
    ...{ ArrowDown: (at) => at + 1, Home: () => 0, End: (_, last) => last },
  });
  const choose = (event: Event) => {
    const at = items.findIndex(({ option }) => option.contains(event.target as Node));
    if (at < 0 || (at - 1 === look.variant && look.other === "twin")) return;
    look.change({ variant: at - 1, other: "twin", map: "difference" }, event.timeStamp);
  };
  scope.on(group, ["focusin", "click"], choose);
  const add = () => {
    const canvas = h("canvas.variant-picture", { "aria-hidden": "true" });
    const name = items.length === 0 ? "twin" : `variant ${items.length}`;
    const option = h("div.variant", { role: "radio", tabindex: -1, "aria-label": name, title: name }, canvas);
    items.push({ option, canvas, drawn: null });
    group.append(option);
  };
  return {
    element,
    paint() {
      const { bundle } = look;
      const pictures = bundle?.twin ? [bundle.twin, ...bundle.variants.map(({ picture }) => picture)] : [];
      // While another image is decoded, and where the next has none yet, the room is kept.
      element.classList.toggle("cfw-invisible", pictures.length < 2);
      if (pictures.length > 0) while (items.length > pictures.length) items.pop()!.option.remove();
      while (items.length < pictures.length) add();
      pictures.forEach((picture, i) => {
        const item = items[i]!;
        setAttribute(item.option, "aria-checked", String(i - 1 === look.variant));
        if (item.drawn === picture) return;
        item.drawn = picture;
        if (!picture) return;
        [item.canvas.width, item.canvas.height] = [picture.width, picture.height];
        item.canvas.classList.toggle("cfw-pixels", traits.size[1] <= SMALL);
        item.canvas.getContext("2d")?.drawImage(picture, 0, 0);
      });
      roving.lead(items[look.variant + 1]?.option);
    },
  };
}
