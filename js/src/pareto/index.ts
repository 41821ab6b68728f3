/** The view of plausible counterfactuals: a front of believable edits to walk through, and to change by hand. */
import type { AnyModel } from "@anywidget/types";
import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import { createHead } from "../shared/head";
import { packOpener } from "../shared/pack";
import { oncePerMessage, withNextFrame } from "../shared/redraw";
import { createScope } from "../shared/scope";
import { type Colour, colours, followTheme } from "../shared/theme";
import { Tiles } from "../shared/tiles";
import { createTrust } from "../shared/trust";
import { Waiting } from "../shared/waiting";
import { createChanges } from "./changes";
import { letPointsBeClicked } from "./charts";
import { createImportance } from "./importance";
import { Picture } from "./picture";
import { createQuestion } from "./question";
import { inRegions, lookAt } from "./region";
import { type Against, createStage, type StagePicture } from "./stage";
import { createStrip } from "./strip";
import type { Member, Traits } from "./traits";
import { readTraits } from "./wire";
import * as words from "./words";

const SPANS = [
  ["across_0", "up_0"],
  ["across_1", "up_1"],
  ["across_2", "up_2"],
] as const;

/** Traits on which the whole view depends; the others are followed where they are read. */
const DRAWN: (keyof Traits)[] = [
  ...(["tiles", "members", "deltas", "crossing", "names", "attributes", "frozen", "reach", "model"] as const),
  ...(["labels", "original_class", "before", "repainted_p", "repainted_label", "size"] as const),
  ...(["importance", "trust", "state", "activity", "progress", "counts", "notes", "error"] as const),
];

interface RenderOptions {
  model: AnyModel<Traits>;
  el: HTMLElement;
  /** Not from older hosts. */
  signal?: AbortSignal;
}

