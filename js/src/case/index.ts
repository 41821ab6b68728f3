/** The head of an open case: its question, the model's answer, the answer without a region, and the tabs. */
import { createCrosshair } from "../shared/crosshair";
import { h, setAttribute } from "../shared/dom";
import { Picture } from "../shared/picture";
import { cellAt } from "../shared/region";
import { throttle } from "../shared/throttle";
import { defineView } from "../shared/view";
import { createAnswers } from "./answers";
import { createPlate } from "./picture";
import { createTabs } from "./tabs";
import { type CaseFrame, traits } from "./traits";
import { createWithout } from "./without";
import * as words from "./words";

/** The kernel hears of a region that is drawn at most this often, in ms. */
const SAVE_EVERY = 60;

export default defineView({
  name: "case",
  label: "The open case",
  traits,
  alone: "the picture and what was asked are still here, new questions are not answered",
  followed: ["point"],
  alive: ["without", "tabs"],
  build,
});

function build(frame: CaseFrame) {
  const { root, scope, traits } = frame;
  const picture = new Picture(frame.repaint);
  scope.defer(() => picture.end());
  const question = h("span.case-question");
  const plate = createPlate("the picture as the model sees it", picture);
  const crosshair = createCrosshair(
    frame,
    (x, y) => cellAt(x, y),
    () => undefined,
    true,
  );
  crosshair.over(plate.element);
  const answers = createAnswers(frame);
  const without = createWithout(frame);
  const tabs = createTabs(frame);
  const save = throttle(() => frame.save({ region: traits.region }), SAVE_EVERY);
  scope.defer(() => save.flush());
  frame.listen(["region"], save);

  let shown = traits.number;
  /** Whoever has chosen a picture in the gallery sees its case; who is elsewhere stays there. */
  const comeIntoView = () => {
    if (shown === traits.number) return;
    shown = traits.number;
    const bench = root.closest(".cfw-host")?.parentElement?.closest(".cfw-host");
    if (shown >= 0 && bench?.contains(document.activeElement)) root.scrollIntoView({ block: "nearest" });
  };
  const head = h("div.case-head", plate.element, answers.element, without.element);

  return {
    question: [question],
    body: [frame.placeholder, head, tabs.element],
    status: () => ({ help: words.HELP, kept: "" }),
    picture: { there: () => traits.number >= 0, later: words.LATER },
    draw: [
      () => void picture.read(traits.picture),
      () => {
        question.replaceChildren(
          ...traits.question.map(({ text, role }) => (role ? h("span", { "data-role": role }, text) : text)),
        );
        head.hidden = traits.number < 0;
        setAttribute(root, "data-number", traits.number);
        setAttribute(root, "data-tab", traits.tab);
      },
      answers.draw,
      without.draw,
      tabs.draw,
      comeIntoView,
    ],
    paint() {
      plate.paint(traits.size);
      without.paint();
      setAttribute(root, "data-ready", (picture.bitmap !== null || traits.number < 0) && "1");
    },
    keys: crosshair.key,
  };
}
