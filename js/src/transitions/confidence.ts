import { h, setInvisible, setText, UNHEARD } from "../shared/dom";
import { probability } from "../shared/format";
import { MARKS, marked, SIDES, type Side, sideOf } from "./sides";
import type { TransitionFrame } from "./traits";
import type { Transition } from "./transition";
import type { Walk } from "./walk";
import { predicted } from "./words";

/** What the model predicts at the phase looked at, and the probabilities of the two classes there. */
export function createConfidence({ traits }: TransitionFrame, transition: Transition, walk: Walk) {
  const prediction = h("div");
  const rows = SIDES.map((side) => ({ side, row: createRow(side) }));
  const list = h("ul.list.sure-rows", ...rows.map(({ row }) => row.element));
  const mark = h("span.tick-mark", UNHEARD);
  const note = h("div.tick.muted", mark, "tick: the image");
  /** For the image. */
  const reference = (index: number) => traits.whole.find(([of]) => of === index)?.[1] ?? null;
  return {
    element: h("div.confidence", prediction, list, note),
    paint() {
      const index = transition.predicted(walk.place);
      const side = sideOf(index, traits);
      setText(prediction, index < 0 ? "" : marked(side, predicted(transition.name(index))));
      prediction.className = `cfw-prediction cfw-ellipsis cfw-${side}`;
      const references = rows.map(({ side }) => reference(traits[side]));
      rows.forEach(({ side, row }, i) => {
        const value = transition.probability(side, walk.place);
        row.update(transition.name(traits[side]), value, references[i]!);
      });
      setInvisible(
        note,
        references.every((value) => value === null),
      );
    },
  };
}

function createRow(side: Side) {
  const name = h("span.ellipsis");
  const fill = h("i");
  const tick = h("b");
  const figure = h("span.number.sure-value");
  const mark = h("span", UNHEARD, MARKS[side]);
  const track = h("span.track", UNHEARD, fill, tick);
  const named = h("span.sure-name", mark, name);
  return {
    element: h("li", { class: `cfw-sure-row cfw-${side}` }, named, track, figure),
    /** The tick stands at the reference. */
    update(label: string, value: number | null, reference: number | null) {
      setText(name, label);
      fill.style.width = `${100 * (value ?? 0)}%`;
      tick.hidden = reference === null;
      tick.style.left = `${100 * (reference ?? 0)}%`;
      setText(figure, probability(value));
    },
  };
}
