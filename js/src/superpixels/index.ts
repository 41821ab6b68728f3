/** The superpixel view: a picture to click on, and what the model says about the part that is shown. */
import type { AnyModel } from "@anywidget/types";
import { OUTSIDE } from "../shared/boundaries";
import { toBytes } from "../shared/bytes";
import { h, setAttribute, setText } from "../shared/dom";
import { probability } from "../shared/format";
import { createHead } from "../shared/head";
import { createPicker } from "../shared/picker";
import { createReadout, SILENT } from "../shared/readout";
import { oncePerMessage } from "../shared/redraw";
import { createScope } from "../shared/scope";
import { createSlider } from "../shared/slider";
import { followTheme } from "../shared/theme";
import { createTrust } from "../shared/trust";
import { Waiting } from "../shared/waiting";
import { barsOf, isCurrent, standing } from "./answers";
import { createControls, type Edit } from "./controls";
import { Editor } from "./editor";
import { generationsIn, inverted, mostImportant, shownCount, unpackMask } from "./masks";
import type { Mode } from "./painter";
import { followPicture } from "./pictures";
import { createStage } from "./stage";
import type { Traits } from "./traits";
import { counts, describe, HELP, HINT, kept, spokenAnswer } from "./words";

/** Traits that are only drawn; the others are followed where they are read. */
const DRAWN: (keyof Traits)[] = [
  "labels",
  "target",
  "objective",
  "importance",
  "whole",
  "state",
  "activity",
  "progress",
  "generation",
  "generations",
  "evaluations",
  "continuable",
  "measures",
  "history_masks",
  "trust",
  "error",
];

interface RenderOptions {
  model: AnyModel<Traits>;
  el: HTMLElement;
  /** Not from older hosts. */
  signal?: AbortSignal;
}

