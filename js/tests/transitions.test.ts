import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/transitions";
import type { Traits } from "../src/transitions/traits";
import { EMPTY, fakeModel, numbered, pack, wire } from "./fake";
import { drawn, endBySignal, mount, stopAndResume, text, tidy } from "./mount";
import { stubBitmaps, stubCanvas } from "./pictures";
import { pathOf, transitionState } from "./transitions/fake";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let decoder: ReturnType<typeof stubBitmaps>;

beforeEach(() => {
  decoder = stubBitmaps();
});
afterEach(tidy);

const start = (changes: Partial<Traits> = {}) => fakeModel(transitionState(changes));

/** A view on the page, when a frame was painted. */
async function show(fake: Fake, ready = true) {
  const shown = mount(view, fake.view(), "transitions");
  if (ready) await shown.ready();
  const input = shown.find<HTMLInputElement>("input[type=range]");
  const scrub = (value: number, last = false) => {
    input.value = String(value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    if (last) input.dispatchEvent(new Event("change"));
  };
  const key = (name: string, on: Element = input, more: KeyboardEventInit = {}) => shown.key(name, on, more);
  const row = (i: number) => [...shown.all(".cfw-row")[i]!.children] as HTMLButtonElement[];
  const painted = (phase: number) => vi.waitFor(() => expect(shown.root.dataset.painted).toBe(String(phase)));
  return { ...shown, input, scrub, key, row, painted };
}

describe("what stands in the view", () => {
  it("asks why, and says how sure the model is at the phase", async () => {
    const { root, find, all } = await show(start());
    expect(text(find(".cfw-question"))).toMatch(/^Why 9 rather than 4▾/);
    expect(text(find(".cfw-question"))).toMatch(/\?$/);
    expect(text(find(".cfw-status"))).toBe("done");
    expect(text(find(".cfw-counts"))).toBe("update 2,000 of 2,000 · 96 candidates");
    expect(text(find(".cfw-help-panel"))).toContain("Suzuki et al. 2021");
    expect(all(".cfw-sure-row").map(text)).toEqual(["●9.800", "▲4.200"]);
    expect(all(".cfw-sure-row b").map(({ style }) => style.left)).toEqual(["91.3%", "8.1%"]);
    expect(text(find(".cfw-prediction"))).toBe("● predicted 9");
    expect(text(find(".cfw-read"))).toBe("predicted 9");
    expect(all(".cfw-top li").map(text)).toEqual(["● 9.913", "▲ 4.081", "7.003"]);
    expect(text(find(".cfw-slider-value"))).toBe("2 of 10");
    expect(text(find(".cfw-scale"))).toBe("−0.12+0.12logits a pixel");
    expect(text(find(".cfw-line"))).toBe("the decision flips at phase 6");
    expect(text(find(".cfw-trust tbody"))).toBe("agreement, 5 seeds.68chance .33");
    expect({ ...root.dataset }).toMatchObject({
      ...{ ready: "1", state: "done", phase: "2", painted: "2", flip: "6", mode: "overlay", path: "full" },
    });
    expect(find(".cfw-slider-mark").style.getPropertyValue("--c-at")).toBe("0.6");
  });

  it("has the words that fit what the model made of the image", async () => {
    const fake = start({ predicted: 4 });
    const { find } = await show(fake);
    const picker = find(".cfw-picker");
    expect(text(find(".cfw-question"))).toMatch(/^Predicted 4▾.*\. What would make it 9\?$/);
    fake.receive({ predicted: 7 });
    await drawn();
    expect(text(find(".cfw-question"))).toMatch(/^Between 9 and 4▾.* \(predicted 7\)$/);
    fake.receive({ predicted: -1, wrong: -1, correct: -1 });
    await drawn();
    expect(text(find(".cfw-question"))).toMatch(/^Why … rather than …/);
    expect(find(".cfw-picker")).toBe(picker);
  });

  it("takes text from the kernel as text", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const fake = start({
      labels: Array(10).fill(nasty),
      ...{ error: nasty, notes: nasty, counts: nasty, activity: nasty, state: "running" },
      trust: [{ name: nasty, value: nasty, note: nasty, help: nasty, ok: null }],
    });
    const { root, find, row } = await show(fake);
    find(".cfw-picker-button").click();
    expect(root.querySelector("img")).toBeNull();
    expect(text(find(".cfw-picker-name"))).toBe(nasty);
    expect(text(find(".cfw-notes"))).toBe(nasty);
    expect(text(find("[role=alert]"))).toBe(nasty);
    expect(row(0)[0]!.title).toContain(nasty);
  });

  it("asks about another class, which a new run answers", async () => {
    const fake = start();
    const { find, all } = await show(fake);
    find(".cfw-picker-button").click();
    // The wrong class is not one of them.
    expect(all(".cfw-picker-option").map(text)).toEqual(["4.081", "7.003"]);
    all(".cfw-picker-option")[1]!.dispatchEvent(new Event("pointerdown"));
    expect(fake.saved).toMatchObject([{ correct: 7 }]);
  });

  it("sends Stop and Resume", async () => {
    const fake = start({ state: "running", activity: "searching" });
    await stopAndResume(fake, await show(fake), "searching", "the candidates so far are kept");
  });
});

