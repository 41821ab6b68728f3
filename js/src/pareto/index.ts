/** The view of plausible counterfactuals: a front of believable edits to walk through, and to change by hand. */
import { h, setAttribute } from "../shared/dom";
import { isCommand } from "../shared/keys";
import { oncePerMessage } from "../shared/redraw";
import { defineView } from "../shared/view";
import { createChanges } from "./changes";
import { followCharts } from "./charts";
import { Edit } from "./edit";
import { createFilm } from "./film";
import { Front } from "./front";
import { createImportance } from "./importance";
import { followPictures } from "./pictures";
import { createQuestion } from "./question";
import { createStage } from "./stage";
import { type ParetoFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "pareto",
  label: "Plausible counterfactuals",
  traits,
  alone: "the front and its pictures still work, edits by hand do not",
  followed: ["original", "repainted", "edited", "chosen", "edit", "brushed", "cursor", "point", "region"],
  alive: ["progress", "members", "edited"],
  trustLater: "measured when the first front is here",
  build,
});

function build(frame: ParetoFrame) {
  const { traits } = frame;
  const front = new Front(frame);
  const edit = new Edit(frame, front);
  const pictures = followPictures(frame, () => front.shown);
  /** `aloud` where no focus tells it. */
  const choose = (place: number, since: number, aloud = true) => {
    if (place !== traits.chosen) frame.clock(since);
    frame.save({ chosen: place, ...(edit.on ? { edit: [] } : {}) });
    if (aloud && front.shown >= 0) frame.say(front.describe(front.shown));
  };
  const charts = followCharts(frame, front, choose);
  const question = createQuestion();
  const film = createFilm(frame, front, pictures, choose);
  const importance = createImportance();
  const changes = createChanges(
    frame.scope,
    (index, value) => edit.change(index, value),
    () => edit.undo(),
  );
  const stage = createStage(frame, front, edit, pictures);

  const readFront = () => {
    pictures.readTiles();
    front.follow();
    front.brush();
  };
  const drawWaiting = () => {
    frame.waiting.update(!edit.settled);
    stage.wait(frame.waiting.words(words.ASKING, words.WORKS));
  };
  const drawQuestion = () => question.update(traits.model, traits.labels, traits.original_class);
  const drawImportance = () => {
    const later = traits.state === "running" ? "measured when the search has ended" : "";
    importance.update(traits.importance, front.original, later);
  };
  const paintChanges = () =>
    changes.update({
      ...{ names: traits.names, attributes: traits.attributes, groups: traits.groups },
      ...{ frozen: traits.frozen, reach: traits.reach },
      ...{ deltas: edit.changes, edited: edit.on, enabled: front.members.length > 0 },
    });
  const paint = () => {
    const place = front.shown;
    stage.paint();
    film.mark(place);
    paintChanges();
    charts.mark(place);
    sayAnswer();
    frame.root.dataset.shown = String(place);
    setAttribute(frame.root, "data-edit", !edit.on ? "none" : edit.settled ? "answered" : "asking");
    setAttribute(frame.root, "data-ready", pictures.tiles.at(place) !== null && "1");
  };
  const sayAnswer = () => {
    const { answer } = edit;
    if (!answer || !edit.settled) return;
    frame.say(words.answered(answer.p, answer.flips, answer.top[0]?.[0] ?? "", front.original));
  };
  const followChoice = () => {
    // With another front it is drawn in full.
    if (!front.known) return;
    front.follow();
    followEdit();
  };
  const followEdit = () => {
    drawWaiting();
    frame.repaint();
  };
  frame.listen(["chosen", "edit"], oncePerMessage(frame.scope, followChoice));
  frame.listen(["edited"], followEdit);

  return {
    question: [question.element],
    body: [stage.element, film.element, changes.element, h("div.more", importance.element, frame.trust)],
    status: () => ({ help: words.HELP, kept: words.kept(front.members.length) }),
    picture: {
      there: () => pictures.image.bitmap !== null,
      broken: () => (pictures.image.failed ? "the browser cannot decode the image" : ""),
      later: words.NO_PICTURE,
    },
    draw: [readFront, drawWaiting, drawQuestion, film.draw, drawImportance],
    paint,
    resized: film.reveal,
    keys: (event: KeyboardEvent) => {
      if (stage.key(event)) return true;
      if (event.key !== "Escape" || isCommand(event) || !(edit.on || front.brushed)) return false;
      if (edit.on) edit.undo();
      else front.showAll();
      return true;
    },
  };
}
