/** The transition view: what separates the class that is predicted for an image from the one that it should be. */
import { createCrosshair } from "../shared/crosshair";
import { h, setAttribute, setInvisible } from "../shared/dom";
import { defineView } from "../shared/view";
import { cellOf, strongestCells } from "./cells";
import { createConfidence } from "./confidence";
import { createGallery } from "./gallery";
import { followImage } from "./image";
import { walkByKeys } from "./keys";
import { followInputs } from "./latency";
import { createLine } from "./line";
import { createWorkshop } from "./miniature";
import { createOriginal } from "./original";
import { readPalette } from "./palette";
import { createPicks } from "./picks";
import { createQuestion } from "./question";
import { createStage } from "./stage";
import { createStrip } from "./strip";
import { type TransitionFrame, traits } from "./traits";
import { createTransition } from "./transition";
import { createTransport } from "./transport";
import { createViews } from "./views";
import { createWalk } from "./walk";
import * as words from "./words";

export default defineView({
  name: "transitions",
  label: "Transition explorer",
  traits,
  alone: "slider, maps and charts still work, other candidates do not",
  followed: ["picture", "picture_maps", "phase", "cursor", "point", "region"],
  alive: ["path", "gallery", "progress"],
  build,
});

function build(frame: TransitionFrame) {
  const { root, traits } = frame;
  const inputs = followInputs(frame);
  const image = followImage(frame);
  const transition = createTransition(frame);
  const walk = createWalk(frame, transition, inputs.moved);
  const picks = createPicks(frame);
  const palette = readPalette(frame.palette);
  const workshop = createWorkshop(frame, palette);

  const question = createQuestion(frame, transition);
  const views = createViews(frame, transition, image);
  const crosshair = createCrosshair(
    frame,
    (x, y) => cellOf(traits.answer, x, y),
    () => {
      const [cell] = strongestCells(traits.answer, 1);
      return cell && [cell.x + cell.width / 2, cell.y + cell.height / 2];
    },
  );
  const stage = createStage(frame, transition, walk, image, views, palette, crosshair);
  const transport = createTransport(frame, transition, walk);
  const line = createLine(frame, transition, walk, image);
  const original = createOriginal(frame, transition, image, views, palette, crosshair);
  const confidence = createConfidence(frame, transition, walk);
  const strip = createStrip(frame, transition, walk, workshop, () => views.which);
  const gallery = createGallery(frame, transition, picks, workshop);
  // The keys work where one has clicked.
  frame.scope.on(stage.canvas, "click", () => transport.input.focus({ preventScroll: true }));

  const drawPath = () => {
    walk.follow();
    const { path } = transition;
    root.dataset.path = path ? (path.at.length < path.phases ? "coarse" : "full") : "";
    root.dataset.flip = String(path?.flip ?? "");
  };
  const drawWaiting = () => {
    const outstanding = picks.isOutstanding(transition.path);
    frame.waiting.update(outstanding);
    setAttribute(root, "data-pending", outstanding && "1");
  };
  const drawSide = () => {
    const nothing = !image.layers && traits.wrong < 0;
    for (const { element } of [original, confidence]) setInvisible(element, nothing);
  };
  const walks = walkByKeys(walk, transport.input);
  const paint = () => {
    const { look, exact } = transition.frames.look(walk.place);
    stage.paint(look);
    for (const part of [transport, confidence, strip]) part.paint();
    // Another phase may have another fault.
    line.draw();
    walk.point();
    root.dataset.phase = transition.path ? String(walk.place) : "";
    root.dataset.painted = look ? String(look.phase) : "";
    setAttribute(root, "data-ready", look !== null && "1");
    setAttribute(root, "data-playing", walk.player.playing && "1");
    if (look) inputs.painted(exact);
  };

  return {
    question: [question.element],
    body: [
      h(
        "div.left",
        stage.element,
        transport.slider,
        transport.buttons,
        views.modes,
        views.maps,
        line.element,
      ),
      h("div.side", original.element, confidence.element, frame.trust),
      strip.element,
      h("div.candidates", gallery.element, frame.notes),
    ],
    status: () => ({ help: words.HELP, kept: words.kept(traits.best) }),
    picture: {
      there: () => transition.source !== null || image.layers !== null,
      broken: () => image.wrong || transition.wrong,
      later: words.LATER,
    },
    draw: [
      ...[drawPath, drawWaiting, drawSide],
      ...[question, stage, views, original, strip, gallery, line].map((part) => part.draw),
    ],
    paint,
    resized: stage.resize,
    keys: (event: KeyboardEvent) => crosshair.key(event) || walks(event),
  };
}
