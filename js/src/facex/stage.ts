import { h } from "../shared/dom";
import { createDrawn } from "./drawn";
import { createOpened } from "./opened";
import type { Opening } from "./opening";
import type { Patch } from "./traits";

/** The drawn face, or in its place the one that a patch came from. */
export function createStage(opening: Opening) {
  const { frame, scores, look } = opening;
  const drawn = createDrawn(frame, scores, look);
  /** The tile that the face was opened by. */
  let opener: HTMLElement | null = null;
  const close = () => {
    opening.close();
    // The focus can only go to what is there.
    drawStage();
    if (opener?.isConnected && !opener.hidden) opener.focus();
    else drawn.focus();
    opener = null;
  };
  const opened = createOpened(opening, close);
  const drawStage = () => {
    drawn.element.hidden = opening.on;
    opened.draw();
  };
  return {
    element: h("div.stage", drawn.element, opened.element),
    controls: drawn.controls,
    open(by: number, patch: Patch, button: HTMLElement) {
      opener = button;
      opening.open(by, patch);
      drawStage();
      opened.focus();
    },
    close,
    draw: [drawn.draw, drawStage],
    paint: drawn.paint,
    resize: opened.resize,
  };
}
