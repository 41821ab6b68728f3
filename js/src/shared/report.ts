import { createCaveats } from "./caveats";
import { h, setText } from "./dom";
import { createPlaceholder } from "./placeholder";
import type { RunTraits } from "./traits";
import { createTrust } from "./trust";

/** What the head says besides the traits that all views have. */
export interface Status {
  /** Two sentences on what one sees, with the paper's name. */
  help: string;
  /** What there is of a run that stopped or failed: "the best so far is kept"; empty where there is nothing. */
  kept: string;
  /** Whether a run that has ended can be resumed; else one that stopped or failed can. */
  continuable?: boolean;
  /** Sentences after the trait `notes`. */
  remarks?: readonly string[];
}

/** The one picture without which there is nothing to see: as long as it is not there, words stand in its place. */
export interface PictureState {
  there(): boolean;
  /** What cannot be read, in words; empty where all is well. */
  broken?(): string;
  /** The words where there is nothing else to say. */
  later: string;
}

/** What all views tell of a run: in the place of the picture, in the caveats, the measures of trust, the notes and, see there, the head. */
export function createReport(run: Readonly<RunTraits>, trustLater?: string) {
  const placeholder = createPlaceholder();
  const trust = createTrust(trustLater);
  const caveats = createCaveats();
  const notes = h("p.notes");
  let status: Status = { help: "", kept: "" };
  let instead = "";
  let broken = false;
  /** What stands in the place of the picture. */
  const insteadOf = (picture: PictureState | undefined) =>
    !picture || picture.there() ? "" : run.error || picture.broken?.() || run.activity || picture.later;
  return {
    ...{ placeholder: placeholder.element, trust: trust.element, caveats: caveats.element, notes, insteadOf },
    get status() {
      return status;
    },
    /** What went wrong, for the head: an error that stands in the place of the picture stands nowhere else. */
    error: (faults: string) => [faults, instead === "" ? run.error : ""].filter(Boolean).join("\n"),
    /** Asks the view, whose code may fail; what is drawn is what it said last. */
    ask(now: Status, picture: PictureState | undefined) {
      status = now;
      broken = !!picture?.broken?.();
      instead = insteadOf(picture);
    },
    draw() {
      placeholder.update(instead, run.error !== "" || broken);
      trust.update(run.trust, run.state === "running" && run.measures);
      caveats.update(run.caveats);
      setText(notes, [run.notes, ...(status.remarks ?? [])].filter(Boolean).join(" "));
      notes.hidden = notes.textContent === "";
    },
  };
}
