/** The superpixel view: a picture to click on, and the prediction for the part that is shown. */
import { OUTSIDE } from "../shared/boundaries";
import { toBytes } from "../shared/bytes";
import { h, setAttribute } from "../shared/dom";
import { defineView } from "../shared/view";
import { createAnswer } from "./answer";
import { createControls } from "./controls";
import { Editor } from "./editor";
import { shownCount } from "./masks";
import type { Mode } from "./painter";
import { followPicture } from "./pictures";
import { createQuestion } from "./question";
import { createReplay } from "./replay";
import { createStage } from "./stage";
import { type SuperpixelFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "superpixels",
  label: "Superpixel explorer",
  traits,
  alone: "the picture, its edits and the replay still work, new predictions do not",
  followed: ["picture", "hidden_picture", "label_map", "size", "count", "cursor", "point", "region"],
  alive: ["answer"],
  build,
});

function build(frame: SuperpixelFrame) {
  const { root, traits } = frame;
  let mode: Mode = "dim";
  /** What of the picture cannot be read. */
  let broken = "";
  /** Whether the superpixels are known, so that they can be clicked on. */
  let ready = false;

  const editor = new Editor(frame);
  const explain = (target: number) => {
    if (target !== traits.target) frame.save({ target });
  };
  const describe = (region: number) =>
    words.describe(region, traits.importance[region], editor.mask[region] === 1);
  const question = createQuestion(frame, explain);
  const stage = createStage(frame, () => ({ mode, mask: editor.mask, importance: traits.importance }), {
    isShown: (region) => editor.mask[region] === 1,
    stroke: (regions, show, first) => editor.stroke(regions, show, first),
    strokeEnded: () => editor.end(),
    pointed(region, byKeyboard) {
      if (byKeyboard && region !== OUTSIDE) frame.say(describe(region));
      frame.refresh();
    },
  });
  const controls = createControls(frame, editor, (chosen) => {
    mode = chosen;
    frame.refresh();
  });
  const replay = createReplay(frame, editor);
  const answer = createAnswer(frame, editor, explain);

  const drawStage = () => {
    const { pointed } = stage;
    stage.update(pointed !== OUTSIDE ? describe(pointed) : ready ? words.HINT : "");
    root.dataset.mode = mode;
    root.dataset.shown = String(shownCount(editor.mask));
    root.dataset.focus = pointed === OUTSIDE ? "" : String(pointed);
  };
  const drawControls = () => {
    controls.draw(mode, ready);
    replay.draw(ready);
  };
  const paint = () => {
    stage.paint();
    if (stage.full) root.dataset.ready = "1";
  };
  followPicture(frame, {
    opened(picture) {
      ready = false;
      setAttribute(root, "data-ready", false);
      replay.reset();
      stage.setRegions(null);
      editor.open(picture);
    },
    measured(regions) {
      ready = true;
      stage.setRegions(regions);
      frame.refresh();
    },
    decoded(picture, hidden) {
      stage.setPictures(picture, hidden);
      frame.refresh();
    },
    broken(what) {
      broken = what;
      frame.refresh();
    },
  });

  return {
    question: question.elements,
    body: [
      h("div.left", stage.element, ...controls.elements, replay.element),
      h("div.middle", answer.element, frame.trust, frame.notes),
    ],
    status: () => ({
      help: words.help(traits),
      kept: words.kept(traits),
      // A run that is done goes on for as long again.
      continuable: true,
    }),
    picture: {
      there: () => editor.mask.length > 0 && toBytes(traits.picture) !== null && broken === "",
      broken: () => broken,
      later: words.LATER,
    },
    draw: [question.draw, drawStage, drawControls, answer.draw],
    paint,
    resized: stage.resize,
    themed: stage.restyle,
    keys: (event: KeyboardEvent) => {
      if (!isUndo(event)) return stage.key(event);
      editor.undo();
      return true;
    },
  };
}

function isUndo(event: KeyboardEvent): boolean {
  const typing = event.composedPath()[0] instanceof HTMLInputElement;
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z" && !typing;
}