function render({ model, el, signal }: RenderOptions): () => void {
  const scope = createScope(signal);
  let mode: Mode = "dim";
  /** What of the picture cannot be read. */
  let broken = "";
  /** Whether the superpixels are known, so that they can be clicked on. */
  let ready = false;
  /** The generation that the reader went back to, or null: the newest. */
  let replayed: number | null = null;

  const name = (index: number) => model.get("labels")[index] ?? (index < 0 ? "…" : `class ${index}`);
  const history = () => toBytes(model.get("history_masks"));
  const newest = () => generationsIn(history(), editor.mask.length) - 1;
  const lookAt = (generation: number) => {
    replayed = generation < newest() ? Math.max(0, Math.round(generation)) : null;
    refresh();
  };

  // ---- the parts, and what they do

  const editor = new Editor(model, scope, () => refresh());
  const edits: Record<Edit, () => void> = {
    best: () => editor.follow(),
    all: () => editor.edit(editor.mask.map(() => 1)),
    none: () => editor.edit(editor.mask.map(() => 0)),
    invert: () => editor.edit(inverted(editor.mask)),
    undo: () => editor.undo(),
  };
  const explain = (target: number) => {
    if (target === model.get("target")) return;
    model.set("target", target);
    model.save_changes();
  };

  const question = h("span");
  const picker = createPicker(scope, {
    labels: () => model.get("labels"),
    name,
    suggestions: () =>
      model
        .get("whole")
        .slice(0, 8)
        .map(([index, p]) => ({ index, note: probability(p) })),
    chosen: explain,
  });
  const head = createHead(scope, [question, picker.element, "?"], (kind) => model.send({ kind }));
  const stage = createStage(scope, {
    scene: () => ({ mode, mask: editor.mask, importance: model.get("importance") }),
    stroke(regions, show, first) {
      if (first) editor.begin();
      const next = editor.mask.slice();
      for (const region of regions) next[region] = show ? 1 : 0;
      editor.edit(next);
    },
    strokeEnded: () => editor.end(),
    pointed(region, byKeyboard) {
      if (byKeyboard && region !== OUTSIDE) setText(live, words(region));
      refresh();
    },
    painted() {
      root.dataset.ready = "1";
    },
  });
  const controls = createControls(
    scope,
    (chosen) => {
      mode = chosen;
      refresh();
    },
    (chosen) => edits[chosen](),
  );
  const top = createSlider(
    scope,
    "most important",
    "show the k most important superpixels",
    (k, first) => {
      if (first) editor.begin();
      editor.edit(mostImportant(model.get("importance"), k));
    },
    () => editor.end(),
  );
  const search = createSlider(
    scope,
    "replay",
    "replay the best of each generation",
    (generation, first) => {
      const packed = history();
      if (!packed) return;
      if (first) editor.begin();
      lookAt(generation);
      editor.edit(unpackMask(packed, editor.mask.length, generation));
    },
    () => editor.end(),
  );
  const readout = createReadout(scope, "whole picture", explain);
  const trust = createTrust();
  const live = h("div", { class: "cfw-live", "aria-live": "polite", role: "status" });
  const root = h(
    "section",
    {
      class: "cfw-root cfw-superpixels",
      "data-testid": "cfw-superpixels",
      "data-lm-suppress-shortcuts": "true",
      "aria-label": "Superpixel explorer",
    },
    head.element,
    h(
      "div",
      { class: "cfw-body" },
      h("div", { class: "cfw-left" }, stage.element, controls.element, top.element, search.element),
      h("div", { class: "cfw-middle" }, readout.element, trust.element),
    ),
    live,
  );
  root.addEventListener(
    "keydown",
    (event) => {
      const command = event.ctrlKey || event.metaKey;
      const typing = event.composedPath()[0] instanceof HTMLInputElement;
      if (command && !event.shiftKey && event.key.toLowerCase() === "z" && !typing) {
        editor.undo();
        event.preventDefault();
        event.stopPropagation();
      } else if (!command && event.key !== "Escape") {
        // Notebooks bind plain keys, and the arrows, in command mode.
        event.stopPropagation();
      }
    },
    { signal: scope.signal },
  );

  // ---- drawing what is now

  const words = (region: number) =>
    describe(region, model.get("importance")[region], editor.mask[region] === 1);
  const waiting = new Waiting(() => refresh());
  scope.defer(() => waiting.end());
  /** What the live region last said about the answer. */
  let said = "";

  /** A search that was stopped goes on where it was, whatever the method. */
  const continuable = () => model.get("continuable") || model.get("state") === "stopped";
  const drawHead = () => {
    setText(question, model.get("objective") === "necessary" ? "What would lose " : "What carries ");
    picker.update(name(model.get("target")));
    head.update({
      state: model.get("state"),
      activity: model.get("activity"),
      continuable: continuable(),
      kept: kept(model.get("state"), model.get("best"), continuable()),
      counts: counts(model.get("generation"), model.get("generations"), model.get("evaluations")),
      progress: model.get("progress"),
      error: instead() === "" ? model.get("error") : "",
      help: HELP[model.get("objective")],
    });
  };

  /** What stands where the picture would be. */
  const instead = () => {
    if (editor.mask.length > 0 && toBytes(model.get("picture")) && !broken) return "";
    return model.get("error") || broken || model.get("activity") || "the picture will be here";
  };

  const drawStage = () => {
    const [n, shown, importance] = [editor.mask.length, shownCount(editor.mask), model.get("importance")];
    const pointed = stage.pointed;
    stage.update({
      line: pointed !== OUTSIDE ? words(pointed) : ready ? HINT : "",
      pointed: pointed !== OUTSIDE,
      instead: instead(),
      failed: model.get("error") !== "" || broken !== "",
    });
    controls.update({
      mode,
      heat: importance.length > 0,
      following: editor.following,
      enabled: {
        best: ready && model.get("best").length > 0,
        all: ready,
        none: ready,
        invert: ready,
        undo: ready && editor.edits > 0,
      },
    });
    top.update(shown, Math.max(1, n), n > 0 ? `${shown} of ${n}` : "", !ready || importance.length !== n);
    const last = newest();
    const generation = Math.min(replayed ?? last, last);
    // Not saved: the charts that follow the cursor are linked in the browser. Not set anew: hosts differ in
    // whether an equal list is a change, and this runs on each.
    if (last >= 0 && model.get("cursor")[0] !== generation) model.set("cursor", [generation, generation]);
    // It keeps its place while there is no history yet.
    search.element.classList.toggle("cfw-invisible", last < 1);
    search.update(generation, Math.max(1, last), `${generation} of ${last}`, !ready);
    root.dataset.mode = mode;
    root.dataset.shown = String(shown);
    root.dataset.focus = pointed === OUTSIDE ? "" : String(pointed);
  };

  const drawAnswer = () => {
    const [state, target, answer] = [model.get("state"), model.get("target"), model.get("answer")];
    const [mask, whole] = [editor.mask, model.get("whole")];
    const current = mask.length > 0 && isCurrent(answer, mask, target);
    // While the search moves the mask, nobody has asked.
    const asked = mask.length > 0 && (state !== "running" || !editor.following);
    if (current || !asked) waiting.end();
    else waiting.begin();
    const now = standing(answer, whole, target);
    readout.update({
      probability: now.probability,
      reference: now.whole,
      caption: target < 0 ? "" : `${name(target)}, on the shown part`,
      explained: target,
      bars: barsOf(answer, whole, target).map((row) => ({
        index: row.index,
        name: name(row.index),
        probability: row.probability,
        reference: row.whole,
      })),
      rows: Math.min(5, model.get("labels").length || 5),
      wait: waiting.wait,
    });
    trust.update(model.get("trust"), state === "running" && model.get("measures"));
    root.dataset.state = state;
    setAttribute(root, "data-answered", current && "1");

    if (!asked) return;
    let words = "";
    if (current && answer)
      words = spokenAnswer(name(target), answer.probability, shownCount(mask), mask.length);
    else if (waiting.wait === "silent") words = SILENT;
    if (words === "" || words === said) return;
    said = words;
    setText(live, words);
  };

  const draw = () => {
    drawHead();
    drawStage();
    drawAnswer();
    stage.repaint();
  };
  const refresh = oncePerMessage(scope, draw);

  // ---- what comes from the model

  scope.listen(model, DRAWN, refresh);
  scope.listen(model, ["answer"], () => {
    waiting.alive();
    refresh();
  });
  scope.listen(model, ["cursor"], () => {
    lookAt(model.get("cursor")[0]);
  });
  followPicture(scope, model, {
    opened(picture) {
      ready = false;
      replayed = null;
      setAttribute(root, "data-ready", false);
      stage.setRegions(null);
      editor.open(picture);
    },
    measured(regions) {
      ready = true;
      stage.setRegions(regions);
      refresh();
    },
    decoded(picture, hidden) {
      stage.setPictures(picture, hidden);
      refresh();
    },
    broken(what) {
      broken = what;
      refresh();
    },
  });

  el.append(root);
  scope.defer(() => root.remove());
  followTheme(scope, root, stage.restyle);
  draw();
  return scope.end;
}

export default { render };
