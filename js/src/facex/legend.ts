import { h, setText } from "../shared/dom";
import { amountOf, type Scale } from "./scale";

/** The key to the colours of the face: the values at their ends, and the place of the region that is looked at. */
export function createLegend(kind: "heat" | "signed", text: (value: number) => string) {
  const low = h("span.number");
  const high = h("span.number");
  const mark = h("b");
  const words = h("span.ellipsis");
  const element = h(
    "div.legend.muted",
    { "data-kind": kind },
    low,
    h("span.legend-colours", { "aria-hidden": "true" }, mark),
    high,
    words,
  );
  return {
    element,
    update(scale: Scale | null, value: number | null, unit: string) {
      element.classList.toggle("cfw-invisible", !scale);
      if (!scale) return;
      setText(words, unit);
      setText(low, text(scale.low));
      setText(high, text(scale.high));
      mark.hidden = value === null;
      if (value !== null) mark.style.left = `${100 * amountOf(value, scale)}%`;
    },
  };
}
