/**
 * The frame that all views stand in. A view declares itself; its index.ts is
 *
 *   export default defineView({
 *     name: "pareto",                        // root: .cfw-pareto, data-testid="cfw-pareto"
 *     label: "Plausible counterfactuals",    // what the root is called
 *     traits,                                // the table in traits.ts: the shared `runTraits` and the view's own
 *     followed: ["chosen"],                  // traits whose change alone draws nothing: parts follow them by `listen`
 *     alive: ["answer"],                     // traits whose change shows that the kernel is alive (see `waiting`)
 *     build(frame) {                         // makes the parts once, and says how they are drawn
 *       const stage = createStage(frame);
 *       return {
 *         question: ["Why this?"], body: [stage.element, frame.trust, frame.notes],
 *         status: () => ({ help: HELP, kept: "" }),
 *         picture: { there: () => stage.full, later: "the image will be here" },
 *         draw: [drawStage, drawStrip],      // after each message that changes a trait, and by `frame.refresh()`
 *         paint,                             // with the next frame: after `draw`, and by `frame.repaint()`
 *         keys: (event) => event.key === "Escape" && undo(),
 *       };
 *     },
 *   });
 *
 * The frame does the rest. It has the head (question, state, time left, counts, progress, error, help, Stop and Resume),
 * the caveats below it, places for `placeholder`, `trust` and `notes` that the view puts where they belong and the frame
 * fills, the live region (`say`), the fence around the keys, the theme (`data-cfw-theme`, `palette`), the size, the end.
 * Where there is no kernel any more it says so, with the view's `alone`, and disables what has the attribute `data-asks`;
 * in an exported page that answers some questions, the others.
 * Nothing lives outside of `build`; what must end with the view is registered with `frame.scope`. A function of `draw`,
 * `paint` or a listener that throws is told in the head and does not keep the others from their work.
 *
 * `draw` is for what comes from the kernel, `paint` for what follows the hand. Parts take the frame, or of it what they
 * need; state that several share is an object of its own (see pareto/front.ts), not variables of `build`. The style.css
 * of a view imports shared/frame.css, and the build nests all of it under the root.
 */
import type { AnyModel } from "@anywidget/types";
import { h, setText } from "./dom";
import { createFaults } from "./faults";
import { followSize } from "./fit";
import { createHead } from "./head";
import { followKernel } from "./kernel";
import { fenceKeys } from "./keys";
import { atOnce, oncePerMessage, withNextFrame } from "./redraw";
import { createReport, type PictureState, type Status } from "./report";
import { createScope, type Scope } from "./scope";
import { createPalette, followTheme, type Palette } from "./theme";
import type { RunTraits, runTraits } from "./traits";
import { createWaiting, type Waiting } from "./waiting";
import { readTraits, type Table, type TraitsOf } from "./wire";

export type ViewTable = Table & typeof runTraits;

export interface ViewDefinition<T extends ViewTable> {
  name: string;
  label: string;
  traits: T;
  /** What still works, and what does not, where there is no kernel any more. */
  alone: string;
  followed?: readonly (keyof T & string)[];
  alive?: readonly (keyof T & string)[];
  /** What stands in the place of the measures of trust while the run goes on. */
  trustLater?: string;
  /** Paint at once, not with the next frame: what follows the pointer is then one frame earlier on the page. */
  eager?: boolean;
  build(frame: Frame<T>): Parts;
}

/** What a view is made of. */
export interface Parts {
  question: readonly (Node | string)[];
  body: readonly Node[];
  status(): Status;
  picture?: PictureState;
  draw: readonly (() => void)[];
  paint?(): void;
  /** A key in the view, also one that a part has seen before; true if the view has used it. */
  keys?(event: KeyboardEvent): boolean;
  /** The view has another size, or the screen another pixel ratio. It is drawn anew afterwards. */
  resized?(): void;
  /** The theme has changed. The view is drawn anew afterwards. */
  themed?(): void;
}

export interface Frame<T extends ViewTable> {
  readonly scope: Scope;
  readonly root: HTMLElement;
  /** The traits as they are now: guarded, and the same object until a trait changes. */
  readonly traits: Readonly<TraitsOf<T>>;
  readonly palette: Palette;
  /** Whether an answer is outstanding, and for how long: `waiting.update(outstanding)` belongs into `draw` or `paint`. */
  readonly waiting: Waiting;
  readonly placeholder: HTMLElement;
  readonly trust: HTMLElement;
  readonly notes: HTMLElement;
  /** Whether words stand in the place of the picture. */
  readonly absent: boolean;
  /** Sets traits for the other views and charts of this page; the kernel does not hear of it before the next `save`. */
  set(values: Partial<TraitsOf<T>>): void;
  /** Sets traits and tells the kernel. */
  save(values: Partial<TraitsOf<T>>): void;
  /** Sends the kernel a message that is no trait. */
  send(content: object): void;
  /** Calls back with each message of the kernel that is no trait, and the bytes that came with it. */
  receive(came: (content: unknown, buffers: readonly DataView[]) => void): void;
  /** Whether there is no kernel any more. */
  readonly gone: boolean;
  /** Calls back when one of the traits has changed. */
  listen(names: readonly (keyof T & string)[], changed: () => void): void;
  /** Draws the view once, after the message that is being handled, and paints it. */
  refresh(): void;
  /** Paints the view once, with the next frame. */
  repaint(): void;
  /** For the ear. */
  say(words: string): void;
  /** An input came at this time: `data-latency` says how long it took until the next painting, in ms. */
  clock(since: number): void;
}

