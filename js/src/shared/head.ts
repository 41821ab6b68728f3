import { h, setAttribute, setInvisible, setText, UNHEARD, uniqueId } from "./dom";
import { createPopover } from "./popover";
import type { Status } from "./report";
import type { Scope } from "./scope";
import type { RunState, RunTraits } from "./traits";

/** A command that got no answer may be given again after this time. */
const PATIENCE = 5000;

/** The head of every view: the question, what goes on, how far it is, and the one button to stop or resume. */
export function createHead(
  scope: Scope,
  run: Readonly<RunTraits>,
  question: readonly (Node | string)[],
  command: (kind: "stop" | "resume") => void,
) {
  const helpId = uniqueId();
  const helpButton = h(
    "button.button.help-button",
    { "aria-label": "About this view", "aria-controls": helpId },
    "?",
  );
  const helpPanel = h("div.popover.help-panel", { id: helpId });
  const helpBox = h("span.help", helpButton, helpPanel);
  createPopover(scope, helpBox, helpButton, helpPanel);

  const heading = h("div.question", { role: "heading", "aria-level": 3 }, ...question);
  const word = h("span.ellipsis");
  const status = h("span.status", h("span.dot", UNHEARD), word);
  const counts = h("span.counts.number");
  const button = h("button.button.run-button", { "data-asks": "run" });
  const fill = h("i");
  const progress = h(
    "div.progress",
    { role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 },
    fill,
  );
  const alert = h("p.alert", { role: "alert" });
  const element = h(
    "header.head",
    h("div.headline", h("div.ask", heading, helpBox), status, counts, button),
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
    /** `resumes`: somebody is there to resume the run. */
    update(now: Status, error: string, resumes: boolean) {
      if (run.state !== state) wait(false);
      state = run.state;
      const running = state === "running";
      const ended = state === "stopped" || state === "failed";
      const { help, kept } = now;
      const continuable = run.resumable && (now.continuable ?? ended);
      let words: string = state === "empty" ? "waiting" : state;
      let more = ended ? kept : "";
      if (more && continuable && resumes) more += ", Resume continues";
      if (running) {
        more = run.activity;
        if (run.time_left) words += `, ${run.time_left}`;
      }
      setText(word, more && more !== words ? `${words}: ${more}` : words);
      setText(counts, run.counts);
      setText(button, running ? "Stop" : "Resume");
      setInvisible(button, state === "empty" || (!running && !continuable));
      const percent = 100 * Math.min(1, Math.max(0, run.progress));
      fill.style.width = `${percent}%`;
      setAttribute(progress, "aria-valuenow", Math.round(percent));
      setText(helpPanel, help);
      setText(alert, error);
      alert.hidden = error === "";
    },
  };
}