describe("states without a path", () => {
  const nothing = {
    ...{ gallery: [], gallery_tiles: EMPTY, gallery_maps: EMPTY, best: [] as [] },
    ...{ path: null, frames: EMPTY, maps: EMPTY, answer: null, trust: [] },
  };

  it("show the image while the search runs, and what will be there", async () => {
    const { drawn: pictures } = stubCanvas();
    const { root, find } = await show(start({ ...nothing, state: "running" }), false);
    await vi.waitFor(() =>
      expect(pictures.some(({ picture }) => (picture as { from?: number }).from === 200)).toBe(true),
    );
    await drawn();
    expect(text(find(".cfw-gallery-words"))).toBe("candidates appear as the search runs");
    expect(text(find(".cfw-line"))).toBe("a transition appears when both rows have a candidate");
    expect(find(".cfw-placeholder").hidden).toBe(true);
    expect(text(find(".cfw-trust-later"))).toBe("measured when the run has ended");
    expect(find<HTMLInputElement>("input[type=range]").disabled).toBe(true);
    expect([root.dataset.ready, root.dataset.path]).toEqual([undefined, ""]);
    expect(find("[aria-label=Play]").getAttribute("aria-disabled")).toBe("true");
  });

  it("say that a transition is drawn as soon as there are candidates", async () => {
    const { find } = await show(start({ path: null, frames: EMPTY, maps: EMPTY, state: "running" }), false);
    await drawn();
    expect(text(find(".cfw-line"))).toBe("drawing a transition of the best candidates");
  });

  it("show an error where the picture would be, and under the head line where there is one", async () => {
    const fake = start({ ...nothing, picture: EMPTY, state: "failed", error: "no class '17'" });
    const { find, all } = await show(fake, false);
    await drawn();
    expect(text(find(".cfw-placeholder"))).toBe("no class '17'");
    expect(find(".cfw-placeholder").getAttribute("role")).toBe("alert");
    expect(find(".cfw-alert").hidden).toBe(true);
    fake.receive({ picture: wire(Uint8Array.of(200)) });
    await drawn();
    expect(all("[role=alert]:not([hidden])").map(text)).toEqual(["no class '17'"]);
    expect(find(".cfw-alert").hidden).toBe(false);
    expect(text(find(".cfw-gallery-words"))).toBe("none was found");
  });
});

