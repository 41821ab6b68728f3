import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/relevance";
import type { Traits } from "../src/relevance/traits";
import { fakeModel, pack, wire } from "./fake";
import { drawn, mount, text, tidy } from "./mount";
import { stubBitmaps, stubCanvas } from "./pictures";
import { entryOf, relevanceState } from "./relevance/fake";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let decoder: ReturnType<typeof stubBitmaps>;
let canvas: ReturnType<typeof stubCanvas>;

beforeEach(() => {
  decoder = stubBitmaps();
  canvas = stubCanvas();
});
afterEach(tidy);

const start = (changes: Partial<Traits> = {}) => fakeModel(relevanceState(changes));

async function show(fake: Fake, ready = true) {
  const shown = mount(view, fake.view(), "relevance");
  if (ready) await shown.ready();
  await drawn();
  const values = () => shown.all(".cfw-value:not([hidden])").map(text);
  return { ...shown, values };
}

describe("what stands in the view", () => {
  it("is a map each method, with its numbers, and the reason of one that refuses", async () => {
    const { find, all, root } = await show(start());
    expect(text(find(".cfw-question"))).toMatch(/^What speaks for cat.*\?$/);
    expect(all(".cfw-multiple[data-method] .cfw-multiple-name").map(text)).toEqual([
      "RAP",
      "LRP",
      "Grad-CAM",
    ]);
    expect(all(".cfw-refusal:not([hidden])").map(text)).toEqual(["no rule for this <b>network</b>"]);
    expect(all("[data-method=rap] .cfw-figures li").map(text)).toEqual([
      ...["✓in order: deletion.21random .40", "✗not in order: insertion.50random .41"],
      ...["✓in order: completeness error.004", "✗not in order: randomised.91says nothing", "time0.25 s"],
    ]);
    expect(all(".cfw-legend:not([hidden])").map(text)).toEqual(["−2.00+2.00", "−4.00+4.00"]);
    expect(root.dataset).toMatchObject({ state: "done", chosen: "rap", mode: "overlay", answered: "1" });
    expect(text(find(".cfw-trust tbody"))).toContain("deletion area of rap");
  });

  it("takes text from the kernel as text", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const fake = start({
      ...{ labels: [nasty, nasty, nasty], caveats: [nasty], error: nasty, notes: nasty, against: 2 },
      entries: [entryOf({ stages: [{ layer: nasty, alike: 0.1, changed: true, peak: 1 }] })],
      layers: [1, 2].map(() => ({ layer: nasty, after: 0, refusal: nasty, peak: 0 })),
    });
    const { root } = await show(fake);
    expect(root.querySelector("img")).toBeNull();
    expect(text(root)).toContain(nasty);
  });

  it("says what it waits for, and what failed", async () => {
    const empty = {
      picture: null,
      entries: [],
      maps: null,
      hiding: null,
      answer: null,
      layers: [],
      trust: [],
    };
    const fake = start({ ...empty, layer_maps: null, stage_maps: null, state: "running", activity: "rap" });
    const { find, all } = await show(fake, false);
    expect(text(find(".cfw-placeholder"))).toBe("rap");
    expect([find(".cfw-hide").hidden, find(".cfw-tools").hidden]).toEqual([true, true]);
    expect(all(".cfw-scrub").every(({ hidden }) => hidden)).toBe(true);
    fake.receive({ state: "failed", error: "the network broke" });
    await drawn();
    expect(text(find(".cfw-placeholder[role=alert]"))).toBe("the network broke");
  });

  it("says which maps cannot be read", async () => {
    const { find } = await show(start({ maps: pack([[1, 2, 3], [], []]) }), false);
    await vi.waitFor(() => expect(text(find(".cfw-placeholder"))).toContain("maps cannot be read"));
  });

  it("draws a region that is there from the first", async () => {
    const { root } = await show(start({ region: [[0, 0, 1, 0, 1, 1, 0, 1]] }));
    expect(text(root.querySelector(".cfw-share:not([hidden])"))).toMatch(/^100 % of the relevance/);
  });

  it("fills in as maps come, and ends without a trace", async () => {
    const fake = start({ entries: [], maps: null, stage_maps: null, hiding: null, answer: null });
    const { end, root, all } = await show(fake, false);
    fake.receive({ entries: [entryOf()], maps: relevanceState().maps });
    await vi.waitFor(() => expect(root.dataset.ready).toBe("1"));
    expect(all(".cfw-multiple[data-method]")).toHaveLength(1);
    end();
    await drawn();
    expect(fake.listeners()).toBe(0);
    expect(decoder.open()).toEqual([]);
  });
});

