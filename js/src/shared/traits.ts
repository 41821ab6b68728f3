import { bool, number, oneOf, records, type TraitsOf, text } from "./wire";

/** The traits that every view has, as cfwidgets/widgets/view.py declares them. */
export const runTraits = {
  state: oneOf(["empty", "running", "done", "stopped", "failed"], "empty"),
  /** Words for what the run is doing. */
  activity: text(),
  /** 0 to 1. */
  progress: number(),
  /** How far it is, in numbers. */
  counts: text(),
  /** What limits the result, in a sentence. */
  notes: text(),
  error: text(),
  /** Measures of the explanation, each with what it should be compared with. */
  trust: records({ name: text(), value: text(), note: text(), help: text() }),
  /** Whether there will be more such rows when the run has ended. */
  measures: bool(true),
};

export type RunTraits = TraitsOf<typeof runTraits>;
export type RunState = RunTraits["state"];
export type TrustRow = RunTraits["trust"][number];