describe("scrubbing", () => {
  it("leads, moves the charts' cursor, and is saved at its end", async () => {
    const fake = start();
    const { scrub, painted, find, root } = await show(fake);
    scrub(3);
    expect(fake.state).toMatchObject({ phase: 3, cursor: [3, 3] });
    scrub(7);
    scrub(8, true);
    await painted(8);
    expect(text(find(".cfw-slider-value"))).toBe("8 of 10");
    expect(text(find(".cfw-prediction"))).toBe("▲ predicted 4");
    expect(text(find(".cfw-live"))).toBe("phase 8: 9 .20, 4 .80");
    expect(fake.saved.map(({ phase }) => phase)).toEqual([3, 8]);
    expect(Number(root.dataset.latency)).toBeGreaterThanOrEqual(0);
  });

  it("is not disturbed by what comes from the kernel meanwhile, and follows it else", async () => {
    const fake = start();
    const { scrub, painted } = await show(fake);
    scrub(7);
    fake.receive({ phase: 1 });
    await painted(7);
    scrub(8, true);
    expect(fake.state.phase).toBe(8);
    fake.receive({ phase: 4 });
    await painted(4);
    expect(fake.state.cursor).toEqual([4, 4]);
  });

  it("works by keys, which stay in the view", async () => {
    const fake = start();
    const { key, find, root, painted } = await show(fake);
    const outside = vi.fn();
    document.body.addEventListener("keydown", outside);
    const phases = ["ArrowRight", "ArrowUp", "ArrowLeft", "PageUp", "End", "Home", "f"].map((name) => {
      expect(key(name).defaultPrevented).toBe(true);
      return fake.state.phase;
    });
    expect(phases).toEqual([3, 4, 3, 4, 10, 0, 6]);
    key("ArrowLeft", find("[aria-label^=Speed]"), { shiftKey: true });
    expect(fake.state.phase).toBe(0);
    // What is not of this view goes its way, but not to the notebook; what is the notebook's does.
    expect(key("x").defaultPrevented).toBe(false);
    expect(key("ArrowUp", find("[aria-label^=Speed]")).defaultPrevented).toBe(false);
    expect(outside).not.toHaveBeenCalled();
    key("s", root, { ctrlKey: true });
    expect(outside).toHaveBeenCalledTimes(1);
    document.body.removeEventListener("keydown", outside);
    await painted(0);
    await vi.waitFor(() => expect(text(find(".cfw-live"))).toBe("phase 0: 9 1.0, 4 .00"));
    expect(fake.saved.at(-1)).toMatchObject({ phase: 0 });
  });

  it("leaves typing alone", async () => {
    const fake = start();
    const { key, find } = await show(fake);
    find(".cfw-picker-button").click();
    for (const name of ["f", " ", "p", "Home"])
      expect(key(name, find(".cfw-picker-input")).defaultPrevented).toBe(false);
    expect(key(" ", find("[aria-label=Play]")).defaultPrevented).toBe(false);
    expect(fake.state.phase).toBe(2);
  });

  it("jumps to the flip and to typical phases, of which it marks the nearest", async () => {
    const fake = start();
    const { button, all, painted } = await show(fake);
    const marked = () => all(".cfw-strip [aria-current]").map((tile) => text(tile));
    expect(marked()).toEqual(["0"]);
    button("flip").click();
    await painted(6);
    expect(marked()).toEqual(["5"]);
    all(".cfw-strip button")[2]!.click();
    await painted(10);
    expect(marked()).toEqual(["10"]);
    expect(all(".cfw-strip button")[2]!.title).toBe("go to phase 10, predicted 4");
  });

  it("shows the nearest decoded frame until the wanted one is there", async () => {
    const fake = start({ path: { ...pathOf(), strip: [] } });
    decoder.held = true;
    const { scrub, root, painted } = await show(fake, false);
    await vi.waitFor(() => expect(decoder.waiting()).toContain(2));
    decoder.release();
    await painted(2);
    scrub(9);
    await vi.waitFor(() => expect(root.dataset.phase).toBe("9"));
    const stand = Number(root.dataset.painted);
    expect(stand).toBeLessThan(9);
    expect(root.dataset.exact).toBeUndefined();
    await vi.waitFor(() => expect(decoder.waiting()).toEqual(expect.arrayContaining([9, 59])));
    decoder.release(9);
    decoder.release(59);
    await painted(9);
    expect(root.dataset.exact).toBeDefined();
  });

  it("has no flip where there is none", async () => {
    const { button, key, root, find } = await show(start({ path: { ...pathOf(), flip: null } }));
    expect(button("flip").getAttribute("aria-disabled")).toBe("true");
    key("f");
    expect([root.dataset.flip, root.dataset.phase]).toEqual(["", "2"]);
    expect(find(".cfw-slider-mark").hidden).toBe(true);
    expect(text(find(".cfw-line"))).toBe("the decision does not flip");
  });
});

