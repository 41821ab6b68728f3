import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import { bool, bytes, integer, list, oneOf, record, records, type TraitsOf, text } from "../shared/wire";

export const SORTS = ["surprise", "entropy", "margin", "class", "order"] as const;
/** Ways in which a second model differs; `CHANGES` of cfwidgets/engines/survey/findings.py. */
export const CHANGES = ["fixed", "broken", "both wrong, differently", "differs"] as const;

/** Which pictures the gallery shows: what is left out filters nothing. */
const filters = record({
  sort: oneOf(SORTS, "surprise"),
  wrong: bool(),
  unsure: bool(),
  truth: integer(-1),
  prediction: integer(-1),
  change: oneOf(["", ...CHANGES], ""),
  text: text(),
});

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  model: text(),
  /** The second model; empty without one. */
  second: text(),
  labels: list(text()),
  sentence: text(),
  pictures: integer(),
  /** Whether any true class is known. */
  labelled: bool(),
  /** The columns, and the names of the files line by line, deflated behind their length. */
  table: bytes(),
  paths: bytes(),
  /** Pixels of a thumbnail's side; whether those of the pictures themselves are to be seen. */
  side: integer(),
  exact: bool(),
  /** Sheets of the most surprising pictures, packed. */
  kept: bytes(),
  skipped: records({ number: integer(-1), path: text(), why: text() }),
  skipped_count: integer(),
  /** The picture that is opened; below 0 for none. */
  chosen: integer(-1),
  filters,
};

export type Traits = TraitsOf<typeof traits>;
export type SurveyFrame = Frame<typeof traits>;
export type Filters = NonNullable<Traits["filters"]>;
export type Change = (typeof CHANGES)[number];
