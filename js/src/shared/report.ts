import { h, setText } from "./dom";
import type { HeadStatus } from "./head";
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
  /** In the place of the trait of this name. */
  counts?: string;
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

/** What all views tell of a run: in the head, in the place of the picture, in the measures of trust and the notes. */
export class Report {
  readonly notes = h("p.cfw-notes");
  readonly #placeholder = createPlaceholder();
  readonly #trust;
  #status: Status = { help: "", kept: "" };
  #instead = "";
  #broken = "";

  constructor(
    readonly run: Readonly<RunTraits>,
    trustLater?: string,
  ) {
    this.#trust = createTrust(trustLater);
  }

  get placeholder(): HTMLElement {
    return this.#placeholder.element;
  }

  get trust(): HTMLElement {
    return this.#trust.element;
  }

  /** What stands in the place of the picture. */
  instead(picture: PictureState | undefined): string {
    if (!picture || picture.there()) return "";
    return this.run.error || picture.broken?.() || this.run.activity || picture.later;
  }

  /** Asks the view, whose code may fail; what is drawn is what it said last. */
  ask(status: Status, picture: PictureState | undefined): void {
    this.#status = status;
    this.#broken = picture?.broken?.() ?? "";
    this.#instead = this.instead(picture);
  }

  draw(): void {
    const { notes, trust, state, measures, error } = this.run;
    this.#placeholder.update(this.#instead, error !== "" || this.#broken !== "");
    this.#trust.update(trust, state === "running" && measures);
    setText(this.notes, [notes, ...(this.#status.remarks ?? [])].filter(Boolean).join(" "));
    this.notes.hidden = this.notes.textContent === "";
  }

  /** For the head; an error that stands in the place of the picture stands nowhere else. */
  head(faults: string): HeadStatus {
    const { state, activity, progress, error } = this.run;
    const ended = state === "stopped" || state === "failed";
    const { help, kept, counts = this.run.counts, continuable = ended } = this.#status;
    return {
      ...{ state, activity, progress, help, counts, continuable },
      kept: ended && kept !== "" ? `${kept}${continuable ? ", Resume continues" : ""}` : "",
      error: [faults, this.#instead === "" ? error : ""].filter(Boolean).join("\n"),
    };
  }
}
