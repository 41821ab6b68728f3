import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/translation";
import type { Traits } from "../src/translation/traits";
import { fakeModel, pack, wire } from "./fake";
import { drawn, mount, stopAndResume, text, tidy } from "./mount";
import { stubBitmaps, stubCanvas } from "./pictures";
import { bundleOf, translationState } from "./translation/fake";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let decoder: ReturnType<typeof stubBitmaps>;
let canvas: ReturnType<typeof stubCanvas>;

beforeEach(() => {
  decoder = stubBitmaps();
  canvas = stubCanvas();
  HTMLElement.prototype.setPointerCapture = () => {};
  HTMLElement.prototype.hasPointerCapture = () => true;
});
afterEach(tidy);

const start = (changes: Partial<Traits> = {}) => fakeModel(translationState(changes));

async function show(fake: Fake, ready = true) {
  const shown = mount(view, fake.view(), "translation");
  if (ready) await shown.ready();
  const scores = () => shown.all(".cfw-scores li:not([hidden])").map(text);
  return { ...shown, scores };
}

describe("what stands in the view", () => {
  it("says the direction, the gauges and how the mask fits", async () => {
    const { find, all, scores, root } = await show(start());
    expect(text(find(".cfw-question"))).toBe("cracked → sound: what would have to change?");
    expect(text(find(".cfw-which"))).toBe("image 1 of 3, true class cracked");
    expect(all(".cfw-answers tbody tr").map(text).slice(0, 3)).toEqual([
      ...["sound.10.60", "cracked.70.10", "painted.20.30"],
    ]);
    expect(all(".cfw-answers [data-predicted]").map(text)).toEqual([".60", ".70"]);
    expect(scores()).toEqual(["IoU.67", "precision.67", "recall1.0", "area50 %"]);
    expect(text(find(".cfw-verdict"))).toBe("✓ the twin flips the prediction");
    expect(text(find(".cfw-trust tbody"))).toBe("flip rate.92chance .5");
    expect(root.dataset).toMatchObject({ state: "done", shown: "0", level: "128" });
    expect(all(".cfw-wipe-name").map(text)).toEqual(["image: cracked", "twin: sound"]);
  });

  it("takes text from the kernel as text", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const fake = start({
      ...{ labels: [nasty, nasty, nasty], model: nasty, second: nasty, caveats: [nasty], error: nasty },
      ...{
        notes: nasty,
        counts: nasty,
        trust: [{ name: nasty, value: nasty, note: nasty, help: nasty, ok: null }],
      },
    });
    const { root, find } = await show(fake);
    expect(root.querySelector("img")).toBeNull();
    expect(text(find(".cfw-caveats"))).toBe(nasty);
    expect(text(find(".cfw-from"))).toBe(nasty);
  });

  it("says that there is no measure of doubt without a class for painted images", async () => {
    const { all, find, button } = await show(start({ painted: -1, labels: ["sound", "cracked"] }));
    expect(all(".cfw-says p").map(text)).toContain(
      "The classifier has no class for painted images: there is no measure of doubt.",
    );
    expect(button("doubt").hidden).toBe(true);
    expect(find(".cfw-gauges [data-painted]")).toBeNull();
  });

  it("says what fails, and shows an image that has no twin yet", async () => {
    const fake = start({
      ...{ state: "failed", error: "the disk is full", entries: [], trust: [], total: 1 },
      pictures: pack([[...new Uint8Array(pack([[7]]).buffer).slice(4, -4)]]),
    });
    const { find, all, root } = await show(fake, false);
    await vi.waitFor(() => expect(root.dataset.shown).toBe("0"));
    await drawn();
    expect(all("[role=alert]:not([hidden])").map(text)).toEqual(["the disk is full"]);
    expect(canvas.drawnOn(find(".cfw-wipe-canvas"))).toContain(7);
    expect(text(find(".cfw-wipe-right"))).toBe("not translated yet");
    expect(text(find(".cfw-question"))).toBe("What would have to change?");
    expect(find<HTMLInputElement>("input[type=range]").disabled).toBe(true);
  });

  it("sends Stop and Resume", async () => {
    const fake = start({ state: "running", activity: "translating" });
    await stopAndResume(fake, await show(fake), "translating", "3 twins are kept");
  });
});

