import { h, setAttribute, setText } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { probability } from "../shared/format";
import { Composer, type Kind, type Layers, type Palette } from "./composer";
import { fitMiniature } from "./miniature";
import type { ClassProbability } from "./traits";

/** The explained image, to compare the frames with, and what it is read as. */
export function createOriginal(name: (index: number) => string) {
  const canvas = h("canvas.cfw-original-canvas", { role: "img", "aria-label": "the image" });
  const read = h("div.cfw-read");
  const list = h("ul.cfw-top");
  const element = h(
    "div.cfw-original",
    canvas,
    h("div.cfw-original-words", h("div.cfw-heading", "The image"), read, list),
  );
  const composer = new Composer();
  let drawn = "";
  return {
    element,
    paint(
      layers: Layers | null,
      kind: Kind,
      which: number,
      size: readonly [number, number],
      palette: Palette,
    ) {
      const [width, height] = fitMiniature(...size, 128);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      const context = canvas.getContext("2d");
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      if (!context || !layers || !(size[0] > 0)) return;
      context.imageSmoothingEnabled = size[0] > SMALL;
      context.imageSmoothingQuality = "high";
      context.drawImage(composer.draw(layers, kind, which, size, palette), 0, 0, canvas.width, canvas.height);
    },
    update(predicted: number, whole: readonly ClassProbability[], wrong: number, correct: number) {
      setText(read, predicted < 0 ? "" : `read as ${name(predicted)}`);
      const rows = [...whole].sort((a, b) => b[1] - a[1]).slice(0, 4);
      const texts = rows.map(([index, p]) => [name(index), probability(p), index] as const);
      const key = JSON.stringify([texts, wrong, correct]);
      if (drawn === key) return;
      drawn = key;
      list.replaceChildren(
        ...texts.map(([text, p, index]) => {
          const side = index === wrong ? "cfw-wrong" : index === correct ? "cfw-correct" : "";
          const mark = index === wrong ? "● " : index === correct ? "▲ " : "";
          const label = h("span", { class: `cfw-ellipsis ${side}` }, mark + text);
          setAttribute(label, "title", text);
          return h("li", label, h("span.cfw-number", p));
        }),
      );
    },
  };
}
