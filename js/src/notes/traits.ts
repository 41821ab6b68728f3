import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import { bool, integer, list, number, record, records, type TraitsOf, text, yesOrNo } from "../shared/wire";

/** A measure of agreement, beside chance and beside a random network; null where there is none. */
const measured = record({
  value: number(null),
  /** The most that chance gives. */
  chance: number(null),
  randomised: number(null),
  meaning: text(),
  ok: yesOrNo(),
});

/** The traits of the model, as cfwidgets/widgets/workbench/notes_view.py declares them. */
export const traits = {
  ...runTraits,
  /** The number of the picture whose case is open; below 0 for none. */
  number: integer(-1),
  note: text(),
  /** The names of the measures, and a row each pair with one of each. */
  measured: list(text()),
  agreement: records({ first: text(), second: text(), measures: list(measured) }),
  /** Why there is no table. */
  agreement_says: text(),
  kept: records({ number: integer(-1), question: text(), note: text(), explainers: text(), at: text() }),
  /** The file that kept cases are saved to. */
  saved_as: text(),
  /** An exported page, which opens the cases that travel with it by itself. */
  travels: bool(),
  /** The code, and how often it was asked for. */
  code: record({ text: text(), asked: integer() }, "text"),
};

export type Traits = TraitsOf<typeof traits>;
export type NotesFrame = Frame<typeof traits>;
export type Pair = Traits["agreement"][number];
