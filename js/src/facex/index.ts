/** The FaceX view: where a classifier looks over a whole data set of faces, and what it sees there. */
import { h } from "../shared/dom";
import { isCommand } from "../shared/keys";
import { defineView } from "../shared/view";
import { followCharts } from "./charts";
import { Look } from "./look";
import { Opening } from "./opening";
import { createQuestion } from "./question";
import { createRanking } from "./ranking";
import { facesIn } from "./rows";
import { Scores } from "./scores";
import { createSee } from "./see";
import { createSkipped } from "./skipped";
import { createStage } from "./stage";
import { type FaceXFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "facex",
  label: "FaceX explorer",
  traits,
  alone: "regions, patches and groups still work, opening a face does not",
  followed: ["pointed", "cursor", "face"],
  alive: ["progress", "regions", "face"],
  eager: true,
  build,
});

function build(frame: FaceXFrame) {
  const { root, traits } = frame;
  const scores = new Scores(traits);
  const look = new Look(frame, scores);
  const opening = new Opening(frame, scores, look);
  const charts = followCharts(frame, scores, look);
  const question = createQuestion(frame, scores);
  const stage = createStage(opening);
  const see = createSee(opening, stage.open);
  const ranking = createRanking(frame.scope, scores, look);
  const skipped = createSkipped(frame);
  look.stayIn(see.element, ...stage.controls);

  const paint = () => {
    see.paint();
    stage.paint();
    ranking.paint();
    root.dataset.shown = look.shown;
    charts.tell();
  };
  return {
    question: [question.element],
    body: [
      stage.element,
      see.element,
      ranking.element,
      h("div.more", frame.trust, skipped.element, frame.notes),
    ],
    status: () => ({ help: words.HELP, kept: words.kept(facesIn(scores.rows, 0)), remarks: see.unread }),
    picture: {
      there: () => traits.prototype !== null,
      later: words.NO_DRAWING,
    },
    draw: [() => scores.read(), question.draw, ...stage.draw, see.draw, ranking.draw, skipped.draw],
    paint,
    resized: stage.resize,
    keys: (event: KeyboardEvent) => {
      if (event.key !== "Escape" || isCommand(event) || !(opening.on || look.pinned)) return false;
      if (opening.on) stage.close();
      else look.unpin();
      return true;
    },
  };
}
