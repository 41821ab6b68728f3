/** The FaceX view: where a classifier looks over a whole data set of faces, and what it sees there. */
import type { AnyModel } from "@anywidget/types";
import { h, setAttribute, setText } from "../shared/dom";
import { followRatio } from "../shared/fit";
import { createHead } from "../shared/head";
import { packOpener } from "../shared/pack";
import { oncePerMessage } from "../shared/redraw";
import { createScope } from "../shared/scope";
import { type Colour, colours, followTheme } from "../shared/theme";
import { Tiles } from "../shared/tiles";
import { createTrust } from "../shared/trust";
import { Waiting } from "../shared/waiting";
import { type Closeup, readCloseup } from "./closeup";
import { readDrawing } from "./drawing";
import { createFaces } from "./faces";
import type { Fill } from "./figure";
import { createLegend } from "./legend";
import { createOpened } from "./opened";
import { createPatches, type PatchTile } from "./patches";
import { createQuestion } from "./question";
import { createRanking } from "./ranking";
import { createReadout } from "./readout";
import { facesIn, type Row, ranked, rowsOf } from "./rows";
import { colourOf, differenceScaleOf, type Scale, scaleOf } from "./scale";
import { createSegments } from "./segments";
import { createSkipped } from "./skipped";
import type { Face, Traits } from "./traits";
import { readTraits } from "./wire";
import * as words from "./words";