describe("reading a pixel", () => {
  it("by arrow keys gives the values of all maps, and says them", async () => {
    const fake = start();
    const { find, key, values, root } = await show(fake);
    expect(values()).toEqual(["–", "–"]);
    key("ArrowRight", find(".cfw-multiples"));
    await drawn();
    expect(fake.state.point).toEqual([0.5, 0.75]);
    key("ArrowUp", find(".cfw-multiples"));
    await drawn();
    expect(values()).toEqual(["+2.00", "0"]);
    expect(text(find(".cfw-live"))).toBe("row 0, column 1: RAP +2.00, Grad-CAM 0");
    key("ArrowLeft", find(".cfw-multiples"), { shiftKey: true });
    await drawn();
    expect(values()).toEqual(["0", "+4.00"]);
    expect(root.dataset.pixel).toBe("0,0");
    expect(fake.saved).toEqual([]);
    key("Escape", find(".cfw-multiples"));
    await drawn();
    expect(fake.state.point).toEqual([]);
  });

  it("follows the pointer, returns to the pixel that was clicked on, and hears of other views", async () => {
    const fake = start();
    const { find, values } = await show(fake);
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue({
      ...{ left: 100, top: 0, width: 300, height: 200, x: 100, y: 0, right: 400, bottom: 200 },
      toJSON: () => ({}),
    });
    const plate = find("[data-method=rap] .cfw-plate");
    const at = (type: string, x: number, y: number) =>
      plate.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, bubbles: true }));
    at("click", 250, 10);
    at("pointermove", 110, 10);
    await drawn();
    expect(values()).toEqual(["0", "+4.00"]);
    at("pointerleave", 0, 0);
    await drawn();
    expect(values()).toEqual(["+2.00", "0"]);
    fake.receive({ point: [1, 1] });
    await drawn();
    expect(values()).toEqual(["0", "+2.00"]);
    fake.receive({ point: [9, 9] });
    await drawn();
    expect(values()).toEqual(["–", "–"]);
    expect(fake.saved).toEqual([]);
  });

  it("draws the crosshair over the maps, where the pixel is", async () => {
    const { all, find, key } = await show(start());
    const crosses = () =>
      all(".cfw-plate > .cfw-shared > .cfw-cross").filter(
        (cross) => !cross.hidden && cross.closest("[hidden]") === null,
      );
    expect(crosses()).toEqual([]);
    key("ArrowRight", find(".cfw-multiples"));
    expect(new Set(crosses().map(({ style }) => style.translate))).toEqual(new Set(["50% 75%"]));
    expect(find("[data-method=grad_cam] .cfw-cross").hidden).toBe(false);
    expect(all(".cfw-film-tile .cfw-shared")).toEqual([]);
  });
});

describe("a region", () => {
  it("is outlined over each map, which says how much of it lies there", async () => {
    const fake = start();
    const { all, find } = await show(fake);
    expect(all(".cfw-share:not([hidden])")).toEqual([]);
    // The maps of 2 by 3 pixels: of the first two thirds lie here, of the second nothing.
    fake.receive({ region: [[1 / 3, 0, 2 / 3, 0, 2 / 3, 0.5, 1 / 3, 0.5]] });
    await drawn();
    const words = (share: string) => `${share} of the relevance in 17 % of the picture`;
    expect(text(find("[data-method=rap] .cfw-share"))).toBe(words("67 %"));
    expect(text(find("[data-method=grad_cam] .cfw-share"))).toBe(words("0.0 %"));
    const path = find("[data-method=rap] path").getAttribute("d");
    expect(path).toMatch(/^M0.33.*Z$/);
    fake.receive({ region: [] });
    await drawn();
    expect(all(".cfw-share:not([hidden])")).toEqual([]);
    expect(find("[data-method=rap] path").getAttribute("d")).toBe("");
  });

  it("has its share also where it is there from the first", async () => {
    const { find, all } = await show(start({ region: [[0, 0, 1, 0, 1, 1, 0, 1]] }));
    expect(text(find("[data-method=rap] .cfw-share"))).toBe("100 % of the relevance in 100 % of the picture");
    expect(all(".cfw-share:not([hidden])")).toHaveLength(2);
  });

  it("is marked and cleared by keys, without a word to the kernel", async () => {
    const fake = start();
    const { find, key } = await show(fake);
    key("ArrowRight", find(".cfw-multiples"));
    await drawn();
    key("m", find(".cfw-multiples"));
    expect(fake.state.region).toEqual([[0.5, 0.75, 0.625, 0.75, 0.625, 0.875, 0.5, 0.875]]);
    await drawn();
    key("Escape", find(".cfw-multiples"));
    await drawn();
    expect(fake.state.region).toEqual([]);
    expect(fake.state.point).toEqual([0.5, 0.75]);
    key("Escape", find(".cfw-multiples"));
    await drawn();
    expect(fake.state.point).toEqual([]);
    expect(fake.saved).toEqual([]);
  });
});

