import { h, setAttribute, setText, uniqueId } from "./dom";
import { createPopover } from "./popover";
import type { Scope } from "./scope";
import type { RunState } from "./traits";

export interface HeadStatus {
  state: RunState;
  /** Words for what is going on while running. */
  activity: string;
  /** How far it is, in numbers. */
  counts: string;
  progress: number;
  /** Whether a run that has ended can be resumed. */
  continuable: boolean;
  /** What is kept of a run that stopped or failed, and how to resume it. */
  kept: string;
  error: string;
  /** Two sentences on what one sees, with the paper's name. */
  help: string;
}

/** A command that got no answer may be given again after this time. */
const PATIENCE = 5000;

/** The head of every view: the question, what goes on, how far it is, and the one button to stop or resume. */
export function createHead(
  scope: Scope,
  question: readonly (Node | string)[],
  command: (kind: "stop" | "resume") => void,
) {
  const helpId = uniqueId();
  const helpButton = h(
    "button.cfw-help-button",
    { type: "button", "aria-label": "About this view", "aria-controls": helpId },
    "?",
  );
  const helpPanel = h("div.cfw-popover.cfw-help-panel", { id: helpId });
  const helpBox = h("span.cfw-help", helpButton, helpPanel);
  createPopover(scope, helpBox, helpButton, helpPanel);

  const heading = h("div.cfw-question", { role: "heading", "aria-level": 3 }, ...question);
  const word = h("span.cfw-ellipsis");
  const status = h("span.cfw-status", h("span.cfw-dot", { "aria-hidden": "true" }), word);
  const counts = h("span.cfw-counts.cfw-number");
  const button = h("button.cfw-button.cfw-run-button", { type: "button" });
  const fill = h("i");
  const progress = h(
    "div.cfw-progress",
    { role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 },
    fill,
  );
  const alert = h("p.cfw-alert", { role: "alert" });
  const element = h(
    "header.cfw-head",
    h("div.cfw-headline", h("div.cfw-ask", heading, helpBox), status, counts, button),
    progress,
    alert,
  );

  let state: RunState | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  scope.defer(() => clearTimeout(timer));
  const wait = (waiting: boolean) => {
    clearTimeout(timer);
    setAttribute(button, "aria-disabled", waiting && "true");
    if (waiting) timer = setTimeout(() => wait(false), PATIENCE);
  };
  scope.on(button, "click", () => {
    if (button.hasAttribute("aria-disabled")) return;
    command(state === "running" ? "stop" : "resume");
    wait(true);
  });

  return {
    element,
    update(now: HeadStatus) {
      if (now.state !== state) wait(false);
      state = now.state;
      const running = state === "running";
      const words = state === "empty" ? "waiting" : state;
      const more = running ? now.activity : now.kept;
      setText(word, more && more !== words ? `${words}: ${more}` : words);
      status.dataset.state = state;
      setText(counts, now.counts);
      setText(button, running ? "Stop" : "Resume");
      button.classList.toggle("cfw-invisible", state === "empty" || (!running && !now.continuable));
      const percent = 100 * Math.min(1, Math.max(0, now.progress));
      fill.style.width = `${percent}%`;
      progress.dataset.state = state;
      setAttribute(progress, "aria-valuenow", Math.round(percent));
      setText(helpPanel, now.help);
      setText(alert, now.error);
      alert.hidden = now.error === "";
    },
  };
}