describe("the wipe", () => {
  it("is moved by keys and by the pointer, and draws both pictures", async () => {
    const { find, key } = await show(start());
    const line = find(".cfw-wipe-line");
    expect(canvas.drawnOn(find(".cfw-wipe-canvas")).slice(0, 2)).toEqual([10, 11]);
    key("ArrowRight", line);
    key("ArrowRight", line, { shiftKey: true });
    await drawn();
    expect(line.getAttribute("aria-valuenow")).toBe("62");
    expect(line.getAttribute("aria-valuetext")).toBe("62 % image, 38 % twin");
    key("End", line);
    await drawn();
    expect(line.getAttribute("aria-valuenow")).toBe("100");
    key("Home", line);
    await drawn();
    expect(line.getAttribute("aria-valuenow")).toBe("0");
    const scene = find(".cfw-wipe-scene");
    vi.spyOn(HTMLCanvasElement.prototype, "getBoundingClientRect").mockReturnValue({
      ...{ left: 100, top: 0, width: 200, height: 100, x: 100, y: 0, right: 300, bottom: 100 },
      toJSON: () => ({}),
    });
    scene.dispatchEvent(new PointerEvent("pointerdown", { clientX: 150, button: 0, bubbles: true }));
    await drawn();
    expect(line.getAttribute("aria-valuenow")).toBe("25");
    scene.dispatchEvent(new PointerEvent("pointermove", { clientX: 900, bubbles: true }));
    await drawn();
    expect(line.getAttribute("aria-valuenow")).toBe("100");
  });

  it("shows the twin of the twin, and variants with their own masks", async () => {
    const { find, all, button, scores, root } = await show(start());
    button("twin of the twin").click();
    expect(root.dataset.other).toBe("returned");
    expect(canvas.drawnOn(find(".cfw-wipe-canvas")).at(-1)).toBe(12);
    all(".cfw-variant")[1]!.click();
    await drawn();
    expect(root.dataset).toMatchObject({ other: "twin", variant: "0" });
    expect(canvas.drawnOn(find(".cfw-wipe-canvas")).at(-1)).toBe(13);
    expect(scores()).toEqual(["IoU.00", "precision.00", "recall.00", "area17 %"]);
    expect(all(".cfw-variant").map((one) => one.getAttribute("aria-checked"))).toEqual([
      ...["false", "true", "false"],
    ]);
    button("mean").click();
    await drawn();
    expect(scores()).toEqual(["IoU.50", "precision1.0", "recall.50", "area17 %"]);
  });
});

describe("the threshold", () => {
  it("leads, moves the chart's cursor, and is saved at its end", async () => {
    const fake = start();
    const { move, scores, root } = await show(fake);
    move("threshold", 200, false);
    expect(fake.state).toMatchObject({ threshold: 200 / 256, cursor: [200 / 256, 200 / 256] });
    move("threshold", 201);
    await drawn();
    expect(scores()).toEqual(["IoU.50", "precision1.0", "recall.50", "area17 %"]);
    expect(root.dataset.level).toBe("201");
    expect(fake.saved.map(({ threshold }) => threshold)).toEqual([200 / 256, 201 / 256]);
    expect(Number(root.dataset.latency)).toBeGreaterThanOrEqual(0);
  });

  it("gives the chart the curves of the image that is shown", async () => {
    const fake = start();
    await show(fake);
    expect(fake.state.curve.slice(0, 1)).toEqual([2 / 6]);
    expect(fake.state.area[32]).toBe(0.5);
    fake.receive({ chosen: 1 });
    await vi.waitFor(() => expect(fake.state.curve[0]).toBe(-1));
    expect(fake.state.area[32]).toBe(0.5);
  });

  it("has no scores where nothing is marked, and only the area without a true mask", async () => {
    const fake = start({ chosen: 1 });
    const { scores, find, button } = await show(fake);
    expect(scores()).toEqual(["IoU–", "precision–", "recall–", "area50 %"]);
    expect(text(find(".cfw-score-note"))).toContain("The true mask is empty");
    fake.receive({ chosen: 2 });
    await vi.waitFor(() => expect(scores()).toEqual(["area50 %"]));
    expect(button("true mask").hidden).toBe(true);
  });
});

