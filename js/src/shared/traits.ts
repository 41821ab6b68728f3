import { bool, list, number, oneOf, records, type TraitsOf, text, yesOrNo } from "./wire";

/** The traits that every view has, as cfwidgets/widgets/view.py declares them. */
export const runTraits = {
  state: oneOf(["empty", "running", "done", "stopped", "failed"], "empty"),
  /** Words for what the run is doing. */
  activity: text(),
  /** 0 to 1. */
  progress: number(),
  /** Words for how long the run still takes. */
  time_left: text(),
  /** Whether a run that has ended can be resumed at all: an interrupted result that is only shown cannot. */
  resumable: bool(true),
  /** How far it is, in numbers. */
  counts: text(),
  /** What limits the result, in a sentence. */
  notes: text(),
  error: text(),
  /** Why the finding is worth little, in sentences. */
  caveats: list(text()),
  /** Measures of the explanation, each with what it should be compared with; whether it is as it should be, if it can tell. */
  trust: records({ name: text(), value: text(), note: text(), help: text(), ok: yesOrNo() }),
  /** Whether there will be more such rows when the run has ended. */
  measures: bool(true),
  /** The call that opens the view with its models, where it was opened without; else empty. */
  opens_with: text(),
};

export type RunTraits = TraitsOf<typeof runTraits>;
export type RunState = RunTraits["state"];
export type TrustRow = RunTraits["trust"][number];
