import type { Edit } from "./edit";
import type { Front } from "./front";
import type { Side } from "./pair";
import type { Pictures } from "./pictures";
import * as words from "./words";

export type Against = keyof typeof words.LEFT;

/** What the counterfactual is compared with. */
export function leftSide(front: Front, pictures: Pictures, against: Against): Side {
  const { before, repainted_p, repainted_label } = front.frame.traits;
  const { original } = front;
  if (against === "image") {
    const verdict = original && before !== null ? words.verdict(false, original) : "";
    return { ...EMPTY, bitmap: pictures.image.bitmap, title: words.LEFT.image[0], p: before, verdict };
  }
  const flips = repainted_label !== original;
  const verdict = repainted_p === null ? "" : words.verdict(flips, repainted_label);
  return {
    ...EMPTY,
    ...{ bitmap: pictures.repainted.bitmap, title: words.LEFT.repainted[0], p: repainted_p, flips, verdict },
  };
}

/** The counterfactual at a place, or what was made of it by hand. */
export function rightSide(front: Front, pictures: Pictures, edit: Edit, place: number): Side {
  const { answer } = edit;
  const member = front.members[place];
  const shown = answer ?? member;
  if (!shown) return { ...EMPTY, title: "the counterfactual" };
  const bitmap = pictures.tiles.at(place);
  return {
    bitmap: answer ? (pictures.edited.bitmap ?? bitmap) : bitmap,
    title: answer ? "changed by hand" : front.title(place),
    ...{ p: shown.p, flips: shown.flips },
    verdict: words.verdict(shown.flips, answer ? (answer.top[0]?.[0] ?? "") : (member?.label ?? "")),
    second: shown.second === null ? "" : words.second(shown.second, front.original),
  };
}

const EMPTY: Side = { bitmap: null, title: "", p: null, verdict: "", flips: false, second: "" };
