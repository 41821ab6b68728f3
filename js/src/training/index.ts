/** The view of a training: the samples that the network makes by now, its losses, and whether it has collapsed. */
import { h } from "../shared/dom";
import { defineView } from "../shared/view";
import { createHeldOut, createLosses } from "./numbers";
import { createSheet } from "./sheet";
import { type TrainingFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "training",
  label: "Training progress",
  traits,
  alone: "samples and numbers are the last that were saved",
  followed: ["sheet"],
  build,
});

function build(frame: TrainingFrame) {
  const { traits } = frame;
  const sheet = createSheet(frame);
  const losses = createLosses(frame);
  const heldOut = createHeldOut(frame);
  return {
    question: ["What has it learned?"],
    // A collapse is what one must know first.
    body: [frame.notes, h("div.row", sheet.element, h("div.numbers", losses.element, heldOut.element))],
    status: () => ({
      help: words.HELP,
      kept: words.kept(traits.step, traits.saved),
      // A training that failed is at its end; its checkpoint is not.
      continuable: traits.state === "stopped",
    }),
    picture: sheet.state,
    draw: [sheet.draw, losses.draw, heldOut.draw, () => frame.say(traits.notes)],
    paint: sheet.paint,
    resized: sheet.resize,
  };
}