describe("playing", () => {
  it("goes to the end, and saves no more than once a second", async () => {
    const fake = start({ phase: 8 });
    const { key, root, button } = await show(fake);
    for (const name of ["×1", "×2"]) {
      button(name).click();
      await drawn();
    }
    key(" ");
    await vi.waitFor(() => expect(root.dataset.playing).toBe("1"));
    await vi.waitFor(() => expect(root.dataset.playing).toBeUndefined(), { timeout: 3000 });
    expect(root.dataset.phase).toBe("10");
    expect(fake.saved.length).toBeLessThanOrEqual(2);
    expect(fake.saved.at(-1)).toMatchObject({ phase: 10 });
  });

  it("stops where one scrubs, and begins again at the start from the end", async () => {
    const fake = start({ phase: 10 });
    const { key, root, scrub } = await show(fake);
    key("p");
    await vi.waitFor(() => expect(Number(root.dataset.phase)).toBeLessThan(5));
    expect(root.dataset.playing).toBe("1");
    scrub(7, true);
    await vi.waitFor(() => expect(root.dataset.playing).toBeUndefined());
    await drawn();
    expect(root.dataset.phase).toBe("7");
  });

  it("loops when it is told to", async () => {
    const fake = start({ phase: 9 });
    const { button, key, root } = await show(fake);
    for (const name of ["×1", "×2"]) {
      button(name).click();
      await drawn();
    }
    expect(button("×4")).toBeDefined();
    button("loop").click();
    await drawn();
    expect(button("loop").getAttribute("aria-pressed")).toBe("true");
    key(" ");
    await vi.waitFor(() => expect(Number(root.dataset.phase)).toBeLessThan(5), { timeout: 3000 });
    expect(root.dataset.playing).toBe("1");
  });
});

describe("the way of drawing", () => {
  it("changes what is drawn, and says what the colours mean", async () => {
    const { texts } = stubCanvas();
    const { root, button, find } = await show(start());
    button("side by side").click();
    await vi.waitFor(() => expect(texts).toContain("phase 2"));
    expect(texts).toContain("for 9");
    button("▲for 4").click();
    await vi.waitFor(() => expect(texts).toContain("for 4"));
    expect(button("▲for 4").getAttribute("aria-pressed")).toBe("true");
    button("difference").click();
    await drawn();
    expect(text(find(".cfw-scale"))).toBe("−1+1brightness");
    expect(find(".cfw-sides").hidden).toBe(true);
    button("attribution").click();
    await vi.waitFor(() => expect(texts).toContain("+70 %"));
    expect(texts).toContain("−25 %");
    expect(text(find(".cfw-scale"))).toBe("againstwith the change+7.9 log-odds, convergence delta 0.03");
    button("plain").click();
    await drawn();
    expect(find(".cfw-scale").classList).toContain("cfw-invisible");
    expect(root.dataset.mode).toBe("plain");
  });

  it("offers only what there is", async () => {
    const { button, root } = await show(
      start({ maps: EMPTY, picture: EMPTY, picture_maps: EMPTY, answer: null }),
    );
    const missing = ["overlay", "side by side", "difference", "attribution", "plain"].filter((name) =>
      button(name).hasAttribute("aria-disabled"),
    );
    expect(missing).toEqual(["overlay", "side by side", "difference", "attribution"]);
    button("attribution").click();
    await drawn();
    expect(root.dataset.mode).toBe("overlay");
  });
});