describe("the set", () => {
  it("is walked by keys, and sorted", async () => {
    const fake = start();
    const { all, key, button, root, find } = await show(fake);
    const options = () => all(".cfw-film-tile");
    expect(options().map((one) => one.dataset.place)).toEqual(["0", "1", "2"]);
    expect(options().map((one) => one.tabIndex)).toEqual([0, -1, -1]);
    options()[0]!.focus();
    key("ArrowRight", options()[0]!);
    expect(fake.saved.at(-1)).toMatchObject({ chosen: 1 });
    await vi.waitFor(() => expect(root.dataset.shown).toBe("1"));
    await drawn();
    expect(text(find(".cfw-question"))).toBe("sound → cracked: what would have to change?");
    expect(options().map((one) => one.getAttribute("aria-selected"))).toEqual(["false", "true", "false"]);
    expect(text(find(".cfw-live"))).toContain("image 2: predicted sound; twin cracked");
    button("error").click();
    await drawn();
    expect(options().map((one) => one.dataset.place)).toEqual(["2", "0", "1"]);
    expect(text(options()[0])).toBe("✕ sound1.60");
    expect(text(find(".cfw-set-key"))).toBe("✕ predicted wrong");
  });

  it("waits for the kernel where an image is not at hand", async () => {
    const fake = start({ pictures: pack([bundleOf(10)]) });
    const { root, find } = await show(fake);
    fake.receive({ chosen: 2 });
    await drawn();
    expect(root.dataset.shown).toBe("0");
    expect(text(find(".cfw-wipe-name"))).toBe("this image comes from the kernel");
    fake.receive({ fetched: { key: [2, true], place: 2, pictures: wire(Uint8Array.from(bundleOf(30))) } });
    await vi.waitFor(() => expect(root.dataset.shown).toBe("2"));
  });

  it("drops what was chosen before it was decoded", async () => {
    const fake = start();
    const { root } = await show(fake);
    decoder.held = true;
    fake.receive({ chosen: 1 });
    fake.receive({ chosen: 2 });
    await vi.waitFor(() => expect(decoder.waiting()).toContain(30));
    decoder.release(30);
    decoder.held = false;
    decoder.release();
    await vi.waitFor(() => expect(root.dataset.shown).toBe("2"));
    expect(decoder.open().filter(({ from }) => from >= 20 && from < 30)).toEqual([]);
  });
});