/** Traits that are only drawn; the others are followed where they are read. */
const DRAWN: (keyof Traits)[] = [
  "regions",
  "other",
  "models",
  "patches",
  "other_patches",
  "patch_tiles",
  "other_tiles",
  "target",
  "groups",
  "group",
  "grouped",
  "chosen",
  "opened",
  "opened_by",
  "skipped",
  "trust",
  "measures",
  "state",
  "activity",
  "progress",
  "counts",
  "notes",
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
  const traits = readTraits(model);
  /** The regions under the pointer and under the keyboard's focus. */
  let hovered: string | null = null;
  let focused: string | null = null;
  /** When the pointer or a key chose another region, until that is painted: then 0. */
  let asked = 0;
  let drawingBroken = "";
  let rows: Row[] = [];
  /** The regions in the kernel's order, which is that of a chart. */
  let places: string[] = [];
  /** What this view has told the charts. */
  let told = "";
  let models: string[] = [];
  let scales: { heat: Scale | null; difference: Scale | null } = { heat: null, difference: null };
  let closeup: Closeup | null = null;
  let faceBroken = "";
  /** The tile that the opened face was asked for by. */
  let opener: HTMLElement | null = null;

  const rowOf = (name: string) => rows.find((row) => row.name === name) ?? null;
  const labelOf = (name: string) => rowOf(name)?.label ?? name;
  const describe = (name: string) => {
    const row = rowOf(name);
    return row ? words.spoken(row, rows, models) : `${name}: not measured`;
  };
  /** The region that the readout is about. */
  const shown = () => hovered ?? focused ?? (traits.chosen() || rows[0]?.name || "");

  // ---- what the hand does

  const save = (values: Partial<Traits>) => {
    for (const [key, value] of Object.entries(values)) model.set(key as keyof Traits, value as never);
    model.save_changes();
  };
  const point = (region: string | null, event: Event) => {
    if (hovered === region) return;
    hovered = region;
    asked = event.timeStamp;
    repaint();
  };
  const focus = (region: string | null, to?: Node | null) => {
    // To go on to its patches, by way of the groups, is not to leave a region.
    if (region === null && to && (see.contains(to) || groups.element.contains(to))) return;
    if (region !== null) {
      hovered = null;
      setText(live, describe(region));
    }
    if (focused === region) return;
    focused = region;
    asked = performance.now();
    repaint();
  };
  const pin = (region: string) => {
    const next = traits.chosen() === region ? "" : region;
    setText(live, next ? `pinned ${describe(region)}` : `${labelOf(region)} is no longer pinned`);
    save({ chosen: next });
  };
  const unpin = () => {
    const region = traits.chosen();
    if (region) pin(region);
  };
  const open = (by: number, { image, name }: PatchTile, button: HTMLElement) => {
    opener = button;
    const region = shown();
    wanted = { image, name };
    const changed = region && region !== traits.chosen() ? { chosen: region } : {};
    save({ ...changed, opened: image, opened_by: by });
    draw();
    opened.focus();
  };
  /** The face asked for, before it is here. */
  let wanted = { image: -1, name: "" };
  const close = () => {
    save({ opened: -1 });
    draw();
    const back = opener?.isConnected && !opener.hidden ? opener : null;
    (back ?? faces.element.querySelector<SVGElement>('[tabindex="0"]'))?.focus();
    opener = null;
  };

  // ---- the parts

  const question = createQuestion();
  const head = createHead(scope, [question.element], (kind) => model.send({ kind }));
  const faces = createFaces(scope, { pointed: point, focused: focus, pinned: pin });
  const placeholder = h("div.cfw-stage-words");
  const groups = createSegments(
    scope,
    "Faces",
    (name) => `only the faces of this group: ${name}`,
    (group) => save({ group }),
  );
  const heatLegend = createLegend("heat", "attention", words.score);
  const signedLegend = createLegend("signed", "difference", words.signed);
  const none = h("span.cfw-legend-none.cfw-muted", h("i", { "aria-hidden": "true" }), "no face has it");
  const hint = h("p.cfw-hint.cfw-muted");
  const opened = createOpened(scope, (by) => save({ opened_by: by }), close);
  const readout = createReadout();
  const patches = [0, 1].map((by) => createPatches(scope, (tile, button) => open(by, tile, button)));
  const see = h("div.cfw-see", readout.element, ...patches.map(({ element }) => element));
  for (const part of [see, groups.element])
    part.addEventListener("focusout", ({ relatedTarget }) => focus(null, relatedTarget as Node | null), {
      signal: scope.signal,
    });
  const ranking = createRanking(scope, { pointed: point, focused: focus, pinned: pin });
  const trust = createTrust("measured when the run has ended");
  const skipped = createSkipped();
  const notes = h("p.cfw-notes.cfw-muted");
  const live = h("div.cfw-live", { "aria-live": "polite", role: "status" });
  const drawn = h(
    "div.cfw-drawn",
    placeholder,
    faces.element,
    h("div.cfw-legends", heatLegend.element, signedLegend.element, none),
    groups.element,
    hint,
  );
  const root = h(
    "section.cfw-root.cfw-sentence.cfw-facex",
    { "data-testid": "cfw-facex", "data-lm-suppress-shortcuts": "true", "aria-label": "FaceX explorer" },
    head.element,
    h(
      "div.cfw-body",
      h("div.cfw-stage", drawn, opened.element),
      see,
      ranking.element,
      h("div.cfw-more", trust.element, skipped.element, notes),
    ),
    live,
  );
  scope.on(root, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "Escape") {
      // Notebooks bind plain keys, and the arrows, in command mode.
      event.stopPropagation();
      return;
    }
    if (traits.opened() >= 0) close();
    else if (traits.chosen()) unpin();
    else return;
    event.stopPropagation();
    event.preventDefault();
  });

  // ---- drawing what is now

  let colouring: { heat: Colour[]; signed: Colour[] } | null = null;
  /** A view that is not on the page yet, or whose style sheet is still on its way, has no colours. */
  const palette = () => {
    if (colouring) return colouring;
    const now = { heat: colours(root, "--cfw-heat"), signed: colours(root, "--cfw-signed") };
    if (now.heat.length > 0) colouring = now;
    return now;
  };
  const waiting = new Waiting(() => refresh());
  scope.defer(() => waiting.end());
  const [openTiles, openOther] = [packOpener(), packOpener()];
  const tiles = [new Tiles(() => repaint()), new Tiles(() => repaint())] as const;
  scope.defer(() => {
    for (const pictures of tiles) pictures.end();
  });
  /** What is wrong with the packs. */
  const unread: [string, string] = ["", ""];

  /** What stands where the drawing would be. */
  const instead = () => {
    if (faces.drawing) return "";
    return traits.text("error") || drawingBroken || traits.text("activity") || words.NO_DRAWING;
  };
  /** Why no region has a score. */
  const noScores = () => {
    if (traits.state() === "running" || traits.state() === "empty") return words.NO_SCORES;
    return traits.group() > 0 ? words.NO_FACES : words.NONE_USED;
  };
  const drawHead = () => {
    const state = traits.state();
    question.update(models, traits.text("target"));
    head.update({
      state,
      activity: traits.text("activity"),
      continuable: state === "stopped" || state === "failed",
      kept: words.kept(state, rows),
      counts: traits.text("counts"),
      progress: traits.progress(),
      error: instead() === "" ? traits.text("error") : "",
      help: words.HELP,
    });
    root.dataset.state = state;
  };
  const fillsOf = (value: (row: Row) => number | null, scale: Scale, stops: readonly Colour[]): Fill[] =>
    (faces.drawing?.shapes ?? []).map(({ name }) => {
      const row = rowOf(name);
      return row && scales.heat ? (colourOf(value(row), scale, stops) ?? "hatched") : "blank";
    });
  const drawStage = () => {
    const { heat, signed } = palette();
    const two = models.length > 1;
    root.classList.toggle("cfw-compare", two);
    const some = { low: -1, high: 1 };
    faces.update(
      [
        ...models.map((name, model) => ({
          name: two ? name : "",
          fills: fillsOf((row) => row.by[model]?.ior ?? null, scales.heat ?? some, heat),
        })),
        ...(two
          ? [
              {
                name: `${models[1]} ${words.MINUS} ${models[0]}`,
                fills: fillsOf((row) => row.difference, scales.difference ?? some, signed),
              },
            ]
          : []),
      ],
      describe,
      traits.chosen(),
    );
    const text = instead();
    setText(placeholder, text);
    placeholder.hidden = text === "";
    setAttribute(placeholder, "role", (drawingBroken !== "" || traits.text("error") !== "") && "alert");
    signedLegend.element.hidden = !two;
    none.hidden = !scales.heat || !rows.some((row) => row.by.some((region) => region?.ior === null));
    groups.update(two ? [] : traits.groups(), traits.group());
    setText(hint, faces.drawing && scales.heat ? drawingBroken || words.HINT : drawingBroken);
    if (faces.drawing && !scales.heat && !drawingBroken) setText(hint, noScores());
    root.dataset.pinned = traits.chosen();
    setAttribute(root, "data-ready", faces.drawing !== null && "1");
  };
  const drawOpened = () => {
    const image = traits.opened();
    const here = traits.face();
    const by = models.length > 1 ? traits.openedBy() : 0;
    const isAsked = (face: Face | null | undefined) => face?.image === image && face.model === by;
    const current = image >= 0 && isAsked(here);
    if (image < 0 || current) waiting.end();
    else waiting.begin();
    root.dataset.opened = image < 0 ? "" : String(image);
    opened.element.hidden = image < 0;
    drawn.hidden = image >= 0;
    const seen = current && isAsked(closeup?.face) ? closeup : null;
    setAttribute(root, "data-face", seen !== null && "1");
    if (image < 0) return;
    const asking = wanted.image === image ? wanted.name : "";
    const wait = waiting.wait === "silent" ? words.SILENT : waiting.wait === "asking" ? words.ASKING : "";
    opened.update({
      name: (current && here?.name) || asking || `face ${image}`,
      closeup: seen,
      ...{ models, by },
      region: labelOf(seen?.face.region ?? ""),
      words: current ? faceBroken : wait,
      failed: current && faceBroken !== "",
    });
  };
  const drawMore = () => {
    trust.update(traits.trust(), traits.state() === "running" && Boolean(model.get("measures")));
    skipped.update(traits.skipped());
    const sentences = [traits.text("notes"), ...new Set(unread)].filter(Boolean);
    setText(notes, sentences.join(" "));
    notes.hidden = sentences.length === 0;
  };
  const readTiles = () => {
    const packs = [openTiles(model.get("patch_tiles")), openOther(model.get("other_tiles"))] as const;
    const name = shown();
    (["patches", "other_patches"] as const).forEach((key, i) => {
      tiles[i]!.open(
        packs[i]!.pack,
        traits.patches(key, name).map(({ tile }) => tile),
      );
      unread[i] = packs[i]!.wrong && `The patches cannot be read: ${packs[i]!.wrong}.`;
    });
  };

  /** What goes with the region that is looked at. */
  const paint = () => {
    const name = shown();
    const row = rowOf(name);
    const [chosen, image] = [traits.chosen(), traits.opened()];
    const looked = hovered ?? focused;
    readout.update(
      row,
      rows,
      models,
      name === "" ? "" : name === chosen ? "pinned" : looked ? "" : "highest",
    );
    const two = models.length > 1;
    (["patches", "other_patches"] as const).forEach((key, i) => {
      const part = patches[i]!;
      part.element.hidden = i > 0 && !two;
      if (part.element.hidden) return;
      const list = row ? traits.patches(key, name) : [];
      const grouped = !two && traits.group() > 0 && traits.groups().length > 1;
      part.update({
        title: two ? `What ${models[i]} sees there` : "What it sees there",
        about: grouped && list.length > 0 ? "of all faces" : words.patchWords(list.length, facesIn(rows, i)),
        label: `Patches of ${row?.label ?? name}`,
        tiles: list.map((patch, k) => ({
          bitmap: tiles[i]!.at(patch.tile),
          image: patch.image,
          name: patch.name,
          label: words.describePatch(patch, k),
          open: image >= 0 && patch.image === image && (!two || i === traits.openedBy()),
        })),
      });
    });
    faces.mark({
      pointed: looked ? faces.index(looked) : -1,
      pinned: chosen ? faces.index(chosen) : -1,
      keyboard: hovered === null && focused !== null,
    });
    faces.offer(chosen || name);
    ranking.mark(name);
    heatLegend.update(scales.heat, two ? null : (row?.by[0]?.ior ?? null));
    signedLegend.update(scales.difference, row?.difference ?? null);
    root.dataset.shown = name;
    // A chart takes its time: after this is on the page.
    telling ??= setTimeout(tell);
    if (asked > 0) {
      root.dataset.latency = (performance.now() - asked).toFixed(1);
      asked = 0;
    }
  };
  /** The place of the region that is looked at, in any view of this model; -1 for none. */
  const looking = () => places.indexOf(traits.text("pointed") || traits.chosen());
  /** Tells the charts, which are linked in the browser: never saved. */
  const tell = () => {
    telling = undefined;
    // Another view of this model may be pointed at.
    const looked = hovered ?? focused ?? "";
    if (looked !== told) model.set("pointed", looked);
    told = looked;
    const at = looking();
    if (traits.marked() !== at) model.set("cursor", at < 0 ? null : [at]);
  };
  let telling: ReturnType<typeof setTimeout> | undefined;
  scope.defer(() => clearTimeout(telling));
  let frame = 0;
  let again = false;
  /** Paints at once, for the frame to come, but not twice for the same. */
  const repaint = () => {
    if (scope.signal.aborted) return;
    if (frame) {
      again = true;
      return;
    }
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (again) paint();
      again = false;
    });
    paint();
  };
  scope.defer(() => cancelAnimationFrame(frame));

  const draw = () => {
    const regions = traits.regions();
    places = regions.map(({ name }) => name);
    rows = ranked(rowsOf(regions, traits.other()));
    const names = traits.models();
    const two = traits.other().length > 0;
    models = [names[0] || (two ? "model 1" : "the model"), ...(two ? [names[1] || "model 2"] : [])];
    scales = { heat: scaleOf(rows, traits.grouped()), difference: differenceScaleOf(rows) };
    readTiles();
    drawHead();
    drawStage();
    drawOpened();
    drawMore();
    ranking.update(rows, describe, traits.chosen());
    ranking.element.hidden = scales.heat === null;
    // Their places are shown before there is anything to see there.
    const waiting = scales.heat === null && traits.state() === "running" && faces.drawing !== null;
    root.classList.toggle("cfw-waiting", waiting);
    see.hidden = scales.heat === null && !waiting;
    paint();
  };
  const refresh = oncePerMessage(scope, draw);

  // ---- what comes from the model

  const readPrototype = () => {
    const { drawing: next, wrong } = readDrawing(model.get("prototype"));
    drawingBroken = wrong;
    faces.draw(next);
  };
  let readings = 0;
  const readFace = async (face: Face | null) => {
    readings += 1;
    const reading = readings;
    const read = face ? await readCloseup(face) : null;
    const good = typeof read === "object" ? read : null;
    if (reading !== readings || scope.signal.aborted) return good?.picture.close();
    closeup?.picture.close();
    closeup = good;
    faceBroken = typeof read === "string" ? read : "";
    refresh();
  };
  scope.defer(() => closeup?.picture.close());
  scope.listen(model, DRAWN, refresh);
  scope.listen(model, ["progress", "regions", "face"], () => waiting.alive());
  scope.listen(model, ["prototype"], () => {
    readPrototype();
    refresh();
  });
  scope.listen(model, ["cursor"], () => {
    // The kernel's echo of what was marked comes this way, too.
    if (!traits.picked() || traits.marked() === looking()) return;
    const picked = places[traits.marked()];
    if (picked) pin(picked);
    else unpin();
  });
  scope.listen(model, ["face"], () => void readFace(traits.face()));

  readPrototype();
  el.append(root);
  scope.defer(() => root.remove());
  followRatio(scope, () => opened.draw());
  const size = new ResizeObserver(() => {
    if (colouring) opened.draw();
    else refresh();
  });
  size.observe(root);
  scope.defer(() => size.disconnect());
  followTheme(scope, root, () => {
    colouring = null;
    refresh();
  });
  draw();
  void readFace(traits.face());
  return scope.end;
}

export default { render };