describe("the gallery", () => {
  it("has a row for each class, the ends of the path picked", async () => {
    const { all, row } = await show(start());
    expect(all(".cfw-row-head").map(text)).toEqual(["● predicted 92", "▲ predicted 43"]);
    expect(row(1).map(text)).toEqual([".84", ".80", ".70"]);
    expect(row(0)[0]!.getAttribute("aria-label")).toBe(
      "candidate 17: predicted 9 with .93, cosine similarity .81",
    );
    expect([...row(0), ...row(1)].map((tile) => tile.getAttribute("aria-pressed"))).toEqual([
      ...["true", "false", "true", "false", "false"],
    ]);
  });

  it("picks an end, beside the other one that is shown, and goes back to the best", async () => {
    const fake = start();
    const { row, button } = await show(fake);
    row(1)[1]!.click();
    expect(fake.saved).toMatchObject([{ picked: [17, 41], following: false }]);
    await drawn();
    expect(row(1).map((tile) => tile.getAttribute("aria-pressed"))).toEqual(["false", "true", "false"]);
    // While nobody is in the row, Tab leads to the picked one.
    expect(row(1).map(({ tabIndex }) => tabIndex)).toEqual([-1, 0, -1]);
    expect(button("best").getAttribute("aria-pressed")).toBe("false");
    row(0)[1]!.click();
    expect(fake.saved[1]).toEqual({ picked: [23, 41] });
    row(0)[1]!.click();
    expect(fake.saved.length).toBe(2);
    button("best").click();
    expect(fake.saved[2]).toEqual({ following: true });
    await drawn();
    expect(row(1)[0]!.getAttribute("aria-pressed")).toBe("true");
  });

  it("picks nothing while the other row is empty", async () => {
    const fake = start();
    fake.state.gallery = fake.state.gallery.filter(({ right }) => right);
    fake.state.best = [];
    const { row, all, find } = await show(fake);
    row(0);
    expect(all(".cfw-row-head").map(text)).toEqual(["● predicted 9none", "▲ predicted 43"]);
    row(1)[0]!.click();
    expect(fake.saved).toEqual([]);
    expect(text(find(".cfw-live"))).toBe("the other row is empty");
  });

  it("fills in place: the focus and the other tiles stay", async () => {
    const fake = start({ state: "running" });
    const { row } = await show(fake);
    const before = row(1);
    before[1]!.focus();
    await vi.waitFor(() =>
      expect(before.every((tile) => tile.querySelector("[data-painted]") !== null)).toBe(true),
    );
    const tiles = () => decoder.bitmaps.filter(({ from }) => from >= 100 && from < 120).length;
    const decoded = tiles();
    const better = { ...fake.state.gallery[2]!, id: 77, cosine: 0.9 };
    fake.receive({ gallery: [...fake.state.gallery, better], gallery_tiles: numbered(5, 100) });
    await drawn();
    expect(row(1).slice(0, 3)).toEqual(before);
    expect(row(1).length).toBe(4);
    expect(document.activeElement).toBe(before[1]);
    // Only the new one is decoded: the others have the bytes that they had.
    await vi.waitFor(() => expect(tiles()).toBe(decoded + 2));
    fake.receive({ gallery: fake.state.gallery.slice(0, 3) });
    await drawn();
    expect(row(1)).toEqual(before.slice(0, 1));
  });

  it("is redrawn in the colours of another theme, and only then", async () => {
    const fake = start();
    const { root, row } = await show(fake);
    const tiles = () => decoder.bitmaps.filter(({ from }) => from >= 100 && from < 120).length;
    await vi.waitFor(() => expect(row(1).every((tile) => tile.querySelector("[data-painted]"))).toBe(true));
    const decoded = tiles();
    fake.receive({ notes: "more" });
    await drawn();
    expect(tiles()).toBe(decoded);
    root.style.setProperty("--c-ground", "#000000");
    document.body.className = "dark";
    await vi.waitFor(() => expect(tiles()).toBe(2 * decoded));
    document.body.className = "";
  });

  it("is one stop for Tab a row, and its tiles are reached by arrows that do not scrub", async () => {
    const fake = start();
    const { row, key } = await show(fake);
    const stops = () => row(1).map(({ tabIndex }) => tabIndex);
    expect(stops()).toEqual([0, -1, -1]);
    row(1)[0]!.focus();
    key("ArrowRight", row(1)[0]);
    expect([document.activeElement, ...stops()]).toEqual([row(1)[1], -1, 0, -1]);
    key("End", row(1)[1]);
    key("ArrowRight", row(1)[2]);
    expect(document.activeElement).toBe(row(1)[2]);
    key("Home", row(1)[2]);
    expect(document.activeElement).toBe(row(1)[0]);
    expect(fake.state.phase).toBe(2);
  });

  it("says where no candidate is predicted as it should be", async () => {
    const fake = start();
    fake.state.gallery = fake.state.gallery.map((candidate) =>
      candidate.right ? { ...candidate, called: 7, nearest: true } : candidate,
    );
    const { all, row } = await show(fake);
    expect(text(all(".cfw-row-head")[1])).toBe("▲ predicted 4none, the nearest are shown");
    expect(row(1)[0]!.title).toBe("candidate 40: predicted 7 with .93, cosine similarity .84, the nearest");
  });
});