describe("how maps are looked at", () => {
  it("is chosen for all of them", async () => {
    const { all, button, find, root, move, values, key } = await show(start());
    const rap = find("[data-method=rap] canvas");
    expect(canvas.drawnOn(rap)).toContain(7);
    const before = canvas.drawnOn(rap).length;
    button("map alone").click();
    await drawn();
    expect(root.dataset.mode).toBe("alone");
    expect(canvas.drawnOn(rap).slice(before)).toEqual([undefined]);
    expect(find(".cfw-multiple").hidden).toBe(true);
    button("side by side").click();
    button("one scale").click();
    button("sign").click();
    await drawn();
    expect(root.dataset).toMatchObject({ mode: "beside", scale: "one", signed: "false" });
    expect(find(".cfw-multiple").hidden).toBe(false);
    expect(all(".cfw-legend:not([hidden])").map(text)).toEqual(["0+4.00", "0+4.00"]);
    key("ArrowUp", find(".cfw-multiples"));
    key("ArrowUp", find(".cfw-multiples"));
    await drawn();
    expect(values()[0]).toBe("+2.00");
    move("smoothing", 20);
    await drawn();
    expect(values()[0]).not.toBe("–");
  });
});

describe("hiding pixels", () => {
  it("leads in the browser and is asked of the kernel", async () => {
    const fake = start();
    const { move, find, root, button } = await show(fake);
    expect(text(find(".cfw-hide .cfw-heading"))).toBe("Without the most relevant pixels, by RAP");
    expect(text(find(".cfw-big"))).toBe(".300");
    expect(text(find(".cfw-delta"))).toBe("▼ .500 against the whole picture");
    move("hidden", 40);
    await drawn();
    expect(fake.state).toMatchObject({ hiding: { percent: 40 }, cursor: [40, 40] });
    expect(fake.saved.at(-1)).toMatchObject({ hiding: { method: "rap", percent: 40, least: false } });
    expect(root.dataset.answered).toBeUndefined();
    fake.receive({ answer: { ...fake.state.answer!, hiding: fake.state.hiding!, probability: 0.1 } });
    await drawn();
    expect(root.dataset.answered).toBe("1");
    expect(text(find(".cfw-big"))).toBe(".100");
    fake.receive({ hiding: { ...fake.state.hiding!, percent: 60 } });
    await drawn();
    expect(fake.state.cursor).toEqual([60, 60]);
    fake.receive({ hiding: { ...fake.state.hiding!, percent: 40 } });
    button("least relevant").click();
    button("noise").click();
    await drawn();
    expect(fake.saved.at(-1)?.hiding).toEqual({ method: "rap", percent: 40, least: true, fill: "noise" });
  });

  it("is by the map that was chosen; one that refused cannot be", async () => {
    const fake = start();
    const { button, root, find } = await show(fake);
    button("LRP").click();
    expect(fake.saved).toEqual([]);
    button("Grad-CAM").click();
    await drawn();
    expect(fake.saved.at(-1)?.hiding?.method).toBe("grad_cam");
    expect(root.dataset.chosen).toBe("grad_cam");
    expect(text(find(".cfw-hide .cfw-heading"))).toContain("by Grad-CAM");
  });

  it("shows the picture that the kernel painted", async () => {
    const hiding = { method: "rap", percent: 10, least: false, fill: "inpaint" };
    const fake = start({
      hiding,
      answer: { ...relevanceState().answer!, hiding, picture: wire(Uint8Array.of(50)) },
    });
    const { find } = await show(fake);
    await vi.waitFor(() => expect(canvas.drawnOn(find(".cfw-hide canvas")).at(-1)).toBe(50));
  });

  it("explains another class, and the other way round", async () => {
    const fake = start({ against: 0 });
    const { all } = await show(fake);
    const names = all(".cfw-bar-name");
    const name = (label: string) => names.find((one) => text(one) === label)!;
    name("cat").click();
    expect(fake.saved).toEqual([]);
    name("dog").click();
    expect(fake.saved.at(-1)).toEqual({ target: 2 });
    name("tench").click();
    expect(fake.saved.at(-1)).toEqual({ target: 0, against: 2 });
  });

  it("compares with a class that is chosen", async () => {
    const fake = start();
    const { all, find } = await show(fake);
    expect(text(find(".cfw-question"))).toContain(" rather than ");
    const picker = all(".cfw-picker")[1]!;
    expect(text(picker.querySelector(".cfw-picker-name"))).toBe("anything else");
    const choose = (label: string) => {
      picker.querySelector<HTMLElement>(".cfw-picker-button")!.click();
      const options = [...picker.querySelectorAll<HTMLElement>(".cfw-picker-option")];
      options
        .find((one) => text(one).startsWith(label))!
        .dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    };
    choose("dog");
    await drawn();
    expect(fake.saved.at(-1)).toEqual({ against: 2 });
    expect(text(picker.querySelector(".cfw-picker-name"))).toBe("dog");
    choose("cat");
    expect(fake.saved.at(-1)).toEqual({ target: 2, against: 1 });
    choose("anything else");
    expect(fake.saved.at(-1)).toEqual({ against: -1 });
  });
});