export interface RenderOptions<T extends Table> {
  model: AnyModel<TraitsOf<T>>;
  el: HTMLElement;
  /** Not from older hosts. */
  signal?: AbortSignal;
}

/** Makes the front end of a widget: the default export of a view's index.ts. */
export function defineView<T extends ViewTable>(definition: ViewDefinition<T>) {
  return { render: (options: RenderOptions<T>) => render(definition, options) };
}

/** Milliseconds after which a run that goes on should have been heard of, else the kernel is told how far it seems. */
const SILENCE = 2000;

function render<T extends ViewTable>(definition: ViewDefinition<T>, options: RenderOptions<T>): () => void {
  const { name, label, traits: table, followed = [], alive = [], eager } = definition;
  const { model, el } = options;
  const scope = createScope(options.signal);
  const sent = readTraits(model, table);
  const live = h("div.live", { "aria-live": "polite", role: "status" });
  const root = h(`section.${name}`, {
    "data-testid": `cfw-${name}`,
    "data-lm-suppress-shortcuts": "true",
    "aria-label": label,
  });
  const kernel = followKernel(scope, root, model, () => refresh());
  const traits: typeof sent = Object.create(sent, {
    // Without a kernel nothing runs any more.
    state: { get: () => (sent.state === "running" && kernel.gone() ? "stopped" : sent.state) },
  });
  const alone = h("p.alone", kernel.alone(definition.alone));
  const palette = createPalette(root);
  const run = traits as Readonly<RunTraits>;
  const report = createReport(run, definition.trustLater);
  const faults = createFaults(() => drawReport());
  let parts: Parts = { question: [label], body: [], draw: [], status: () => ({ help: "", kept: "" }) };
  let head: ReturnType<typeof createHead> | undefined;
  let asked = 0;

  const ask = () => report.ask(parts.status(), parts.picture);
  const drawReport = () => {
    report.draw();
    head?.update(report.status, report.error(faults.words()), kernel.answers("run"));
    root.dataset.state = run.state;
    alone.hidden = !kernel.gone();
    kernel.draw();
  };
  const paint = () => {
    parts.paint?.();
    kernel.draw();
    if (asked > 0) root.dataset.latency = (performance.now() - asked).toFixed(1);
    asked = 0;
  };
  const repaint = (eager ? atOnce : withNextFrame)(scope, () => faults.run(paint));
  const draw = () => {
    for (const part of [...parts.draw, ask, drawReport]) faults.run(part);
    repaint();
  };
  const refresh = oncePerMessage(scope, draw);
  const waiting = createWaiting(scope, refresh, kernel);

  const frame: Frame<T> = {
    ...{ scope, root, traits, palette, waiting, refresh, repaint },
    ...{ placeholder: report.placeholder, trust: report.trust, notes: report.notes },
    get absent() {
      return report.insteadOf(parts.picture) !== "";
    },
    set(values) {
      for (const [key, value] of Object.entries(values)) model.set(key, value as never);
    },
    save(values) {
      frame.set(values);
      model.save_changes();
    },
    send: (content) => model.send(content),
    receive(came) {
      const listen = (content: unknown, buffers: DataView[]) => faults.run(() => came(content, buffers));
      model.on("msg:custom", listen);
      scope.defer(() => model.off("msg:custom", listen));
    },
    get gone() {
      return kernel.gone();
    },
    listen: (names, changed) => scope.listen(model, names, () => faults.run(changed)),
    say: (words) => setText(live, words),
    clock(since) {
      asked = since;
    },
  };
  faults.run(() => {
    parts = definition.build(frame);
  });
  head = createHead(scope, run, parts.question, (kind) => model.send({ kind }));
  root.append(head.element, alone, report.caveats, h("div.body", ...parts.body), live);
  fenceKeys(scope, root, (event) => parts.keys?.(event) ?? false);
  const loud = Object.keys(table).filter((trait) => !followed.includes(trait));
  frame.listen(loud, refresh);
  frame.listen(alive, () => waiting.alive());

  el.append(root);
  scope.defer(() => root.remove());
  const tellSize = () => parts.resized?.();
  const tellTheme = () => parts.themed?.();
  const lookAtTheme = followTheme(scope, root, () => {
    palette.forget();
    faults.run(tellTheme);
    refresh();
  });
  followSize(scope, root, () => {
    lookAtTheme();
    faults.run(tellSize);
    refresh();
  });
  draw();
  if (run.state === "running") {
    // What came while the host was still making the view is lost. Where nothing follows, that was the end of the run.
    const quiet = setTimeout(() => model.send({ kind: "shown", progress: run.progress }), SILENCE);
    const heard = () => clearTimeout(quiet);
    scope.defer(heard);
    frame.listen(["progress"], heard);
  }
  return scope.end;
}