describe("another path", () => {
  it("says that it is asked for, and that no answer came", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const fake = start();
    const { row, find, root } = await show(fake, false);
    await vi.advanceTimersByTimeAsync(50);
    row(1)[1]!.click();
    await vi.advanceTimersByTimeAsync(450);
    expect(root.dataset.pending).toBe("1");
    expect(text(find(".cfw-line"))).toBe("drawing the transition of the picked candidates");
    await vi.advanceTimersByTimeAsync(5000);
    expect(text(find(".cfw-line"))).toMatch(/^no answer yet/);
    fake.receive({ path: { ...pathOf([0, 5, 10]), ends: [17, 41] }, frames: numbered(3), maps: EMPTY });
    await vi.advanceTimersByTimeAsync(50);
    expect(root.dataset.pending).toBeUndefined();
    expect(text(find(".cfw-line"))).toBe("3 of 11 frames are here");
  });

  it("is coarse first: the nearest frames, and confidences between them", async () => {
    const fake = start({ path: pathOf([0, 5, 10]), frames: numbered(3), maps: numbered(3, 50), phase: 4 });
    const { root, all, painted } = await show(fake);
    await painted(5);
    expect([root.dataset.path, root.dataset.phase]).toEqual(["coarse", "4"]);
    expect(all(".cfw-sure-value").map(text)).toEqual([".600", ".400"]);
    fake.receive({ path: pathOf(), frames: numbered(11), maps: numbered(11, 50) });
    await painted(4);
    expect([root.dataset.path, root.dataset.phase]).toEqual(["full", "4"]);
    expect(fake.saved).toEqual([]);
  });

  it("replaces the old one, whose frames are closed", async () => {
    const fake = start();
    const { root } = await show(fake);
    await drawn();
    decoder.bitmaps.length = 0;
    const path = {
      ...pathOf([0, 1, 2]),
      ends: [17, 41] as [number, number],
      phases: 3,
      flip: null,
      strip: [],
    };
    fake.state.phase = 2;
    fake.receive({ path, frames: numbered(3, 30), maps: EMPTY });
    await vi.waitFor(() => expect(decoder.bitmaps.some(({ from }) => from === 32)).toBe(true));
    await drawn();
    expect([root.dataset.phase, root.dataset.painted]).toEqual(["2", "2"]);
  });
});

describe("a phase beyond the path", () => {
  it("is shown as the last one, also to the charts", async () => {
    const fake = start({ phase: 500 });
    const { root, painted } = await show(fake);
    await painted(10);
    expect([root.dataset.phase, fake.state.cursor]).toEqual(["10", [10, 10]]);
    expect(fake.saved).toEqual([]);
  });
});

describe("what is broken", () => {
  const garbage = wire(Uint8Array.of(7, 7, 7, 7, 7, 7));

  it.each<[string, Partial<Traits>, RegExp]>([
    ["frames", { frames: garbage }, /^the frames cannot be read: the bytes are not a pack/],
    ["no frames", { frames: EMPTY }, /^the frames are missing/],
    ["too few frames", { frames: numbered(3) }, /^there are 3 frames where 11 were expected/],
    ["maps", { maps: garbage }, /^the maps cannot be read/],
    ["too few maps", { maps: numbered(3) }, /^there are 3 maps where 11 were expected/],
    ["a path", { path: { ...pathOf([1]), phases: 3 } }, /^the path does not run from phase 0 to 2/],
    ["a frame", { frames: pack(Array(11).fill([255])) }, /^the browser cannot decode the frame of phase 2/],
    ["the image", { picture: wire(Uint8Array.of(255)) }, /^the browser cannot decode the image/],
    ["the image's maps", { picture_maps: garbage }, /^the maps of the image cannot be read/],
  ])("%s: says so", async (_, changes, words) => {
    const { find } = await show(start(changes), false);
    await vi.waitFor(() => expect(text(find(".cfw-line"))).toMatch(words));
  });

  it("tiles: says so", async () => {
    const { find } = await show(start({ gallery_tiles: garbage }));
    expect(text(find(".cfw-gallery-words"))).toMatch(/^the candidates’ pictures cannot be read/);
  });

  it("lists and numbers that are missing: shows what there is", async () => {
    const fake = start();
    for (const name of Object.keys(fake.state) as (keyof Traits)[])
      if (!["frames", "maps", "path", "size"].includes(name)) Reflect.deleteProperty(fake.state, name);
    const { root, scrub, painted, find } = await show(fake);
    scrub(5);
    await painted(5);
    expect(root.dataset.ready).toBe("1");
    expect(text(find(".cfw-question"))).toMatch(/^Why …/);
    fake.receive({
      size: [0, 0],
      gallery: "x",
      best: null,
      whole: [null, [1]],
    } as unknown as Partial<Traits>);
    await drawn();
    fake.receive({ answer: { cells: 3, share: "x" }, trust: [null] } as unknown as Partial<Traits>);
    await drawn();
    fake.receive({ path: null, answer: null, trust: null } as unknown as Partial<Traits>);
    await drawn();
    expect(root.dataset.path).toBe("");
  });
});

