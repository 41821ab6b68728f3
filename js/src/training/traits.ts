import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import { bool, bytes, integer, list, number, type TraitsOf, text, tuple } from "../shared/wire";

/** The traits of the model, as cfwidgets/widgets declares them. */
export const traits = {
  ...runTraits,
  /** Updates so far. */
  step: integer(),
  /** Whether the networks of a training that is stopped are in the checkpoint. */
  saved: bool(),
  /** The samples, side by side in one encoded picture. */
  sheet: bytes(),
  /** Rows and columns of the sheet. */
  grid: tuple(integer(), integer()),
  /** Height and width of a sample, in pixels. */
  tile: tuple(integer(), integer()),
  /** Titles of the columns; none where the columns mean nothing. */
  columns: list(text()),
  /** How they were drawn: words that follow the update. */
  sheet_note: text(),
  /** The update that the samples are of; below 0 while there are none. */
  drawn: integer(-1),
  loss_names: list(text()),
  /** The mean of each loss over the last `window` updates; null where none of them is finite. */
  losses: list(number(null)),
  window: integer(),
  /** The update that the losses end at; below 0 while there are none. */
  measured: integer(-1),
  /** The last measurement on held-out images, and the update that it is of; below 0 while there is none. */
  held_out_names: list(text()),
  held_out: list(number(null)),
  held_out_at: integer(-1),
};

export type Traits = TraitsOf<typeof traits>;
export type TrainingFrame = Frame<typeof traits>;
