import { createChoice } from "../shared/choice";
import { createCrosshair } from "../shared/crosshair";
import { h, setAttribute } from "../shared/dom";
import { cellAt } from "../shared/region";
import { createShare, peakOf } from "../shared/share";
import { createDifference } from "./difference";
import type { Edit } from "./edit";
import type { Front } from "./front";
import { createSide, fitPair } from "./pair";
import type { Pictures } from "./pictures";
import { type Against, leftSide, rightSide } from "./sides";
import { createTools } from "./tools";
import type { ParetoFrame } from "./traits";
import * as words from "./words";

/** The image beside the counterfactual, with the prediction for each; or their difference. */
export function createStage(frame: ParetoFrame, front: Front, edit: Edit, pictures: Pictures) {
  const { traits, placeholder, palette } = frame;
  let against: Against = "image";
  const choice = createChoice(frame.scope, "Compare with", words.LEFT, (name) => {
    against = name;
    frame.repaint();
  });
  const tools = createTools(frame.scope, frame.repaint);
  const difference = createDifference();
  const sides = () =>
    [leftSide(front, pictures, against), rightSide(front, pictures, edit, front.shown)] as const;
  const amounts = () => {
    const [before, after] = sides().map(({ bitmap }) => bitmap);
    return before && after ? difference.amounts([traits.size[1], traits.size[0]], before, after) : null;
  };
  const crosshair = createCrosshair(frame, cellAt, () => peakOf(amounts()));
  const left = createSide(crosshair, "cfw-before", choice.element);
  const right = createSide(crosshair, "cfw-after");
  const drawShare = createShare(frame, right.box, "the difference", amounts);
  const pair = h("div.pair", left.element, right.element);
  const element = h("div.stage", pair, placeholder, tools.element);

  const paint = () => {
    pair.hidden = tools.element.hidden = frame.absent;
    const [image, now] = sides();
    const [before, after] = [image.bitmap, now.bitmap];
    drawShare();
    const held = tools.held && before !== null && after !== null;
    choice.update(against);
    tools.update(after !== null);
    if (frame.absent) return;
    const [height, width] = traits.size;
    const size = fitPair(width, height, element.clientWidth || 540);
    const map =
      tools.mode === "difference" && before && after && !held
        ? difference.draw([width, height], before, after, palette.stops("--c-signed"))
        : null;
    left.update(image, front.original);
    left.paint(before, size);
    const title = held ? `${image.title} (held)` : map ? `${now.title}: difference` : now.title;
    right.update({ ...now, title }, front.original);
    const coming = front.members.length > 0 && pictures.tiles.failed === 0;
    right.paint(held ? before : (map ?? after), size, coming);
    right.element.classList.toggle("cfw-stale", !edit.settled);
    setAttribute(element, "data-mode", held ? "held" : tools.mode);
  };
  return { element, paint, wait: tools.wait, key: crosshair.key };
}