describe("two views", () => {
  it("of one model follow each other", async () => {
    const fake = start();
    const [one, other] = [await show(fake), await show(fake)];
    one.scrub(7, true);
    await other.painted(7);
    other.row(1)[1]!.click();
    await drawn();
    expect(one.row(1)[1]!.getAttribute("aria-pressed")).toBe("true");
  });

  it("leave nothing behind, whether the host has a signal or calls the returned function", async () => {
    const fake = start();
    await endBySignal(view, fake.view(), fake.listeners);
    const { end } = await show(fake);
    await drawn();
    expect(decoder.open().length).toBeGreaterThan(5);
    end();
    expect(fake.listeners()).toBe(0);
    await drawn();
    expect(decoder.open()).toEqual([]);
  });

  it("save a phase that was still waiting when they end", async () => {
    const fake = start();
    const { scrub, end } = await show(fake);
    scrub(3);
    scrub(4);
    end();
    expect(fake.saved.at(-1)).toMatchObject({ phase: 4 });
  });
});

describe("what linked views share", () => {
  const box = (left: number, top: number, right: number, bottom: number) => [
    [left, top, right, top, right, bottom, left, bottom],
  ];

  it("stands over the frame and the image, and over each pane", async () => {
    stubCanvas();
    const fake = start({ point: [0.5, 0.25], region: box(0, 0, 1, 0.5) });
    const { all, button } = await show(fake);
    const marks = () => all(".cfw-scene .cfw-shared").filter(({ hidden }) => !hidden);
    expect(marks().map(({ style }) => style.inset)).toEqual(["0"]);
    expect(all(".cfw-original .cfw-shared")).toHaveLength(1);
    expect(new Set(all(".cfw-cross").map(({ style }) => style.translate))).toEqual(new Set(["50% 25%"]));
    button("side by side").click();
    await drawn();
    expect(marks()).toHaveLength(4);
    const insets = marks().map(({ style }) => style.inset.split(" ").map(Number.parseFloat));
    // Top, right, bottom and left of each: those above each other stand alike, and none leaves the stage.
    expect(insets.map(([, right, , left]) => [right, left])).toEqual([
      ...[
        [insets[0]![1], 0],
        [0, insets[1]![3]],
        [insets[0]![1], 0],
        [0, insets[1]![3]],
      ],
    ]);
    expect(insets[0]![1]).toBeGreaterThan(100);
    expect(insets[2]![0]).toBeGreaterThan(insets[0]![0]!);
    expect(insets.flat().every((side) => side >= 0)).toBe(true);
  });

  it("tells the share of the change in the region; M marks the cell with the most, Escape clears it", async () => {
    const fake = start();
    const { find, key, root } = await show(fake);
    const share = find(".cfw-share");
    expect(share.hidden).toBe(true);
    // The cells have .5, -.25, .7 and .05 of the change.
    fake.receive({ region: box(0, 0, 0.5, 0.5) });
    expect(text(share)).toBe("33 % of the change in 25 % of the picture");
    fake.receive({ region: box(0, 0, 1, 0.5) });
    expect(text(share)).toBe("50 % of the change in 50 % of the picture");
    key("Escape");
    expect(fake.state.region).toEqual([]);
    expect(share.hidden).toBe(true);
    await drawn();
    key("m", root);
    expect(fake.state.region).toEqual(box(0, 0.5, 0.5, 1));
    await drawn();
    fake.receive({ point: [0.9, 0.1] });
    key("m", root);
    expect(fake.state.region).toEqual(box(0.5, 0, 1, 0.5));
    expect(fake.saved).toEqual([]);
  });

  it("has no share without an answer, or with one that cannot be", async () => {
    const fake = start({ answer: null, region: box(0, 0, 1, 0.5) });
    const { find } = await show(fake);
    expect(find(".cfw-share").hidden).toBe(true);
    fake.receive({ answer: { cells: [2, 2], share: [1, 2], total: null, off: null } });
    await drawn();
    expect(find(".cfw-share").hidden).toBe(true);
    fake.receive({ answer: { cells: [1, 2], share: [0.5, 0.5], total: null, off: null } });
    await drawn();
    expect(text(find(".cfw-share"))).toBe("50 % of the change in 50 % of the picture");
  });
});
