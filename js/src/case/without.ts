import { createButton } from "../shared/button";
import { createChoice } from "../shared/choice";
import { h, setAttribute, setText } from "../shared/dom";
import { className, probability } from "../shared/format";
import { Picture } from "../shared/picture";
import { signOf } from "./answers";
import { createPlate } from "./picture";
import type { CaseFrame } from "./traits";
import { FILLS, type Fill, HINT } from "./words";

/** The picture without the region, and the model's answer to it. */
export function createWithout(frame: CaseFrame) {
  const { scope, traits, waiting } = frame;
  const picture = new Picture(frame.repaint);
  scope.defer(() => picture.end());
  const plate = createPlate("the picture without the region", picture);
  const hint = h("p.muted", HINT);
  const big = h("span.big.number");
  const name = h("span.case-of");
  const was = h("span.muted.number");
  const others = h("ul.list.case-others");
  const share = h("span.muted.number");
  const clear = createButton(scope, "no region (Escape)", () => frame.save({ region: [] }), "clear");
  const fills = createChoice(scope, "instead of the region", FILLS, (fill) => frame.save({ fill }));
  setAttribute(fills.element, "data-asks", "fill");
  setAttribute(fills.buttons.get("inpaint")!, "data-asks", "inpaint");
  const answer = h("div.case-answer", h("div.bigline", big, name, was), others);
  const shown = h("div.case-shown", plate.element, answer);
  const below = h("div.case-below", fills.element, share, clear);
  const element = h(
    "section.case-without",
    { "aria-label": "Without the region" },
    h("div.heading", "Without the region"),
    hint,
    shown,
    below,
  );
  let said = "";

  const isAnswered = () => {
    const { without, region, fill } = traits;
    return without !== null && without.fill === fill && sameRings(without.region, region);
  };
  return {
    element,
    draw() {
      const { without, region, labels, truth, predicted, fill } = traits;
      const asked = region.length > 0;
      const answered = isAnswered();
      waiting.update(asked && !answered);
      [hint.hidden, shown.hidden, below.hidden] = [asked, !asked, !asked];
      element.classList.toggle("cfw-stale", asked && !answered);
      setAttribute(frame.root, "data-without", asked && answered && "1");
      fills.update(fill as Fill);
      if (!asked) said = "";
      void picture.read(without?.picture);
      // What it is, or else what it was taken for.
      const index = truth >= 0 ? truth : predicted;
      const own = without?.top.find(([one]) => one === index);
      setText(big, own ? probability(own[1]) : "–");
      big.classList.toggle("cfw-unknown", !own);
      setText(name, `${signOf(index, truth, predicted)}${className(labels, index)}`);
      setAttribute(answer, "data-role", truth >= 0 ? "truth" : "prediction");
      setText(
        was,
        own ? `was ${probability(own[2])}` : waiting.wait === "silent" ? "no answer yet" : "asking…",
      );
      setText(share, without ? `${Math.round(100 * without.share)} % of the picture` : "");
      others.replaceChildren(
        ...(without?.top ?? [])
          .filter(([one]) => one !== index)
          .slice(0, 3)
          .map(([one, now, before]) => {
            const label = h("span.ellipsis", signOf(one, truth, predicted), className(labels, one));
            return h(
              "li",
              label,
              h("span.number", probability(now)),
              h("span.muted.number", `was ${probability(before)}`),
            );
          }),
      );
      if (!asked || !answered || !own) return;
      const words = `Without the region ${className(labels, index)} has ${probability(own[1])}, was ${probability(own[2])}`;
      if (words !== said) frame.say(words);
      said = words;
    },
    paint: () => plate.paint(traits.size),
  };
}

function sameRings(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): boolean {
  return a.length === b.length && a.every((ring, i) => String(ring) === String(b[i]));
}
