import { linkedTraits } from "../shared/crosshair";
import { runTraits } from "../shared/traits";
import type { Frame } from "../shared/view";
import {
  bool,
  bytes,
  integer,
  list,
  number,
  record,
  records,
  type TraitsOf,
  text,
  tuple,
} from "../shared/wire";

/** A class, its probability without the region, and that for the whole picture. */
const changed = list(tuple(integer(-1), number(), number()));

/** The traits of the model, as cfwidgets/widgets/workbench/case_view.py declares them. */
export const traits = {
  ...runTraits,
  ...linkedTraits,
  /** The number of the picture in the data set; below 0 while no case is open. */
  number: integer(-1),
  path: text(),
  /** Parts of the question; the role of a class is "truth" or "prediction". */
  question: records({ text: text(), role: text() }),
  labels: list(text()),
  truth: integer(-1),
  predicted: integer(-1),
  top: list(tuple(integer(-1), number())),
  /** A second model, and its answer. */
  second: text(),
  second_top: list(tuple(integer(-1), number())),
  /** The picture as the model sees it; its height and width. */
  picture: bytes(),
  size: tuple(integer(), integer()),
  /** The tabs, and what may be asked in each; `why` not, and `how` to make it possible. */
  tabs: records({
    name: text(),
    title: text(),
    asked: records({ name: text(), title: text(), why: text(), how: text() }),
  }),
  tab: text(),
  /** An exported page, which turns to the tabs by itself. */
  travels: bool(),
  /** What stands in the place of the region. */
  fill: text("blur"),
  /** The answer without the region. */
  without: record(
    { region: list(list(number())), fill: text(), share: number(), top: changed, picture: bytes() },
    "top",
  ),
};

export type Traits = TraitsOf<typeof traits>;
export type CaseFrame = Frame<typeof traits>;
