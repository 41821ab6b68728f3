import { decodePictures } from "../shared/bytes";
import { createChoice } from "../shared/choice";
import { h, setAttribute, setText } from "../shared/dom";
import { className } from "../shared/format";
import { packOpener } from "../shared/pack";
import { Picture } from "../shared/picture";
import { createPixelReader, type Pixels } from "../shared/pixels";
import { createReadout } from "../shared/readout";
import { createSlider } from "../shared/slider";
import { throttle } from "../shared/throttle";
import type { Look } from "./look";
import { createPlate } from "./plate";
import { countOf, ranking } from "./ranking";
import type { LevelMap } from "./relief";
import type { ClassProbability, Hiding, RelevanceFrame } from "./traits";
import { ENDS, FILLS, type Fill, nameOf, spokenAnswer } from "./words";

/** The kernel hears of a moving slider at most this often, in ms. */
const SAVE_EVERY = 60;
const ROOM = 320;
const BARS = 5;

/** The picture without what a map marks, and the prediction for it. */
export function createHide(
  frame: RelevanceFrame,
  look: Look,
  picture: Picture,
  explain: (target: number) => void,
) {
  const { scope, traits, waiting } = frame;
  const silent = waiting.silent("the picture still works");
  const plate = createPlate(frame, look, "the picture without the pixels that are hidden");
  const own = document.createElement("canvas");
  const readPixels = createPixelReader();
  const openFills = packOpener();
  const painted = new Picture(frame.repaint);
  const readout = createReadout(scope, "whole picture", explain);
  const heading = h("div.heading.ellipsis");
  let contents: readonly (Pixels | null)[] = [];
  let pack: unknown;
  let ranked: { map: LevelMap; pixels: Uint32Array } | null = null;
  let composed: readonly unknown[] = [];
  let seen: { bitmap: ImageBitmap; pixels: Pixels | null } | null = null;
  let said = "";
  scope.defer(() => painted.end());

  const save = throttle(() => frame.save({ hiding: traits.hiding }), SAVE_EVERY);
  scope.defer(() => save.flush());
  const change = (values: Partial<Hiding>, now = true) => {
    const { hiding } = traits;
    if (!hiding) return;
    const next = { ...hiding, ...values };
    frame.clock(performance.now());
    frame.set({ hiding: next });
    save();
    if (now) save.flush();
    // The chart may wait, the kernel not.
    frame.set({ cursor: [next.percent, next.percent] });
  };
  const ends = createChoice(scope, "hide first", ENDS, (end) => change({ least: end === "least" }));
  const fills = createChoice(scope, "instead of hidden pixels", FILLS, (fill) => change({ fill }));
  // The browser cannot paint it.
  setAttribute(fills.buttons.get("inpaint")!, "data-asks", "inpaint");
  const slider = createSlider(
    scope,
    "hidden",
    "how many of the pixels are hidden: by the map as it is, without smoothing",
    (percent) => change({ percent }, false),
    () => save.flush(),
  );
  const controls = h("div.hide-controls", slider.element, ends.element, fills.element);
  const element = h(
    "section.hide",
    heading,
    h("div.hide-row", plate.element, h("div.hide-side", controls, readout.element)),
  );

  const readFills = async () => {
    const { pack: opened } = openFills(traits.fills);
    if (opened === pack) return;
    pack = opened;
    const blobs = Array.from({ length: opened?.count ?? 0 }, (_, i) => opened!.blob(i));
    const bitmaps = await decodePictures(blobs);
    const [height, width] = traits.size;
    const read = bitmaps.map((bitmap) => bitmap && readPixels(bitmap, width, height));
    for (const bitmap of bitmaps) bitmap?.close();
    // Others came meanwhile.
    if (scope.signal.aborted || opened !== pack) return;
    contents = read;
    composed = [];
    frame.repaint();
  };
  const rankOf = (map: LevelMap) => {
    if (ranked?.map !== map) ranked = { map, pixels: ranking(map.levels) };
    return ranked.pixels;
  };
  const isAnswered = () => {
    const { answer, hiding, target, against } = traits;
    if (!answer?.hiding || !hiding || answer.target !== target || answer.against !== against) return false;
    return same(answer.hiding, hiding);
  };
  /** The whole picture with what stands for its hidden pixels, on a canvas of its own pixels. */
  const compose = (map: LevelMap, hiding: Hiding): CanvasImageSource | null => {
    const [height, width] = traits.size;
    if (hiding.fill === "inpaint" && isAnswered() && painted.bitmap) return painted.bitmap;
    if (!picture.bitmap) return null;
    const content = contents[Object.keys(FILLS).indexOf(hiding.fill)];
    if (seen?.bitmap !== picture.bitmap)
      seen = { bitmap: picture.bitmap, pixels: readPixels(picture.bitmap, width, height) };
    [own.width, own.height] = [width, height];
    const context = own.getContext("2d");
    if (!context || !seen.pixels) return null;
    const data = context.createImageData(width, height);
    data.data.set(seen.pixels);
    const order = rankOf(map);
    const count = countOf(hiding.percent, order.length);
    for (let i = 0; i < count; i++) {
      const pixel = 4 * order[hiding.least ? order.length - 1 - i : i]!;
      for (let channel = 0; channel < 4; channel++)
        data.data[pixel + channel] = content ? content[pixel + channel]! : 0;
    }
    context.putImageData(data, 0, 0);
    return own;
  };
  const say = () => {
    const { answer, hiding, target, labels } = traits;
    let words = "";
    if (answer && hiding && isAnswered())
      words = spokenAnswer(className(labels, target), answer.probability, hiding);
    else if (waiting.wait === "silent") words = silent;
    if (words === "" || words === said) return;
    if (said !== "") frame.say(words);
    said = words;
  };
  let fitted = "";
  const resize = () => {
    fitted = [element.hidden, ...traits.size].join();
    plate.resize(Math.min(ROOM, element.clientWidth || ROOM));
  };
  return {
    element,
    resize,
    draw() {
      const { answer, whole, target, against, labels, hiding } = traits;
      void readFills();
      void painted.read(answer?.picture);
      const asked = hiding !== null && look.chosen !== undefined;
      element.hidden = !asked;
      // What is hidden may be set elsewhere.
      if (hiding && traits.cursor[0] !== hiding.percent)
        frame.set({ cursor: [hiding.percent, hiding.percent] });
      waiting.update(asked && !isAnswered());
      const find = (all: typeof whole | undefined, index: number) =>
        all?.find(([other]) => other === index)?.[1] ?? null;
      const bars = barsOf(answer?.top ?? whole, [target, against]);
      readout.update({
        probability: answer?.target === target ? answer.probability : null,
        reference: find(whole, target),
        caption: `${className(labels, target)}, on the rest`,
        explained: target,
        bars: bars.map(([index, probability]) => ({
          ...{ index, name: className(labels, index), probability, reference: find(whole, index) },
        })),
        rows: Math.min(BARS, labels.length || 5),
        wait: waiting.wait,
        silent,
      });
      setAttribute(frame.root, "data-answered", isAnswered() && "1");
      if (fitted !== [element.hidden, ...traits.size].join()) resize();
      if (traits.state !== "running") say();
    },
    paint() {
      const { hiding } = traits;
      const map = look.mapOf(look.chosen);
      const name = nameOf(look.chosen?.method ?? "");
      setText(heading, `Without the ${hiding?.least ? "least" : "most"} relevant pixels, by ${name}`);
      ends.update(hiding?.least ? "least" : "most");
      fills.update((hiding?.fill ?? "blur") as Fill);
      slider.update(hiding?.percent ?? 0, 100, `${hiding?.percent ?? 0} %`, !map || !hiding);
      if (!map || !hiding) return;
      const now = [
        map,
        picture.bitmap,
        contents,
        ...Object.values(hiding),
        painted.bitmap,
        isAnswered(),
        plate.canvas.width,
      ];
      if (composed.length > 0 && now.every((value, i) => value === composed[i])) return;
      composed = now;
      plate.draw(compose(map, hiding));
    },
  };
}

/** The likeliest of some classes, those among them that must be shown. */
export function barsOf(
  classes: readonly ClassProbability[],
  always: readonly number[],
): readonly ClassProbability[] {
  const rest = classes.filter(([index]) => !always.includes(index));
  const kept = classes.filter(([index]) => always.includes(index));
  return [...rest.slice(0, Math.max(0, BARS - kept.length)), ...kept].sort(([, a], [, b]) => b - a);
}

function same(a: Hiding, b: Hiding): boolean {
  return a.method === b.method && a.percent === b.percent && a.least === b.least && a.fill === b.fill;
}
