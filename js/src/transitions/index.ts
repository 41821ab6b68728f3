/** The transition view: what separates the class that an image is read as from the one that it should be. */
import type { AnyModel } from "@anywidget/types";
import { h, setAttribute, setText } from "../shared/dom";
import { followRatio } from "../shared/fit";
import { count, probability } from "../shared/format";
import { createHead } from "../shared/head";
import { packOpener } from "../shared/pack";
import { createPicker } from "../shared/picker";
import { oncePerMessage, withNextFrame } from "../shared/redraw";
import { createScope } from "../shared/scope";
import { followTheme } from "../shared/theme";
import { createTrust } from "../shared/trust";
import { Waiting } from "../shared/waiting";
import { strongestCells } from "./cells";
import type { Layers } from "./composer";
import { createConfidence } from "./confidence";
import { Frames, type Source } from "./frames";
import { createGallery } from "./gallery";
import { followImage } from "./image";
import { keyOf } from "./keys";
import { legendOf } from "./legend";
import { createWorkshop } from "./miniature";
import { createOriginal } from "./original";
import type { Mode, StagePalette } from "./painter";
import { readPalette } from "./palette";
import { calledAt, nearestEntry, type Path, valueAt } from "./path";
import { Phase } from "./phase";
import { Player } from "./player";
import { createQuestion } from "./question";
import { rowOf } from "./rows";
import { createStage } from "./stage";
import { createStrip } from "./strip";
import type { Ends, Traits } from "./traits";
import { followTransition } from "./transition";
import { createTransport } from "./transport";
import { createViews } from "./views";
import { readTraits } from "./wire";
import * as words from "./words";

/** Traits that are only drawn; the others are followed where they are read. */
const DRAWN: (keyof Traits)[] = [
  "labels",
  "predicted",
  "wrong",
  "correct",
  "whole",
  "gallery",
  "gallery_tiles",
  "gallery_maps",
  "gallery_scale",
  "picked",
  "following",
  "best",
  "answer",
  "trust",
  "measures",
  "state",
  "activity",
  "progress",
  "counts",
  "notes",
  "error",
];

/** Of decoded frames, in bytes. */
const MEMORY = 48e6;
/** Keys have come to rest after this time, in ms. */
const REST = 350;

interface RenderOptions {
  model: AnyModel<Traits>;
  el: HTMLElement;
  /** Not from older hosts. */
  signal?: AbortSignal;
}

