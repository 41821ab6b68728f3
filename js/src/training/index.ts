/** The view of a training: the samples that the network makes by now, and its losses. */
import { defineView } from "../shared/view";
import { createLosses } from "./losses";
import { createSheet } from "./sheet";
import { type TrainingFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "training",
  label: "Training progress",
  traits,
  followed: ["sheet"],
  build,
});

function build(frame: TrainingFrame) {
  const { traits } = frame;
  const sheet = createSheet(frame);
  const losses = createLosses(frame);
  return {
    question: ["What has it learned?"],
    body: [sheet.element, losses.element, frame.notes],
    status: () => ({
      help: words.HELP,
      kept: words.kept(traits.step, traits.saved),
      // A training that failed is at its end; its checkpoint is not.
      continuable: traits.state === "stopped",
    }),
    picture: sheet.state,
    draw: [sheet.draw, losses.draw],
    paint: sheet.paint,
    resized: sheet.resize,
  };
}