function render({ model, el, signal }: RenderOptions): () => void {
  const scope = createScope(signal);
  const traits = readTraits(model);
  let members: Member[] = [];
  let names: string[] = [];
  /** The places that the brushes leave; null where nothing is brushed. */
  let brushed: number[] | null = null;
  /** The changes of the counterfactual that was chosen: a newer front has it at another place. */
  let followed: number[] | null = null;
  let front: unknown;
  /** The answer to what was edited before: not to what is edited now. */
  let past: unknown;
  let against: Against = "image";
  /** When another counterfactual was asked for, until it is painted: then 0. */
  let asked = 0;

  const original = () => traits.labels()[traits.originalClass()] ?? "";
  /** The counterfactual that is shown; -1 while there is none. */
  const shown = () => {
    const chosen = traits.chosen();
    if (chosen >= 0 && chosen < members.length) return chosen;
    const crossing = traits.crossing();
    if (crossing >= 0 && crossing < members.length) return crossing;
    return lookAt(members);
  };
  const describe = (place: number) =>
    words.spoken(
      place,
      members,
      original(),
      place === traits.crossing(),
      words.changes(names, traits.deltas(place)),
    );

  // ---- what the hand does

  const save = (values: Partial<Traits>) => {
    for (const [key, value] of Object.entries(values)) model.set(key as keyof Traits, value as never);
    model.save_changes();
  };
  /** `aloud` where no focus tells it. */
  const choose = (place: number, since: number, aloud = true) => {
    asked = place === traits.chosen() ? 0 : since;
    save({ chosen: place, ...(traits.edit().length > 0 ? { edit: [] } : {}) });
    if (aloud && shown() >= 0) setText(live, describe(shown()));
  };
  const change = (index: number, value: number) => {
    const now = traits.edit();
    if (now.length === 0) past = model.get("edited");
    const place = shown();
    const next = now.length > 0 ? now : traits.deltas(place);
    // What was found may lie a rounding error outside.
    const reach = traits.reach();
    const edit = next.map((old, i) => Math.min(reach, Math.max(-reach, i === index ? value : old)));
    // What is edited stays what it is, also if something better is found meanwhile.
    save({ chosen: place, edit });
  };
  const undo = () => save({ edit: [] });
  const showAll = () => {
    for (const key of SPANS.flat()) if (model.get(key) != null) model.set(key, null);
    refresh();
  };

  // ---- the parts

  const question = createQuestion();
  const head = createHead(scope, [question.element], (kind) => model.send({ kind }));
  const stage = createStage(
    scope,
    () => repaint(),
    (next) => {
      against = next;
      repaint();
    },
  );
  const strip = createStrip(scope, (place, { timeStamp }) => choose(place, timeStamp, false));
  const stripWords = h("span", { class: "cfw-muted cfw-number" });
  const all = createButton(scope, "clear what is brushed in the charts", showAll, "show all");
  const best = createButton(
    scope,
    words.BEST_PICK,
    () => choose(-1, performance.now()),
    `${words.MARKS.best} best pick`,
  );
  const order = h("span", { class: "cfw-muted cfw-film-key" });
  const notes = h("p", { class: "cfw-notes" });
  const empty = h("p", { class: "cfw-muted cfw-film-empty" });
  const film = h(
    "div",
    { class: "cfw-film-box" },
    h(
      "div",
      { class: "cfw-film-head" },
      h("span", { class: "cfw-heading" }, "The front"),
      stripWords,
      order,
      all,
      best,
    ),
    notes,
    strip.element,
    empty,
  );
  const changes = createChanges(scope, change, undo);
  const importance = createImportance();
  const trust = createTrust("measured when the first front is here");
  const live = h("div", { class: "cfw-live", "aria-live": "polite", role: "status" });
  const root = h(
    "section",
    {
      class: "cfw-root cfw-sentence cfw-pareto",
      "data-testid": "cfw-pareto",
      "data-lm-suppress-shortcuts": "true",
      "aria-label": "Plausible counterfactuals",
    },
    head.element,
    h(
      "div",
      { class: "cfw-body" },
      stage.element,
      film,
      changes.element,
      h("div", { class: "cfw-more" }, importance.element, trust.element),
    ),
    live,
  );
  root.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key !== "Escape") {
        // Notebooks bind plain keys, and the arrows, in command mode.
        event.stopPropagation();
        return;
      }
      if (traits.edit().length > 0) undo();
      else if (brushed !== null) showAll();
      else return;
      event.stopPropagation();
      event.preventDefault();
    },
    { signal: scope.signal },
  );
  const charts = letPointsBeClicked(scope);

  // ---- drawing what is now

  let signed: Colour[] = [];
  const waiting = new Waiting(() => repaint());
  const before = new Picture(() => refresh());
  const anew = new Picture(() => repaint());
  const edited = new Picture(() => repaint());
  const openTiles = packOpener();
  const tiles = new Tiles(() => refresh());
  for (const part of [waiting, before, anew, edited, tiles]) scope.defer(() => part.end());
  let unread = "";

  const instead = () => {
    if (before.bitmap) return "";
    if (before.failed) return "the browser cannot decode the image";
    return traits.text("error") || words.NO_PICTURE;
  };
  const drawHead = () => {
    const state = traits.state();
    question.update(traits.text("model"), traits.labels(), traits.originalClass());
    head.update({
      state,
      activity: traits.text("activity"),
      continuable: state === "stopped" || state === "failed",
      kept: words.kept(state, members.length),
      counts: traits.text("counts"),
      progress: traits.progress(),
      error: instead() === "" ? traits.text("error") : "",
      help: words.HELP,
    });
    root.dataset.state = state;
  };
  const leftPicture = (): StagePicture => {
    const label = original();
    if (against === "image") {
      const p = traits.before();
      const verdict = label && p !== null ? `${words.MARKS.stays} says ${label}` : "";
      return { bitmap: before.bitmap, title: "the image", p, flips: false, verdict, second: "" };
    }
    const [p, said] = [traits.repaintedP(), traits.text("repainted_label")];
    const verdict = p === null ? "" : words.verdict(said !== label, said);
    return { bitmap: anew.bitmap, title: "painted anew", p, flips: said !== label, verdict, second: "" };
  };
  const rightPicture = (place: number, current: boolean): StagePicture => {
    const secondly = (said: string | null) => (said === null ? "" : words.second(said, original()));
    const answer = traits.edited();
    const member = members[place];
    if (traits.edit().length > 0 && answer && (current || model.get("edited") !== past))
      return {
        ...{ bitmap: edited.bitmap ?? tiles.at(place), p: answer.p, flips: answer.flips },
        title: "changed by hand",
        verdict: words.verdict(answer.flips, answer.top[0]?.[0] ?? ""),
        second: secondly(answer.second),
      };
    if (!member)
      return { bitmap: null, title: "the counterfactual", p: null, verdict: "", flips: false, second: "" };
    return {
      ...{ bitmap: tiles.at(place), p: member.p, flips: member.flips },
      title: words.title(place, members, place === traits.crossing(), place === lookAt(members)),
      verdict: words.verdict(member.flips, member.label),
      second: secondly(member.second),
    };
  };

  /** What goes with the counterfactual that is looked at. */
  const paint = () => {
    const place = shown();
    const edit = traits.edit();
    const answer = traits.edited();
    const current =
      edit.length === 0 || (answer !== null && edit.every((value, i) => value === answer.deltas[i]));
    if (current) waiting.end();
    else waiting.begin();
    if (signed.length === 0) signed = colours(root, "--cfw-signed");
    stage.update({
      ...{ left: leftPicture(), against },
      right: rightPicture(place, current),
      original: original(),
      size: traits.size(),
      room: stage.element.clientWidth || 540,
      signed,
      words: instead(),
      failed: before.failed || traits.text("error") !== "",
      stale: !current,
      coming: members.length > 0 && tiles.failed === 0,
      waiting: waiting.wait === "silent" ? words.SILENT : waiting.wait === "asking" ? words.ASKING : "",
    });
    strip.mark(place);
    changes.update({
      ...{ names, attributes: traits.attributes(), frozen: traits.frozen(), reach: traits.reach() },
      deltas: edit.length > 0 ? edit : traits.deltas(place),
      edited: edit.length > 0,
      enabled: members.length > 0,
    });
    root.dataset.shown = String(place);
    setAttribute(root, "data-edit", edit.length === 0 ? "none" : current ? "answered" : "asking");
    setAttribute(root, "data-ready", tiles.at(place) !== null && "1");
    tell(place);
    if (current && answer && edit.length > 0)
      setText(live, words.answered(answer.p, answer.flips, answer.top[0]?.[0] ?? "", original()));
    if (asked > 0) {
      const since = asked;
      asked = 0;
      // The frame that shows it.
      requestAnimationFrame(() => {
        root.dataset.latency = (performance.now() - since).toFixed(1);
      });
    }
  };
  const repaint = withNextFrame(scope, paint);
  const drawStrip = () => {
    const places = brushed && brushed.length > 0 ? brushed : members.map((_, place) => place);
    strip.update(
      places.map((place) => ({
        ...{ place, bitmap: tiles.at(place), p: members[place]!.p, flips: members[place]!.flips },
        best: place === traits.crossing(),
        label: describe(place),
      })),
      traits.size(),
    );
    const running = traits.state() === "running" || traits.state() === "empty";
    setText(empty, unread || (members.length > 0 ? "" : running ? words.NOTHING_YET : words.NONE_FOUND));
    empty.hidden = empty.textContent === "";
    strip.element.classList.toggle("cfw-film-waiting", members.length === 0);
    setText(
      stripWords,
      members.length > 0 ? words.stripWords(brushed?.length ?? 0, members.length, brushed !== null) : "",
    );
    setText(
      order,
      members.length > 0
        ? `${words.MARKS.stays} stays ${words.quoted(original())} · ${words.MARKS.flips} flips`
        : "",
    );
    all.hidden = brushed === null;
    best.hidden = traits.crossing() < 0;
    setText(notes, traits.text("notes"));
    notes.hidden = notes.textContent === "";
  };
  const draw = () => {
    members = traits.members();
    names = traits.names();
    const { pack, wrong } = openTiles(model.get("tiles"));
    tiles.open(pack, [shown()]);
    unread = wrong ? `The pictures cannot be read: ${wrong}.` : words.undecoded(tiles.failed);
    follow();
    brush();
    drawHead();
    drawStrip();
    const running = traits.state() === "running";
    importance.update(traits.importance(), original(), running ? "measured when the search has ended" : "");
    trust.update(traits.trust(), running);
    paint();
  };
  const refresh = oncePerMessage(scope, draw);

  // ---- the charts, which are linked in the browser

  const tell = (place: number) => {
    if (traits.marked() !== place) model.set("cursor", place < 0 ? null : [place]);
  };
  const regions = () =>
    inRegions(
      members,
      SPANS.map(([across, up]) => {
        const [one, two] = [traits.span(across), traits.span(up)];
        return one && two && [one, two];
      }),
    );
  /** Also another front has other places in the brushed region. */
  const brush = () => {
    brushed = regions();
    const next = brushed ?? [];
    if (next.join() !== traits.brushed().join()) save({ brushed: next });
  };
  /** Stays with what was chosen. */
  const follow = () => {
    const now = model.get("deltas");
    if (now !== front && followed) {
      const place = traits.nearest(followed, members.length);
      if (place !== traits.chosen()) save({ chosen: place });
    }
    front = now;
    followed = traits.chosen() < 0 ? null : traits.deltas(traits.chosen());
  };
  scope.listen(model, ["cursor"], () => {
    if (traits.marked() === shown()) return;
    const picked = charts.clicking() && traits.picked() ? traits.marked() : -1;
    if (picked >= 0 && picked < members.length) choose(picked, performance.now());
    // An echo of what was told before: what is shown is told again.
    else repaint();
  });

  // ---- what comes from the model

  scope.listen(model, [...DRAWN, ...SPANS.flat()], refresh);
  scope.listen(
    model,
    ["chosen", "edit"],
    oncePerMessage(scope, () => {
      // With another front it is drawn in full.
      if (model.get("deltas") === front) {
        follow();
        paint();
      }
    }),
  );
  scope.listen(model, ["progress", "members", "edited"], () => waiting.alive());
  scope.listen(model, ["original"], () => void before.read(model.get("original")));
  scope.listen(model, ["repainted"], () => void anew.read(model.get("repainted")));
  scope.listen(model, ["edited"], () => {
    void edited.read(traits.edited()?.picture);
    repaint();
  });
  void before.read(model.get("original"));
  void anew.read(model.get("repainted"));
  void edited.read(traits.edited()?.picture);

  el.append(root);
  scope.defer(() => root.remove());
  const size = new ResizeObserver(() => {
    repaint();
    strip.reveal();
  });
  size.observe(root);
  scope.defer(() => size.disconnect());
  followTheme(scope, root, () => {
    signed = [];
    refresh();
  });
  draw();
  return scope.end;
}

export default { render };
