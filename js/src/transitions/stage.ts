import { h, setAttribute, setText } from "../shared/dom";
import { fitStage, followRatio, SMALL, WIDEST } from "../shared/fit";
import type { Scope } from "../shared/scope";
import { Painter, type Scene } from "./painter";

/** The frame looked at. */
export function createStage(scope: Scope, repaint: () => void) {
  const canvas = h("canvas.cfw-scene-canvas", { role: "img" });
  const words = h("div.cfw-scene-words");
  const frame = h("div.cfw-scene", canvas, words);
  const element = h("div.cfw-transitions-stage", frame);
  const painter = new Painter(canvas);
  let size: readonly [number, number] = [1, 1];

  const resize = () => {
    const [width, height] = fitStage(size[0], size[1], element.clientWidth || WIDEST);
    frame.style.width = `${width}px`;
    frame.style.height = `${height}px`;
    painter.resize(width, height, window.devicePixelRatio || 1);
    repaint();
  };
  const observer = new ResizeObserver(resize);
  observer.observe(element);
  scope.defer(() => observer.disconnect());
  followRatio(scope, resize);

  return {
    element,
    canvas,
    setSize(width: number, height: number) {
      if (width === size[0] && height === size[1]) return;
      size = [width, height];
      canvas.classList.toggle("cfw-pixels", width <= SMALL);
      resize();
    },
    paint: (scene: Scene) => painter.paint(scene),
    /** What it shows, for the ear; and what stands instead of it, and whether that is an error. */
    update(label: string, instead: string, failed: boolean) {
      setAttribute(canvas, "aria-label", label);
      setText(words, instead);
      setAttribute(words, "role", failed && instead !== "" && "alert");
      words.hidden = instead === "";
      canvas.classList.toggle("cfw-invisible", instead !== "");
    },
  };
}
