import { createButton } from "../shared/button";
import { setSize, sizeCanvas } from "../shared/canvas";
import { h, setAttribute, setName, setText, uniqueId } from "../shared/dom";
import { fitStage, WIDEST } from "../shared/fit";
import { probability } from "../shared/format";
import { createPlaceholder } from "../shared/placeholder";
import { paintCloseup } from "./closeup";
import type { Opening } from "./opening";
import { createSegments } from "./segments";
import type { Face } from "./traits";
import * as words from "./words";

/** The face that a patch came from, and the prediction for it. */
export function createOpened(opening: Opening, close: () => void) {
  const { frame, scores } = opening;
  const { scope, root, waiting } = frame;
  let attention = true;
  const nameId = uniqueId();
  const name = h("span.opened-name.ellipsis", { id: nameId });
  const toggle = createButton(
    scope,
    "dim where there is little attention",
    () => {
      attention = !attention;
      draw();
    },
    "attention",
  );
  const closing = createButton(scope, "back to the drawn face (Escape)", close, "Close");
  const models = createSegments(
    scope,
    "Attention of",
    (model) => `the attention of ${model}`,
    (by) => frame.save({ opened_by: by }),
  );
  const canvas = h("canvas.opened-canvas", { role: "img" });
  const placeholder = createPlaceholder();
  const box = h("div.opened-frame", canvas, placeholder.element);
  const about = h("p.muted.opened-about");
  const prediction = createPrediction();
  const wrong = h("p.muted");
  const element = h(
    "div.opened",
    { role: "group", "aria-labelledby": nameId },
    h("div.opened-head", name, toggle, closing),
    models.element,
    h("div.opened-body", box, h("div.opened-side", about, prediction.element, wrong)),
  );

  const resize = () => {
    const { closeup } = opening;
    const { width = 1, height = 1 } = closeup?.picture ?? {};
    const size = fitStage(width, height, element.clientWidth || WIDEST);
    setSize(box, ...size);
    canvas.hidden = !closeup;
    if (!closeup) return;
    sizeCanvas(canvas, ...size);
    paintCloseup(canvas, closeup, { attention, ratio: canvas.width / size[0] });
  };
  const drawHead = () => {
    setName(name, opening.name);
    models.update(scores.two ? scores.models : [], opening.by);
    const map = opening.closeup?.map;
    setAttribute(toggle, "aria-pressed", String(attention && !!map));
    setAttribute(toggle, "aria-disabled", !map && "true");
  };
  const drawFace = () => {
    const { closeup, here, broken } = opening;
    const region = scores.label(closeup?.face.region ?? "");
    const instead = here ? broken : waiting.words(words.ASKING, words.WORKS);
    placeholder.update(closeup ? "" : instead, here && broken !== "");
    setText(
      about,
      closeup ? words.faceKey(attention && closeup.map !== null, region, closeup.face.box[2] > 0) : "",
    );
    setAttribute(canvas, "aria-label", `${opening.name} with the outline of ${region} and the patch`);
    setText(wrong, closeup?.wrong ?? "");
    prediction.update(scores.two ? scores.models[opening.by]! : "", closeup?.face ?? null);
    resize();
  };
  const draw = () => {
    waiting.update(opening.on && !opening.here);
    root.dataset.opened = opening.on ? String(frame.traits.opened) : "";
    setAttribute(root, "data-face", opening.closeup !== null && "1");
    element.hidden = !opening.on;
    if (!opening.on) return;
    drawHead();
    drawFace();
  };
  return {
    element,
    draw,
    resize,
    focus() {
      // In a narrow notebook it stands above what was clicked.
      element.scrollIntoView?.({ block: "nearest" });
      closing.focus({ preventScroll: true });
    },
  };
}

/** The likeliest classes of a face. */
function createPrediction() {
  const heading = h("div.heading.opened-heading");
  const list = h("ul.list.opened-answers");
  const element = h("div", heading, list);
  let drawn: Face | null = null;
  return {
    element,
    /** `model`: the name of one of two. */
    update(model: string, face: Face | null) {
      setText(heading, model ? `Predicted by ${model}` : "Predicted");
      element.classList.toggle("cfw-unanswered", !face?.answer.length);
      if (face === drawn) return;
      drawn = face;
      list.replaceChildren(
        ...(face?.answer ?? []).slice(0, 5).map(([label, p]) => {
          const text = h("span.ellipsis", { title: label }, label);
          return h("li", text, h("span.number", probability(p)));
        }),
      );
    },
  };
}