function render({ model, el, signal }: RenderOptions): () => void {
  const scope = createScope(signal);
  const traits = readTraits(model);
  let mode: Mode = "overlay";
  /** The map of the wrong class (0) or of the correct one (1). */
  let which = 0;
  let path: Path | null = null;
  let source: Source | null = null;
  let image: Layers | null = null;
  /** What cannot be read. */
  const broken = { image: "", path: "" };

  const name = (index: number) => traits.labels()[index] ?? (index < 0 ? "…" : `class ${index}`);
  const sides = () => [traits.class("wrong"), traits.class("correct")] as const;
  /** The phase looked at, on the path that there is. */
  const place = () =>
    Math.min(Math.max(0, Math.round(phase.value) || 0), Math.max(0, (path?.phases ?? 1) - 1));

  // ---- moving along the path

  /** When the last input came; and when the last one that moved, until its frame is painted: then 0. */
  let input = 0;
  let asked = 0;
  /** Whether nothing was painted since. */
  let unanswered = false;
  const frames = new Frames(MEMORY, () => repaint());
  scope.defer(() => frames.end());
  const phase = new Phase(model, scope, () => {
    frames.seek(place());
    repaint();
  });
  const player = new Player(
    scope,
    () => path?.phases ?? 0,
    (to) => phase.play(to),
    () => {
      if (!player.playing) rest();
      repaint();
    },
  );
  let resting: ReturnType<typeof setTimeout> | undefined;
  scope.defer(() => clearTimeout(resting));
  const rest = () => {
    clearTimeout(resting);
    phase.rest();
    if (path) setText(live, words.spokenPhase(place(), confidences()));
  };
  const goTo = (to: number) => {
    clearTimeout(resting);
    player.pause();
    if (to !== phase.value) {
      asked = input;
      unanswered = true;
    }
    phase.move(to);
  };
  /** By a key or a button: nothing says when that has ended. */
  const jump = (to: number) => {
    if (!path) return;
    goTo(to);
    resting = setTimeout(rest, REST);
  };
  const toFlip = () => {
    if (path && path.flip !== null) jump(path.flip);
  };
  const toggle = () => (player.playing ? player.pause() : player.play(place()));

  // ---- the parts, and what they do

  const choose = (correct: number) => {
    if (correct === model.get("correct")) return;
    model.set("correct", correct);
    model.save_changes();
  };
  const pick = (id: number, right: boolean) => {
    const ends = traits.ends();
    const beside = traits.gallery().find((candidate) => candidate.right !== right)?.id;
    const other = ends[right ? 0 : 1] ?? beside;
    if (other === undefined) {
      setText(live, "the other row is still empty");
      return;
    }
    const next: Ends = right ? [other, id] : [id, other];
    if (!model.get("following") && next.join() === ends.join()) return;
    model.set("picked", next);
    model.set("following", false);
    model.save_changes();
  };
  const follow = () => {
    if (model.get("following")) return;
    model.set("following", true);
    model.save_changes();
  };

  const picker = createPicker(scope, {
    labels: traits.labels,
    name,
    title: "ask about another class",
    suggestions: () =>
      traits
        .whole()
        .filter(([index]) => index !== model.get("wrong"))
        .slice(0, 8)
        .map(([index, p]) => ({ index, note: probability(p) })),
    chosen: choose,
  });
  const question = createQuestion(picker.element);
  const head = createHead(scope, [question.element], (kind) => model.send({ kind }));
  const stage = createStage(scope, () => repaint());
  const transport = createTransport(scope, {
    scrub: goTo,
    release: rest,
    toggle,
    flip: toFlip,
    setSpeed(speed) {
      player.speed = speed;
      repaint();
    },
    setLoop(loop) {
      player.loop = loop;
      repaint();
    },
  });
  const views = createViews(
    scope,
    (chosen) => {
      mode = chosen;
      refresh();
    },
    (chosen) => {
      which = chosen;
      refresh();
    },
  );
  let palette: StagePalette | null = null;
  /** A view that is not on the page yet has no colours. */
  const colours = () => {
    if (!palette && root.isConnected) {
      palette = readPalette(root);
      queueMicrotask(redrawMiniatures);
    }
    return palette ?? readPalette(root);
  };
  const workshop = createWorkshop(scope.signal, traits.size, colours);
  const strip = createStrip(scope, workshop, jump);
  const gallery = createGallery(scope, workshop, pick, follow);
  const original = createOriginal(name);
  const confidence = createConfidence();
  const trust = createTrust();
  const line = h("div.cfw-line.cfw-muted.cfw-number");
  const notes = h("p.cfw-notes.cfw-muted");
  const live = h("div.cfw-live", { "aria-live": "polite", role: "status" });
  const root = h(
    "section.cfw-root.cfw-transitions",
    {
      "data-testid": "cfw-transitions",
      "data-lm-suppress-shortcuts": "true",
      "aria-label": "Transition explorer",
    },
    head.element,
    h(
      "div.cfw-body",
      h("div.cfw-left", stage.element, transport.slider, transport.buttons, views.modes, views.maps, line),
      h("div.cfw-side", original.element, confidence.element, trust.element),
      strip.element,
      h("div.cfw-candidates", gallery.element, notes),
    ),
    live,
  );
  scope.on(root, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape") return;
    // Notebooks bind plain keys, and the arrows, in command mode.
    event.stopPropagation();
    const target = event.composedPath()[0];
    const onSlider = target === transport.input;
    if (event.defaultPrevented || (target instanceof HTMLInputElement && !onSlider)) return;
    if (target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return;
    const key = path && keyOf(event, place(), path.phases, onSlider);
    if (!key) return;
    event.preventDefault();
    if (key === "flip") toFlip();
    else if (key !== "play") jump(key.to);
    else if (!event.repeat) toggle();
  });
  for (const type of ["input", "click", "keydown"])
    root.addEventListener(
      type,
      (event) => {
        input = event.timeStamp;
      },
      { capture: true, signal: scope.signal },
    );
  // The keys work where one has clicked.
  stage.canvas.addEventListener("click", () => transport.input.focus({ preventScroll: true }), {
    signal: scope.signal,
  });

  // ---- drawing what is now

  const waiting = new Waiting(() => refresh());
  scope.defer(() => waiting.end());
  const [openTiles, openTileMaps] = [packOpener(), packOpener()];

  const confidences = () => {
    const [wrong, correct] = sides();
    const now = place();
    return [
      [name(wrong), path && valueAt(path, path.wrong, now)],
      [name(correct), path && valueAt(path, path.correct, now)],
    ] as const;
  };
  /** What stands where the picture would be. */
  const instead = () => {
    if (source || image) return "";
    return (
      traits.text("error") ||
      broken.image ||
      broken.path ||
      traits.text("activity") ||
      "the image will be here"
    );
  };
  const drawHead = () => {
    const [wrong, correct] = sides();
    picker.update(name(correct));
    question.update({ predicted: traits.class("predicted"), wrong, correct, name });
    const state = model.get("state");
    head.update({
      state,
      activity: traits.text("activity"),
      continuable: state === "stopped" || state === "failed",
      kept: words.kept(state, traits.best()),
      counts: traits.text("counts"),
      progress: model.get("progress") || 0,
      error: instead() === "" ? traits.text("error") : "",
      help: words.HELP,
    });
    root.dataset.state = state;
  };

  const missing = () => {
    const none = new Set<Mode>();
    const maps = source ? source.maps : image?.maps;
    if (!maps) none.add("side by side");
    if (!maps) none.add("overlay");
    if (!source || !image) none.add("difference");
    if (!source || strongestCells(traits.answer()).length === 0) none.add("where");
    return none;
  };
  /** What there is to say of the path. */
  const lineWords = () => {
    const wrong = broken.path || broken.image;
    if (wrong) return wrong;
    if (path && frames.failed(place())) return `the browser cannot decode the frame of phase ${place()}`;
    if (waiting.wait === "silent") return words.SILENT;
    if (waiting.wait === "asking") return words.WAITING_FOR_PATH;
    if (!path) return model.get("state") === "running" ? words.NO_PATH : "";
    if (path.at.length < path.phases)
      return `${count(path.at.length)} of ${count(path.phases)} frames so far, the others are to come`;
    if (path.flip === null) return "the decision does not flip on this path";
    return `the decision flips at phase ${path.flip}`;
  };
  const drawLine = () => {
    const text = lineWords();
    setText(line, text);
    setAttribute(line, "title", text !== "" && text);
  };
  const drawStage = () => {
    const none = missing();
    const [wrong, correct] = sides();
    const shown = none.has(mode) ? "plain" : mode;
    views.update({
      ...{ mode, which, missing: none },
      names: [name(wrong), name(correct)],
      maps: shown === "overlay" || shown === "side by side",
      legend: instead() === "" ? legendOf(shown, path?.scale, traits.answer()) : null,
    });
    const [width, height] = traits.size();
    if (width > 0) stage.setSize(width, height);
    for (const part of [original, confidence])
      part.element.classList.toggle("cfw-invisible", !image && wrong < 0);
    original.update(traits.class("predicted"), traits.whole(), wrong, correct);
    root.dataset.mode = mode;
    root.dataset.path = path ? (path.at.length < path.phases ? "coarse" : "full") : "";
    root.dataset.flip = path && path.flip !== null ? String(path.flip) : "";
    const kind = shown === "overlay" || shown === "side by side" ? "overlay" : "plain";
    original.paint(image, kind, which, traits.size(), colours());
  };
  const drawStrip = () => {
    const at = source?.at ?? [];
    strip.update(
      (source ? (path?.strip ?? []) : []).map((typical) => {
        const entry = nearestEntry(at, typical);
        const called = path ? calledAt(path, typical) : -1;
        return {
          phase: typical,
          content: {
            picture: source?.frames.blob(entry) ?? null,
            map: source?.maps?.blob(entry) ?? null,
            ...{ maps: 2, which },
          },
          label: `go to phase ${typical}, called ${name(called)}`,
        };
      }),
    );
  };
  const drawGallery = () => {
    const all = traits.gallery();
    const [tiles, maps] = [openTiles(model.get("gallery_tiles")), openTileMaps(model.get("gallery_maps"))];
    const [wrong, correct] = sides();
    const running = model.get("state") === "running";
    const candidates = { all, tiles: tiles.pack, maps: maps.pack, ends: traits.ends(), running, name };
    const unread = tiles.wrong || maps.wrong;
    const scale = model.get("gallery_scale");
    let about = "";
    if (unread) about = `the candidates’ pictures cannot be read: ${unread}`;
    else if (all.length === 0) about = words.noCandidates(model.get("state"));
    else if (maps.pack && scale > 0) about = words.galleryLegend(scale);
    gallery.update({
      rows: [rowOf(candidates, false, wrong), rowOf(candidates, true, correct)],
      words: about,
      known: wrong >= 0 && correct >= 0,
      following: Boolean(model.get("following")),
      enabled: traits.best().length > 0,
    });
    setText(notes, traits.text("notes"));
    notes.hidden = notes.textContent === "";
  };
  const drawWaiting = () => {
    const ends = traits.ends();
    const running = model.get("state") === "running";
    // While the search moves the ends, nobody has asked.
    const outstanding =
      ends.length > 0 && path?.ends.join() !== ends.join() && !(running && model.get("following"));
    if (outstanding) waiting.begin();
    else waiting.end();
    setAttribute(root, "data-pending", outstanding && "1");
  };

  const redrawMiniatures = () => {
    if (scope.signal.aborted) return;
    strip.redraw();
    gallery.redraw();
  };
  let drawnSize = "";
  const draw = () => {
    drawWaiting();
    drawHead();
    drawStage();
    drawStrip();
    drawGallery();
    drawLine();
    trust.update(traits.trust(), model.get("state") === "running" && model.get("measures"));
    const size = traits.size().join();
    if (size !== drawnSize) redrawMiniatures();
    drawnSize = size;
    repaint();
  };
  const refresh = oncePerMessage(scope, draw);

  /** All that changes with the phase. */
  const paint = () => {
    const now = place();
    const { look, exact } = frames.look(now);
    const frame: Layers | null = look ?? image;
    const [width, height] = traits.size();
    const rows = confidences();
    if (frame && width > 0) {
      const [of] = rows[which]!;
      stage.paint({
        mode,
        which,
        ...{ width, height, frame },
        image,
        cells: mode === "where" && look ? strongestCells(traits.answer()) : [],
        captions: [look ? `phase ${look.phase}` : "the image", `for ${of}`, "the image", `for ${of}`],
        palette: colours(),
      });
    }
    const label = path ? `phase ${now} of ${path.phases - 1}, ${mode}` : "the image";
    stage.update(label, instead(), traits.text("error") !== "" || broken.image !== "" || broken.path !== "");
    transport.update({
      phase: now,
      phases: path?.phases ?? 0,
      flip: path?.flip ?? null,
      playing: player.playing,
      speed: player.speed,
      loop: player.loop,
    });
    const [wrong, correct] = sides();
    const reference = (index: number) => traits.whole().find(([of]) => of === index)?.[1] ?? null;
    const called = path ? calledAt(path, now) : -1;
    confidence.update({
      rows: [
        { name: rows[0][0], probability: rows[0][1], reference: reference(wrong) },
        { name: rows[1][0], probability: rows[1][1], reference: reference(correct) },
      ],
      called:
        called < 0 ? "" : `${called === wrong ? "● " : called === correct ? "▲ " : ""}called ${name(called)}`,
      side: called === wrong ? "wrong" : called === correct ? "correct" : "other",
    });
    strip.point(now);
    drawLine();
    if (path) phase.point(now);
    root.dataset.phase = path ? String(now) : "";
    root.dataset.painted = look ? String(look.phase) : "";
    setAttribute(root, "data-ready", look !== null && "1");
    setAttribute(root, "data-playing", player.playing && "1");
    if (asked > 0 && look) {
      const took = (performance.now() - asked).toFixed(1);
      // To the first frame that answers the input, and to the very one that was asked for.
      if (unanswered) root.dataset.latency = took;
      unanswered = false;
      if (!exact) return;
      root.dataset.exact = took;
      asked = 0;
    }
  };
  const repaint = withNextFrame(scope, paint);

  // ---- what comes from the model

  scope.listen(model, DRAWN, refresh);
  scope.listen(model, ["path", "gallery", "progress"], () => waiting.alive());
  followTransition(scope, model, {
    broken(what) {
      broken.path = what;
    },
    opened(now, from, refined) {
      path = now;
      source = from;
      if (!path) player.pause();
      frames.open(source, refined);
      frames.seek(place());
      refresh();
    },
  });
  followImage(scope, model, {
    broken(what) {
      broken.image = what;
    },
    decoded(layers) {
      image = layers;
      refresh();
    },
  });

  el.append(root);
  scope.defer(() => root.remove());
  followRatio(scope, () => {
    redrawMiniatures();
    refresh();
  });
  followTheme(scope, root, () => {
    palette = null;
    redrawMiniatures();
    refresh();
  });
  draw();
  return scope.end;
}

export default { render };
