import { beginCanvas, sizeCanvas } from "../shared/canvas";
import type { Crosshair } from "../shared/crosshair";
import { h, setText } from "../shared/dom";
import { probability } from "../shared/format";
import { createComposer } from "./composer";
import type { Image } from "./image";
import { fitMiniature } from "./miniature";
import type { StagePalette } from "./painter";
import { marked, sideOf } from "./sides";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import type { Views } from "./views";
import { predicted } from "./words";

/** The explained image, to compare the frames with, and what the model predicts for it. */
export function createOriginal(
  { traits }: TransitionFrame,
  transition: Transition,
  image: Image,
  views: Views,
  palette: () => StagePalette,
  crosshair: Crosshair,
) {
  const canvas = h("canvas.original-canvas", { role: "img", "aria-label": "the image" });
  const prediction = h("div.read.muted");
  const list = h("ul.list.top");
  const heading = h("div.heading", "The image");
  const box = h("div", canvas);
  const element = h("div.original", box, h("div.original-words", heading, prediction, list));
  crosshair.over(box);
  const composer = createComposer();
  let drawn = "";
  const drawPicture = () => {
    const [height, width] = traits.size;
    const [wide, high] = fitMiniature(width, height, 128);
    sizeCanvas(canvas, wide, high);
    const context = beginCanvas(canvas, width);
    if (!context || !image.layers || width === 0) return;
    const kind = views.showsMaps ? "overlay" : "plain";
    const picture = composer.draw(image.layers, kind, views.which, [width, height], palette());
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  };
  const drawClasses = () => {
    const { wrong, correct, whole } = traits;
    setText(prediction, traits.predicted < 0 ? "" : predicted(transition.name(traits.predicted)));
    const classes = [...whole].sort((a, b) => b[1] - a[1]).slice(0, 4);
    const rows = classes.map(([index, p]) => ({
      ...{ name: transition.name(index), p: probability(p), side: sideOf(index, { wrong, correct }) },
    }));
    const key = JSON.stringify(rows);
    if (drawn === key) return;
    drawn = key;
    list.replaceChildren(
      ...rows.map(({ name, p, side }) => {
        const label = h("span", { class: `cfw-ellipsis cfw-${side}`, title: name }, marked(side, name));
        return h("li", label, h("span.number", p));
      }),
    );
  };
  return {
    element,
    draw() {
      drawPicture();
      drawClasses();
    },
  };
}
