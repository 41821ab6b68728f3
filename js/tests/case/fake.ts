import type { Traits } from "../../src/case/traits";
import { DONE, wire } from "../fake";

export const SQUARE = [[0, 0, 0.5, 0, 0.5, 0.5, 0, 0.5]];

export function caseState(changes: Partial<Traits> = {}): Traits {
  return {
    ...{ number: 473, path: "", truth: 1, predicted: 2, labels: ["tench", "cat", "<b>dog</b>"] },
    question: [
      { text: "Picture 473 is a ", role: "" },
      { text: "cat", role: "truth" },
      { text: ". Why ", role: "" },
      { text: "<b>dog</b>", role: "prediction" },
      { text: "?", role: "" },
    ],
    top: [
      [2, 0.503],
      [1, 0.388],
      [0, 0.109],
    ],
    ...{ second: "", second_top: [], picture: wire(Uint8Array.of(7)), size: [2, 3] },
    tabs: [
      {
        name: "where",
        title: "Where?",
        asked: [{ name: "relevance", title: "Relevance maps", why: "", how: "" }],
      },
      {
        name: "instead",
        title: "What instead?",
        asked: [
          {
            name: "transition",
            title: "A transition",
            why: "No generator.",
            how: "cf.Workbench(generator=…)",
          },
          { name: "edits", title: "Edits", why: "<i>gone</i>", how: "" },
        ],
      },
    ],
    ...{ tab: "where", travels: false, fill: "blur", point: [], region: [], without: null },
    ...{ ...DONE, measures: false },
    ...changes,
  };
}

export const answered = (region: readonly (readonly number[])[] = SQUARE, fill = "blur") => ({
  ...{ region, fill, share: 0.25, picture: wire(Uint8Array.of(9)) },
  top: [
    [1, 0.941, 0.388],
    [2, 0.021, 0.503],
  ] as const,
});
