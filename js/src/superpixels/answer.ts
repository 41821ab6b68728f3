import { setAttribute } from "../shared/dom";
import { className } from "../shared/format";
import { createReadout } from "../shared/readout";
import { barsOf, isCurrent, standing } from "./answers";
import type { Editor } from "./editor";
import { shownCount } from "./masks";
import type { SuperpixelFrame } from "./traits";
import { spokenAnswer } from "./words";

/** The prediction for the part that is shown. */
export function createAnswer(frame: SuperpixelFrame, editor: Editor, explain: (target: number) => void) {
  const { traits, waiting } = frame;
  const readout = createReadout(frame.scope, "whole picture", explain);
  const silent = waiting.silent("the picture still works");
  const name = (index: number) => className(traits.labels, index);
  const isAnswered = () => editor.mask.length > 0 && isCurrent(traits.answer, editor.mask, traits.target);
  // While the search moves the mask, nobody waits for an answer.
  const isAsked = () => editor.mask.length > 0 && (traits.state !== "running" || !editor.following);

  const drawReadout = () => {
    const { answer, whole, target, labels } = traits;
    const now = standing(answer, whole, target);
    readout.update({
      probability: now.probability,
      reference: now.whole,
      caption: target < 0 ? "" : `${name(target)}, on the shown part`,
      explained: target,
      bars: barsOf(answer, whole, target).map((row) => ({
        index: row.index,
        name: name(row.index),
        probability: row.probability,
        reference: row.whole,
      })),
      rows: Math.min(5, labels.length || 5),
      wait: waiting.wait,
      silent,
    });
  };
  /** What the live region last said about the answer. */
  let said = "";
  const say = () => {
    const { answer, target } = traits;
    let words = "";
    if (isAnswered() && answer)
      words = spokenAnswer(name(target), answer.probability, shownCount(editor.mask), editor.mask.length);
    else if (waiting.wait === "silent") words = silent;
    if (words === "" || words === said) return;
    said = words;
    frame.say(words);
  };
  return {
    element: readout.element,
    draw() {
      waiting.update(isAsked() && !isAnswered());
      drawReadout();
      setAttribute(frame.root, "data-answered", isAnswered() && "1");
      if (isAsked()) say();
    },
  };
}