describe("maps one after the other", () => {
  it("are the layers, with the reason of one that has none", async () => {
    const fake = start();
    const { all, move, find } = await show(fake);
    const [layers] = all(".cfw-scrub");
    expect(all(".cfw-scrub .cfw-film-tile").map(text)).toEqual([
      ...["conv1", "conv2", "odd", "trained", "fc", "everything"],
    ]);
    const verdict = () => text(layers!.querySelector(".cfw-verdict"));
    expect(verdict()).toBe("conv2: 50 % of the layers with weights come after it");
    move("layer", 2);
    await drawn();
    expect(verdict()).toBe("odd: it has no places");
    fake.receive({ layers: [fake.state.layers[0]!, { ...fake.state.layers[1]!, peak: 0 }] });
    await drawn();
    expect(verdict()).toBe(
      "conv2: 0 everywhere: nothing in it speaks for the class, or the answer does not read it",
    );
    expect(layers!.querySelectorAll("[aria-selected=true]")).toHaveLength(1);
    expect(fake.saved).toEqual([]);
    expect(find(".cfw-scrub").dataset.at).toBe("1");
  });

  it("are the stages of the randomised network, with the correlation and what it means", async () => {
    const { all, move } = await show(start());
    const stages = all(".cfw-scrub")[1]!;
    const verdict = () => text(stages.querySelector(".cfw-verdict"));
    expect(verdict()).toMatch(/^trained: .* a map that stays as it is says nothing /);
    move("randomised", 1);
    await drawn();
    expect(verdict()).toBe("random from fc on: rank correlation with the trained map .43");
    all(".cfw-scrub")[1]!.querySelectorAll<HTMLElement>(".cfw-film-tile")[2]!.click();
    await drawn();
    expect(verdict()).toContain("it says nothing about what the network has learnt");
  });

  it("are missing for a map that was not checked, and it is said", async () => {
    const fake = start({ measures: false });
    const { all, button } = await show(fake);
    const stages = all(".cfw-scrub")[1]!;
    button("Grad-CAM").click();
    await drawn();
    expect(stages.hidden).toBe(true);
    fake.receive({ measures: true });
    await drawn();
    expect(text(stages.querySelector(".cfw-verdict"))).toMatch(/^Not checked for Grad-CAM/);
    for (const state of ["running", "stopped", "failed"] as const) {
      fake.receive({ state });
      await drawn();
      expect(text(stages.querySelector(".cfw-verdict"))).toMatch(/at the end of the run/);
    }
    expect(
      [...stages.querySelectorAll<HTMLElement>(".cfw-plate, .cfw-film")].map(({ hidden }) => hidden),
    ).toContain(true);
  });
});

describe("without a kernel", () => {
  it("reads and hides, and says that no prediction comes", async () => {
    const fake = start();
    const model = fake.view();
    const { get } = model;
    // biome-ignore lint/suspicious/noExplicitAny: the layout is no trait of the view's table
    (model as any).get = (name: any) => (name === "layout" ? { comm_live: false } : get(name));
    const { root, ready } = mount(view, model, "relevance");
    await ready();
    expect(text(root.querySelector(".cfw-alone"))).toContain("new predictions do not");
    const hidden = root.querySelector<HTMLInputElement>('input[aria-label="hidden"]')!;
    expect(hidden.disabled).toBe(false);
    hidden.value = "50";
    hidden.dispatchEvent(new Event("input", { bubbles: true }));
    await drawn();
    expect(text(root.querySelector(".cfw-delta"))).toContain("no answer yet");
    const disabled = [...root.querySelectorAll<HTMLButtonElement>("button:disabled")].map(text);
    expect(disabled).toEqual(expect.arrayContaining(["inpaint", "dog"]));
    expect(disabled).not.toContain("noise");
  });
});