describe("under stress", () => {
  it("asks while the panel is open, and shows the answer", async () => {
    const fake = start();
    const { find, all, move, button } = await show(fake);
    const panel = find<HTMLDetailsElement>(".cfw-stress");
    panel.open = true;
    panel.dispatchEvent(new Event("toggle"));
    expect(fake.saved.at(-1)).toMatchObject({ stressed: [0, 0] });
    move("noise", 20);
    expect(fake.saved.at(-1)!.stressed![0]).toBeCloseTo(0.1);
    const [picture, twin, difference] = bundleOf(40).length ? [41, 42, 43] : [];
    fake.receive({
      stress: {
        ...{ chosen: 0, asked: [...fake.state.stressed], image: [0.2, 0.5, 0.3], second: [] },
        ...{ picture: wire(Uint8Array.of(picture!)), twin: wire(Uint8Array.of(twin!)) },
        difference: wire(Uint8Array.of(difference!)),
      },
    });
    await vi.waitFor(() => expect(canvas.drawnOn(all(".cfw-stress-canvas")[1]!)).toContain(42));
    expect(canvas.drawnOn(all(".cfw-stress-canvas")[0]!)).toContain(41);
    expect(all(".cfw-stress tbody tr").map(text)).toEqual(["sound.20", "cracked.50", "painted.30"]);
    move("attack step", 10);
    expect(fake.saved.at(-1)!.stressed).toEqual([0, 0.01]);
    expect(fake.state.strength).toEqual([0.01, 0.01]);
    button("measure the curve").click();
    expect(fake.saved.at(-1)).toMatchObject({ curves: "pgd" });
    panel.open = false;
    panel.dispatchEvent(new Event("toggle"));
    expect(fake.saved.at(-1)).toMatchObject({ stressed: [] });
  });
});

describe("the end", () => {
  it("leaves no listener and no picture", async () => {
    const fake = start();
    const { end, el } = await show(fake);
    await vi.waitFor(() => expect(decoder.open().length).toBeGreaterThan(5));
    await drawn();
    end();
    expect(fake.listeners()).toBe(0);
    expect(decoder.open()).toEqual([]);
    expect(el.children.length).toBe(0);
  });

  it("two views of one model share the image and the threshold, not the wipe", async () => {
    const fake = start();
    const [one, other] = [await show(fake), await show(fake)];
    one.key("Home", one.find(".cfw-wipe-line"));
    one.move("threshold", 64);
    await drawn();
    expect(one.find(".cfw-wipe-line").getAttribute("aria-valuenow")).toBe("0");
    expect(other.find(".cfw-wipe-line").getAttribute("aria-valuenow")).toBe("50");
    expect(other.root.dataset.level).toBe("64");
  });
});

describe("what linked views share", () => {
  const box = (left: number, top: number, right: number, bottom: number) => [
    [left, top, right, top, right, bottom, left, bottom],
  ];

  it("stands over the wipe and the mask, with the share of the difference", async () => {
    const fake = start({ point: [0.5, 0.25], region: box(0, 0.5, 1, 1) });
    const { all, find, root, key } = await show(fake);
    expect(all(".cfw-shared")).toHaveLength(2);
    expect(all(".cfw-cross").map(({ style }) => style.translate)).toEqual(["50% 25%", "50% 25%"]);
    // Levels 0, 10, 200; 0, 128, 255.
    expect(text(find(".cfw-share"))).toBe("65 % of the difference in 50 % of the picture");
    key("Escape", root);
    expect(fake.state.region).toEqual([]);
    fake.receive({ point: [] });
    await drawn();
    key("m", root);
    // Around the pixel that differs most.
    expect(fake.state.region).toEqual(box(0.75, 0.75, 0.875, 0.875));
    expect(fake.saved).toEqual([]);
  });

  it("is drawn without wiping", async () => {
    const fake = start();
    const { find } = await show(fake);
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue({
      ...{ left: 100, top: 0, width: 300, height: 200, x: 100, y: 0, right: 400, bottom: 200 },
      toJSON: () => ({}),
    });
    const before = find(".cfw-wipe-line").style.left;
    const at = async (type: string, x: number, y: number) => {
      find(".cfw-wipe-canvas").dispatchEvent(
        new PointerEvent(type, { clientX: x, clientY: y, bubbles: true, shiftKey: true, button: 0 }),
      );
      await drawn();
    };
    await at("pointerdown", 130, 20);
    await at("pointerup", 130, 20);
    expect(fake.state.region).toEqual(box(0, 0, 0.125, 0.125));
    expect(find(".cfw-wipe-line").style.left).toBe(before);
    await at("pointermove", 250, 100);
    expect(fake.state.point).toEqual([0.5, 0.5]);
  });
});
