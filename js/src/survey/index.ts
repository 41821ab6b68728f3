/** The survey view: where a classifier goes wrong over a whole data set, and a gallery of all its pictures. */
import { h, setAttribute, setText } from "../shared/dom";
import { defineView } from "../shared/view";
import { createDetail, createSkipped } from "./detail";
import { createGallery } from "./gallery";
import { Look } from "./look";
import { createMatrix, MOST } from "./matrix";
import { createPairs } from "./pairs";
import { createTools } from "./tools";
import { type SurveyFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "survey",
  label: "Survey explorer",
  traits,
  alone: "the table, filters and the most surprising pictures still work, others do not",
  followed: ["chosen"],
  alive: ["progress", "table"],
  trustLater: "measured as pictures are answered",
  eager: true,
  build,
});

function build(frame: SurveyFrame) {
  const { root, traits } = frame;
  const look = new Look(frame);
  const model = h("span.asked-target");
  const [before, after] = [h("span"), h("span")];
  const sentence = h("p.sentence");
  const matrix = createMatrix(frame, look);
  const axes = h("p.axes.muted", "rows: what it is · columns: what is predicted");
  const pairs = createPairs(frame, look);
  const tools = createTools(frame, look);
  const gallery = createGallery(frame, look);
  const detail = createDetail(look);
  const skipped = createSkipped(look);
  const nothing = h("p.nothing.muted", words.NOTHING);
  const left = h("div.left", matrix.element, axes, pairs.element);
  const right = h("div.right", tools.sorts, tools.chips, nothing, gallery.element, detail.element);
  const both = h("div.both", left, right);
  frame.listen(["chosen"], frame.repaint);

  const drawWords = () => {
    const { labelled, second } = traits;
    const isKnown = labelled || traits.table === null;
    setText(before, isKnown ? "Where does " : "What does ");
    setText(model, traits.model);
    const and = second ? `, and what does ${second} change?` : "?";
    setText(after, isKnown ? ` go wrong${and}` : ` predict${and}`);
    setText(sentence, traits.sentence);
    sentence.hidden = traits.sentence === "";
  };
  const draw = () => {
    look.read();
    const isMatrix = traits.labelled && traits.labels.length <= MOST;
    matrix.draw(isMatrix);
    axes.hidden = !isMatrix;
    pairs.draw(!isMatrix);
    tools.draw();
    skipped.draw();
    both.hidden = frame.absent;
    nothing.hidden = look.table === null || look.shown.length > 0;
    gallery.read();
    setAttribute(root, "data-ready", look.table !== null && "1");
    setAttribute(root, "data-shown", look.shown.length);
    if (fitted !== traits.labels) resize();
  };
  let fitted: unknown;
  const resize = () => {
    fitted = traits.labels;
    matrix.resize(left.clientWidth || 260);
    gallery.resize();
  };
  let said = -1;
  const say = () => {
    const count = look.shown.length;
    if (traits.state === "running" || count === said) return;
    if (said >= 0) frame.say(`${count} pictures`);
    said = count;
  };

  return {
    question: [before, model, after],
    body: [
      sentence,
      frame.placeholder,
      both,
      skipped.element,
      h("details.details", h("summary.heading", "How far to trust it"), frame.trust),
      frame.notes,
    ],
    status: () => ({ help: words.HELP, kept: words.kept(look.table ? look.shown.length : 0) }),
    picture: { there: () => look.table !== null, broken: () => look.wrong, later: words.LATER },
    draw: [drawWords, draw, say],
    paint() {
      const began = performance.now();
      gallery.paint();
      detail.paint(gallery.current);
      setAttribute(root, "data-chosen", traits.chosen);
      setAttribute(root, "data-took", (performance.now() - began).toFixed(1));
    },
    resized: resize,
    keys(event: KeyboardEvent) {
      const { truth, prediction } = look.filters;
      if (event.key !== "Escape" || (truth < 0 && prediction < 0)) return false;
      look.change({ truth: -1, prediction: -1 }, event.timeStamp);
      return true;
    },
  };
}
