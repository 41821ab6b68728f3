import { createButton } from "../shared/button";
import { inflate, toBytes, type Wire } from "../shared/bytes";
import { beginCanvas, sizeCanvas } from "../shared/canvas";
import { h, setAttribute, setText } from "../shared/dom";
import { fitStage } from "../shared/fit";
import { Picture } from "../shared/picture";
import { createSlider } from "../shared/slider";
import { throttle } from "../shared/throttle";
import type { Levels } from "./bundle";
import { createGauges } from "./gauges";
import type { Look } from "./look";
import { Overlay } from "./overlay";
import type { TranslationFrame } from "./traits";
import { ASKING, WORKS } from "./words";

/** The kernel is asked at most this often, in ms. */
const ASK_EVERY = 60;
const SIDE = 120;

type Kind = "noise" | "pgd";
/** A slider of whole numbers: one of them is this much. */
const KINDS = {
  noise: {
    name: "noise",
    title: "standard deviation of Gaussian noise; pixels are 0 to 1",
    step: 0.005,
    last: 60,
  },
  pgd: {
    name: "attack step",
    title: "step of an attack, projected gradient descent of 10 steps",
    step: 0.001,
    last: 50,
  },
} as const;

/** What noise or an attack does to picture, mask and predictions: the kernel answers, and the last question counts. */
export function createStress(frame: TranslationFrame, look: Look) {
  const { scope, traits } = frame;
  const overlay = new Overlay(frame.palette);
  const summary = h("summary.heading", "Under stress");
  const waiting = h("span.muted.small");
  const canvases = ["the image", "its twin", "the mask"].map((name) => {
    const canvas = h("canvas.stress-canvas", { role: "img", "aria-label": `${name} under stress` });
    return { canvas, figure: h("figure.stress-figure", canvas, h("figcaption.muted", name)) };
  });
  const gauges = createGauges("Predictions under stress");
  const note = h("p.muted.small");
  let kind: Kind = "noise";
  let amount = 0;
  const strength = () => amount * KINDS[kind].step;
  const asked = () => (kind === "noise" ? [strength(), 0] : [0, strength()]);
  const ask = throttle(() => frame.save({ stressed: asked() }), ASK_EVERY);
  const sliderOf = (own: Kind) =>
    createSlider(
      scope,
      KINDS[own].name,
      KINDS[own].title,
      (value) => {
        [kind, amount] = [own, value];
        frame.set({ strength: [strength(), strength()] });
        ask();
        frame.refresh();
      },
      () => ask.flush(),
    );
  const sliders = { noise: sliderOf("noise"), pgd: sliderOf("pgd") };
  const curves = createButton(
    scope,
    "accuracy over the strength, on more images: it takes a while",
    () => frame.save({ curves: kind }),
    "measure the curve",
  );
  setAttribute(sliders.pgd.element, "data-asks", "attack");
  setAttribute(curves, "data-asks", "curves");
  const pictures = h("div.stress-pictures", ...canvases.map(({ figure }) => figure));
  const element = h(
    "details.stress",
    summary,
    h(
      "div.stress-body",
      { "data-asks": "stressed" },
      h("div", sliders.noise.element, sliders.pgd.element, pictures, waiting),
      h("div", gauges.element, note, curves),
    ),
  );
  scope.on(element, "toggle", () => {
    if (element.open) ask();
    else frame.save({ stressed: [] });
  });
  scope.defer(() => ask.flush());

  const picture = new Picture(frame.repaint);
  const twin = new Picture(frame.repaint);
  scope.defer(() => {
    picture.end();
    twin.end();
  });
  let levels: Levels | null = null;
  let read: Wire;
  /** The question whose answer is decoded. */
  let decoded: readonly number[] = [];
  const readAnswer = async () => {
    const { stress, size } = traits;
    if (!stress || stress.picture === read) return;
    read = stress.picture;
    const data = toBytes(stress.difference);
    const [now] = await Promise.all([
      data && inflate(data, size[0] * size[1]).catch(() => null),
      picture.read(stress.picture),
      twin.read(stress.twin),
    ]);
    if (read !== stress.picture) return;
    [levels, decoded] = [now, stress.asked];
    frame.repaint();
  };
  const draw = (canvas: HTMLCanvasElement, bitmap: ImageBitmap | null, mask: Levels | null) => {
    const [height, width] = traits.size;
    const context = beginCanvas(canvas, width);
    if (!context || !bitmap) return;
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    if (mask)
      overlay.draw(
        context,
        { levels: mask, level: look.level, style: look.style, opacity: look.opacity },
        width,
        height,
      );
  };
  return {
    element,
    /** A question is out. */
    get outstanding() {
      const { stress, stressed, chosen } = traits;
      return element.open && (stress?.chosen !== chosen || stress.asked.join() !== stressed.join());
    },
    draw() {
      void readAnswer();
      for (const own of ["noise", "pgd"] as const) {
        const { step, last } = KINDS[own];
        const value = own === kind ? amount : 0;
        sliders[own].update(value, last, (value * step).toFixed(3).slice(1), traits.entries.length === 0);
      }
      sliders.pgd.element.hidden = !traits.attackable;
      setAttribute(
        curves,
        "aria-disabled",
        (traits.state === "running" || traits.entries.length === 0) && "true",
      );
      const { stress } = traits;
      const columns = [
        { title: traits.model, answer: stress?.image ?? [] },
        ...(stress?.second.length ? [{ title: traits.second, answer: stress.second }] : []),
      ];
      gauges.update(columns, traits);
      setText(
        note,
        traits.second ? "" : "Give second=, a network that was trained in the ordinary way, to compare.",
      );
    },
    paint() {
      if (!element.open) return;
      setText(waiting, frame.waiting.words(ASKING, WORKS));
      const [height, width] = traits.size;
      const [w, h] = fitStage(width || 1, height || 1, SIDE);
      const zoom = SIDE / w;
      for (const { canvas } of canvases) sizeCanvas(canvas, SIDE, Math.round(h * zoom));
      draw(canvases[0]!.canvas, picture.bitmap, null);
      draw(canvases[1]!.canvas, twin.bitmap, null);
      draw(canvases[2]!.canvas, picture.bitmap, levels);
      setAttribute(
        element,
        "data-answered",
        decoded.join() === asked().join() && `${KINDS[kind].name} ${amount}`,
      );
    },
  };
}
