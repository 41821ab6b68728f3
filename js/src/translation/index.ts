/** The translation view: each image beside its twin of the other class, and what differs. */
import { createCrosshair } from "../shared/crosshair";
import { h, setAttribute } from "../shared/dom";
import { cellAt } from "../shared/region";
import { peakOf } from "../shared/share";
import { defineView } from "../shared/view";
import { createAnswers } from "./answers";
import { followCurves } from "./curves";
import { Look } from "./look";
import { createMask } from "./mask";
import { createQuestion } from "./question";
import { createSet } from "./set";
import { Shown } from "./shown";
import { createStress } from "./stress";
import { createTools } from "./tools";
import { type TranslationFrame, traits } from "./traits";
import { createVariants } from "./variants";
import { createWipe } from "./wipe";
import * as words from "./words";

export default defineView({
  name: "translation",
  label: "Translation explorer",
  traits,
  alone: "pictures, masks and the order still work, stress does not",
  followed: ["pictures", "fetched", "threshold", "cursor", "curve", "area", "strength", "point", "region"],
  alive: ["progress", "entries", "fetched", "stress", "measured"],
  trustLater: "measured when all images are translated",
  eager: true,
  build,
});

function build(frame: TranslationFrame) {
  const { root, traits } = frame;
  const shown = new Shown(frame);
  const look = new Look(frame, shown);
  const question = createQuestion(frame, shown);
  const amounts = () => {
    const [height, width] = traits.size;
    return look.difference && { values: look.difference, width, height };
  };
  const crosshair = createCrosshair(frame, cellAt, () => peakOf(amounts()));
  const wipe = createWipe(frame, look, crosshair);
  const tools = createTools(frame.scope, look, question.which);
  const variants = createVariants(frame, look);
  const mask = createMask(frame, look, crosshair, amounts);
  const answers = createAnswers(frame, shown);
  const stress = createStress(frame, look);
  const curves = followCurves(frame, look);
  const set = createSet(frame, (place, { timeStamp }) => {
    frame.clock(timeStamp);
    frame.save({ chosen: place });
  });
  const details = h("details.details", h("summary.heading", "How far to trust it"), frame.trust);
  let said = "";

  const drawWaiting = () =>
    frame.waiting.update(stress.outstanding || (shown.outstanding && shown.place >= 0));
  const drawDetails = () => {
    details.hidden = traits.trust.length === 0 && !(traits.state === "running" && traits.measures);
  };
  const follow = () => {
    // A variant or the twin's twin that another image lacks.
    if (look.variant >= (look.bundle?.variants.length ?? 0)) look.variant = -1;
    if (look.map !== "difference" && !look.bundle?.[look.map]) look.map = "difference";
  };
  const sayImage = () => {
    const now = words.described(traits.entries[shown.place], shown.place, traits);
    if (shown.place >= 0 && said !== "" && now !== said) frame.say(now);
    said = now;
  };
  const paint = () => {
    for (const part of [wipe, tools, variants, mask, stress]) part.paint();
    set.mark();
    curves();
    setAttribute(root, "data-ready", look.picture !== null && "1");
    Object.assign(root.dataset, {
      shown: shown.place,
      level: look.level,
      variant: look.variant,
      other: look.other,
    });
  };

  return {
    question: [question.element],
    body: [
      h(
        "div.panels",
        h("div.left", wipe.element, tools.element, variants.element),
        h("div.middle", mask.element),
        h("div.right", answers.element, frame.notes),
        ...[set.element, stress.element, details],
      ),
    ],
    status: () => ({ help: words.HELP, kept: words.kept(traits.entries.length) }),
    picture: { there: () => shown.bundle?.image != null, broken: () => shown.wrong, later: words.LATER },
    draw: [
      follow,
      drawWaiting,
      drawDetails,
      ...[question, wipe, mask, answers, stress, set].map(({ draw }) => draw),
      sayImage,
    ],
    paint,
    resized() {
      wipe.resize();
      mask.resize();
      set.reveal();
    },
    keys: crosshair.key,
  };
}
