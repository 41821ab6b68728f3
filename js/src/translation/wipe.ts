import { beginCanvas } from "../shared/canvas";
import type { Crosshair } from "../shared/crosshair";
import { h, setAttribute, setText } from "../shared/dom";
import { WIDEST } from "../shared/fit";
import { className } from "../shared/format";
import { isCommand } from "../shared/keys";
import type { Look } from "./look";
import { createSurface } from "./surface";
import type { TranslationFrame } from "./traits";
import { FAR } from "./words";

const STEPS: Record<string, (at: number, step: number) => number> = {
  ArrowLeft: (at, step) => at - step,
  ArrowDown: (at, step) => at - step,
  ArrowRight: (at, step) => at + step,
  ArrowUp: (at, step) => at + step,
  Home: () => 0,
  End: () => 1,
};
/** Of the width; with Shift, or by page, more. */
const [STEP, FAR_STEP] = [0.02, 0.1];

/** One picture with a line to drag: left of it stands the image, right of it its twin. */
export function createWipe(frame: TranslationFrame, look: Look, crosshair: Crosshair) {
  const { scope, traits } = frame;
  const canvas = h("canvas.wipe-canvas", { role: "img" });
  const line = h("div.wipe-line", {
    role: "slider",
    tabindex: 0,
    "aria-label": "wipe between the image and its twin",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  });
  const [left, right] = [h("span.wipe-name"), h("span.wipe-name.wipe-right")];
  const scene = h("div.wipe-scene", canvas, left, right, line);
  const box = h("div.scene", scene, frame.placeholder);
  const element = h("div.wipe", box);
  crosshair.over(box);
  const surface = createSurface(traits, canvas, box, () => element.clientWidth || WIDEST);

  const move = (to: number, event: Event) => {
    look.change({ wipe: Math.min(1, Math.max(0, to)) }, event.timeStamp);
  };
  const follow = (event: PointerEvent) => {
    const { left: from, width: wide } = canvas.getBoundingClientRect();
    if (wide > 0) move((event.clientX - from) / wide, event);
  };
  scope.on(scene, "pointerdown", (event) => {
    if (event.button !== 0) return;
    scene.setPointerCapture(event.pointerId);
    line.focus({ preventScroll: true });
    event.preventDefault();
    follow(event);
  });
  scope.on(scene, "pointermove", (event) => scene.hasPointerCapture(event.pointerId) && follow(event));
  scope.on(line, "keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || isCommand(event)) return;
    event.preventDefault();
    move(step(look.wipe, event.shiftKey ? FAR_STEP : STEP), event);
  });

  const drawPictures = () => {
    const { bundle, picture, wipe } = look;
    if (!surface.changed(bundle?.image, picture, wipe)) return;
    const context = beginCanvas(canvas, traits.size[1]);
    if (!context || !bundle?.image) return;
    const { width: w, height: h } = canvas;
    context.drawImage(bundle.image, 0, 0, w, h);
    if (!picture) return;
    const from = Math.round(wipe * w);
    const cut = (from * picture.width) / w;
    const rest = picture.width - cut;
    if (from < w) context.drawImage(picture, cut, 0, rest, picture.height, from, 0, w - from, h);
  };
  const nameOther = () => {
    if (!look.bundle?.twin) return "not translated yet";
    if (look.other === "returned") return "twin of the twin";
    return look.variant < 0 ? "twin" : `variant ${look.variant + 1}`;
  };
  return {
    element,
    resize: surface.resize,
    draw() {
      surface.draw();
      scene.classList.toggle("cfw-invisible", frame.absent);
    },
    paint() {
      drawPictures();
      const at = Math.round(100 * look.wipe);
      const other = nameOther();
      const { width } = surface;
      line.style.left = `${Math.min(width - 1, Math.max(1, look.wipe * width))}px`;
      setAttribute(line, "aria-valuenow", at);
      setAttribute(line, "aria-valuetext", `${at} % image, ${100 - at} % ${other}`);
      setAttribute(canvas, "aria-label", `the image, and right of the line: ${other}`);
      const entry = traits.entries[look.shown.place];
      const predicted = (name: string, index: number | undefined) =>
        index === undefined ? name : `${name}: ${className(traits.labels, index)}`;
      setText(left, look.shown.outstanding && look.shown.place >= 0 ? FAR : predicted("image", entry?.from));
      setText(right, other === "twin" ? predicted(other, entry?.to) : other);
    },
  };
}
