/** The relevance view: maps of one image by several methods, and the prediction without what they mark. */
import { h, setAttribute } from "../shared/dom";
import { Picture } from "../shared/picture";
import { defineView } from "../shared/view";
import { createHide } from "./hide";
import { Look } from "./look";
import { createMultiples } from "./multiples";
import { createQuestion } from "./question";
import { createScrub } from "./scrub";
import { createTools } from "./tools";
import { type RelevanceFrame, traits } from "./traits";
import * as words from "./words";

export default defineView({
  name: "relevance",
  label: "Relevance explorer",
  traits,
  alone: "maps, values, layers and what is hidden still work, new predictions do not",
  followed: ["maps", "layer_maps", "stage_maps", "cursor", "point", "region"],
  alive: ["progress", "entries", "answer"],
  trustLater: "measured after the maps",
  eager: true,
  build,
});

function build(frame: RelevanceFrame) {
  const { root, traits } = frame;
  const look = new Look(frame);
  const picture = new Picture(frame.refresh);
  frame.scope.defer(() => picture.end());
  const explain = (target: number) => {
    if (target === traits.target) return;
    frame.save(target === traits.against ? { target, against: traits.target } : { target });
  };
  const compare = (against: number) => {
    if (against === traits.against) return;
    frame.save(against === traits.target ? { target: traits.against, against } : { against });
  };
  const choose = (method: string) => {
    const { hiding } = traits;
    if (hiding && hiding.method !== method) frame.save({ hiding: { ...hiding, method } });
  };
  const question = createQuestion(frame, explain, compare);
  const tools = createTools(frame, look);
  const multiples = createMultiples(frame, look, picture, choose);
  const hide = createHide(frame, look, picture, explain);
  const layers = createScrub(frame, look, picture, "layer", {
    heading: () => "Grad-CAM, layer by layer",
    steps: () =>
      traits.layers.map(({ layer, after, refusal, peak }, i) => ({
        map: look.layers.all[i] ?? null,
        name: layer,
        short: words.shortName(layer),
        says: refusal || (peak > 0 ? words.afterText(after) : words.UNHEEDED),
      })),
    instead: () => "",
    // At first the last one that has something to show.
    at: () => look.layer ?? Math.max(0, traits.layers.map(({ peak }) => peak > 0).lastIndexOf(true)),
    move: (layer, since) => look.change({ layer }, since),
  });
  const stages = createScrub(frame, look, picture, "randomised", {
    heading: () => `The network randomised from the top, by ${words.nameOf(look.chosen?.method ?? "")}`,
    steps() {
      const entry = look.chosen;
      if (!entry || entry.stages.length === 0) return [];
      const maps = look.stagesOf(entry);
      const random = entry.stages.map(({ layer }, i) => ({
        map: maps[i] ?? null,
        name: words.stageName(layer),
        short: words.shortName(layer) || "everything",
        says: words.verdictOf(entry, i + 1),
      }));
      return [{ map: look.mapOf(entry), name: "trained", short: "trained", says: words.TRAINED }, ...random];
    },
    instead() {
      if (!look.chosen || !traits.measures) return "";
      return traits.state === "done" ? words.unchecked(look.chosen.method) : words.CHECKING;
    },
    at: () => look.stage,
    move: (stage, since) => look.change({ stage }, since),
  });

  const drawPicture = () => void picture.read(traits.picture);
  const paint = () => {
    for (const part of [tools, multiples, hide, layers, stages]) part.paint();
    const ready = picture.bitmap !== null && traits.entries.some((entry) => look.mapOf(entry) !== null);
    setAttribute(root, "data-ready", ready && "1");
    Object.assign(root.dataset, {
      ...{ mode: look.mode, scale: look.scale, signed: look.signed },
      chosen: look.chosen?.method ?? "",
    });
  };
  const broken = () => look.wrong || (picture.failed ? "the browser cannot decode the picture" : "");

  return {
    question: question.elements,
    body: [
      frame.placeholder,
      multiples.element,
      tools.element,
      h("div.below", hide.element, h("div.scrubs", layers.element, stages.element)),
      h("details.details", h("summary.heading", "How far to trust it"), frame.trust),
      frame.notes,
    ],
    status: () => ({
      help: words.HELP,
      kept: words.kept(traits.entries.filter(({ refusal }) => refusal === "").length),
    }),
    picture: { there: () => picture.bitmap !== null && broken() === "", broken, later: words.LATER },
    draw: [drawPicture, question.draw, multiples.draw, hide.draw],
    paint,
    resized() {
      for (const part of [multiples, hide, layers, stages]) part.resize();
    },
    keys: (event: KeyboardEvent) =>
      look.crosshair.key(event) || (event.key === "Escape" && look.unpin(event.timeStamp)),
  };
}
