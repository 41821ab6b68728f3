import type { AnyModel } from "@anywidget/types";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/facex";
import type { Traits } from "../src/facex/traits";
import {
  compared,
  face,
  facexState,
  measured,
  otherRegions,
  patches,
  region,
  regions,
  type Sent,
  SQUARES,
} from "./facex/fake";
import { EMPTY, fakeModel, pack, wire } from "./fake";
import { drawn, endBySignal, mount, stopAndResume, text, tidy } from "./mount";
import { stubBitmaps, stubCanvas } from "./pictures";

type Fake = ReturnType<typeof fakeModel<Sent>>;

let decoder: ReturnType<typeof stubBitmaps>;

beforeEach(() => {
  decoder = stubBitmaps({ width: 16, height: 16 });
});
afterEach(tidy);

const modelOf = (fake: Fake) => fake.view() as unknown as AnyModel<Traits>;
const start = (changes: Partial<Sent> = {}) => fakeModel(facexState(changes));

async function show(fake: Fake) {
  const shown = mount(view, modelOf(fake), "facex");
  const { find, all } = shown;
  const seen = (selector: string) => all(selector).filter((element) => !element.closest("[hidden]"));
  /** A region of the first face, or of another one. */
  const shape = (name: string, figure = 0) =>
    all(".cfw-face")[figure]!.querySelector<SVGElement>(`[data-region=${name}]`)!;
  const row = (name: string) => find<HTMLButtonElement>(`.cfw-rank-row[data-region=${name}]`);
  const point = async (element: Element, type = "pointerover") => {
    element.dispatchEvent(new Event(type, { bubbles: type === "pointerover" }));
    await drawn();
  };
  const click = async (element: Element) => {
    element.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    element.dispatchEvent(new Event("click", { bubbles: true }));
    await drawn();
  };
  const key = async (...pressed: Parameters<typeof shown.key>) => {
    const event = shown.key(...pressed);
    await drawn();
    return event;
  };
  const tiles = (grid = 0) =>
    [...all(".cfw-patch-grid")[grid]!.querySelectorAll("button")].filter(({ hidden }) => !hidden);
  await drawn();
  return { ...shown, seen, shape, row, point, click, key, tiles };
}

describe("what stands in the view", () => {
  it("asks where the model looks, and shows the highest region", async () => {
    const { root, find, all, tiles } = await show(start());
    expect(text(find(".cfw-question"))).toBe(
      "Where does lipstick look for Male, and what does it see there?",
    );
    expect(text(find(".cfw-status"))).toBe("done");
    expect(text(find(".cfw-counts"))).toBe("faces 2,000 of 2,000");
    expect(text(find(".cfw-help-panel"))).toContain("Sarridis et al. 2024");
    expect(text(find(".cfw-region-name"))).toBe("upper lip");
    expect(text(find(".cfw-big"))).toBe(".81");
    expect(text(find(".cfw-rank"))).toBe("1st of 4");
    expect(text(find(".cfw-score-words"))).toContain("on 1,000 of 1,000 faces");
    expect(text(find(".cfw-range-words"))).toBe("95 %: .77 to .85 · randomised .31");
    expect(find(".cfw-interval-point").style.left).toBe("81.00%");
    expect(find(".cfw-interval-bar").style.left).toBe("77.00%");
    expect(find(".cfw-interval-random").style.left).toBe("31.00%");
    expect(find(".cfw-interval-ticks").children).toHaveLength(3);
    expect(tiles().map(({ title }) => title)).toEqual([
      "patch 1: 000012.jpg, attention 41.3",
      "patch 2: 000007.jpg, attention 40",
      "patch 3: 000030.jpg, attention 31",
    ]);
    expect(text(find(".cfw-legend"))).toBe(".05.81attention");
    expect(text(find(".cfw-trust tbody"))).toBe("rank by luck10of 19");
    expect(all(".cfw-face")).toHaveLength(1);
    const { ready, state, shown, pinned, opened } = root.dataset;
    expect([ready, state, shown, pinned, opened]).toEqual(["1", "done", "u_lip", "", ""]);
  });

  it("draws the regions in their panels and order, coloured by their scores", async () => {
    const { all, shape } = await show(start());
    expect(all(".cfw-panel").map((panel) => panel.getAttribute("viewBox"))).toEqual([
      "-0.8 -0.8 101.6 101.6",
      "119.76 19.76 30.48 20.48",
    ]);
    expect(all(".cfw-shape").map((element) => element.getAttribute("data-region"))).toEqual(
      SQUARES.regions.map(({ name }) => name),
    );
    expect(shape("u_lip").namespaceURI).toBe("http://www.w3.org/2000/svg");
    expect([...shape("u_lip").querySelectorAll("path")].map((path) => path.getAttribute("d"))).toEqual(
      SQUARES.regions[3]!.paths,
    );
    expect(shape("hat").dataset.fill).toBe("hatched");
    expect(shape("hat").style.fill).toMatch(/^url\(["']?#cfw-/);
    expect(text(all(".cfw-legend-none")[0])).toBe("no face has it");
  });

  it("has all regions in a table, those that no face has last", async () => {
    const { all, row } = await show(start());
    expect(all(".cfw-rank-row").map((one) => [...one.children].map(text))).toEqual([
      ["upper lip", ".81", "1", "–", "–"],
      ["left eye", ".62", "2", "–", "–"],
      ["right eye", ".40", "3", "–", "–"],
      ["background", ".05", "4", "–", "–"],
      ["hat", "–", "–", "–", "–"],
    ]);
    expect(row("l_eye").getAttribute("aria-label")).toBe(
      "left eye: .62, 95 % from .58 to .66, rank 2 of 4, on 812 faces",
    );
  });

  it("colours by effect instead, and all else follows", async () => {
    const fake = start({ regions: measured() });
    const { root, find, all, seen, button, click } = await show(fake);
    expect(text(find(".cfw-also"))).toBe("effect 2.1, 2nd of 4");
    await click(button("effect"));
    expect(fake.saved).toMatchObject([{ quantity: "effect" }]);
    expect(button("effect").getAttribute("aria-pressed")).toBe("true");
    expect(root.dataset.shown).toBe("r_eye");
    expect(text(find(".cfw-big"))).toBe("12");
    expect(text(find(".cfw-score-words"))).toBe("1st of 4on 64 of 64 faces");
    expect(text(find(".cfw-also"))).toBe("attention .40, 3rd of 4");
    expect(text(find(".cfw-legend-none"))).toBe("no sampled face has it");
    expect(text(find(".cfw-interval-ends"))).toBe("095 %: 12 to 13 · signed −1213");
    expect(text(find(".cfw-legend"))).toBe(".4012effect, log-odds");
    // The table keeps both, in the same columns.
    expect([...all(".cfw-rank-row")[0]!.children].map(text)).toEqual(["right eye", ".40", "3", "12", "1"]);
    fake.receive({ regions: regions(), quantity: "attention" });
    await drawn();
    // Without a measure there is nothing to choose.
    expect(seen(".cfw-legends .cfw-segments")).toHaveLength(0);
  });

  it("takes text from the kernel as text", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const { root, find, all } = await show(
      start({
        prototype: {
          ...SQUARES,
          regions: [...SQUARES.regions, { name: nasty, paths: ["M0 0H5V5Z"], panel: 0 }],
        },
        regions: [...regions(), region(nasty, nasty, 0.99, { rank: 1 })],
        ...{ target: nasty, models: [nasty], error: nasty, notes: nasty, counts: nasty, state: "failed" },
        patches: { [nasty]: [{ tile: 0, image: 3, name: nasty, value: 1 }] },
        trust: [{ name: nasty, value: nasty, note: nasty, help: nasty, ok: null }],
        ...{ groups: [nasty, nasty], opened: 3, face: face(3, nasty, { answer: [[nasty, 0.5]] }) },
      }),
    );
    expect(root.querySelector("img")).toBeNull();
    expect(text(find(".cfw-region-name"))).toBe(nasty);
    expect(text(find(".cfw-opened-name"))).toBe(nasty);
    expect(all("[role=alert]").map(text)).toContain(nasty);
  });

  it("sends Stop and Resume, and says what is kept", async () => {
    const fake = start({ state: "running", activity: "reading faces", progress: 0.16 });
    await stopAndResume(fake, await show(fake), "reading faces", "the faces so far are kept");
  });

  it("fills in while the run goes on", async () => {
    const fake = start({ state: "running", regions: regions().map((entry) => ({ ...entry, ior: null })) });
    const { root, shape, find, seen } = await show(fake);
    expect(shape("l_eye").dataset.fill).toBe("blank");
    // The patches' places are there, so that nothing moves when they come.
    expect(root.classList.contains("cfw-waiting")).toBe(true);
    expect([seen(".cfw-see").length, seen(".cfw-ranking").length]).toEqual([1, 0]);
    expect(text(find(".cfw-hint"))).toBe("scores appear here as the faces are read");
    fake.receive({ regions: regions(), progress: 0.5 });
    await drawn();
    expect(shape("l_eye").dataset.fill).toBe("colour");
    expect(seen(".cfw-see, .cfw-ranking")).toHaveLength(2);
    expect(root.classList.contains("cfw-waiting")).toBe(false);
    expect(root.dataset.shown).toBe("u_lip");
  });
});

describe("pointing", () => {
  it("at a region fills the readout, and leaving it shows the highest again", async () => {
    const fake = start();
    const { root, find, shape, row, point, tiles } = await show(fake);
    await point(shape("l_eye").firstElementChild!);
    expect([root.dataset.shown, text(find(".cfw-big")), text(find(".cfw-region-name"))]).toEqual([
      "l_eye",
      ".62",
      "left eye",
    ]);
    expect(text(find(".cfw-score-words"))).toBe("2nd of 4on 812 of 1,000 faces");
    expect(tiles()).toHaveLength(2);
    expect(row("l_eye").getAttribute("aria-current")).toBe("true");
    expect(find(".cfw-pointed .cfw-outline").getAttribute("d")).toBe("M60 20h20v20h-20z");
    expect(Number(root.dataset.latency)).toBeGreaterThanOrEqual(0);
    await point(find(".cfw-faces"), "pointerleave");
    expect(root.dataset.shown).toBe("u_lip");
    expect(find(".cfw-pointed")).toBeNull();
    // Nothing of it is for the kernel.
    expect(fake.saved).toEqual([]);
  });

  it("at a row does the same, and tells the charts", async () => {
    const fake = start();
    const { root, find, row, point } = await show(fake);
    await point(row("r_eye").firstElementChild!);
    expect(root.dataset.shown).toBe("r_eye");
    expect(find(".cfw-pointed .cfw-outline").getAttribute("d")).toBe("M20 20h20v20h-20z");
    expect(fake.state.pointed).toBe("r_eye");
    await point(find(".cfw-ranking-list"), "pointerleave");
    expect(fake.state.pointed).toBe("");
  });

  it("is told to a chart after it is painted, by the region's place", async () => {
    const fake = start();
    const { shape, point, find, click } = await show(fake);
    expect(fake.state.cursor).toBeNull();
    await point(shape("l_eye"));
    expect(fake.state.cursor).toEqual([1]);
    await point(find(".cfw-faces"), "pointerleave");
    expect(fake.state.cursor).toBeNull();
    await click(shape("u_lip"));
    expect(fake.state.cursor).toEqual([3]);
    await point(shape("r_eye"));
    expect(fake.state.cursor).toEqual([2]);
  });

  it("between the regions is at none", async () => {
    const { root, find, shape, point } = await show(start());
    await point(shape("l_eye"));
    await point(find(".cfw-panel"));
    expect(root.dataset.shown).toBe("u_lip");
  });

  it("paints at once, and then once a frame, however many regions it went over", async () => {
    const { root, shape, find } = await show(start());
    const set = vi.spyOn(find(".cfw-marks"), "replaceChildren");
    for (const name of ["r_eye", "l_eye", "background", "l_eye"]) {
      shape(name).dispatchEvent(new Event("pointerover", { bubbles: true }));
      expect(root.dataset.shown).toBe("r_eye");
    }
    await drawn();
    expect(root.dataset.shown).toBe("l_eye");
    expect(set).toHaveBeenCalledTimes(2);
  });
});

describe("pinning", () => {
  it("holds a region while the pointer goes elsewhere", async () => {
    const fake = start();
    const { root, find, shape, row, point, click } = await show(fake);
    await click(shape("l_eye"));
    expect(fake.saved).toMatchObject([{ chosen: "l_eye" }]);
    expect([root.dataset.pinned, root.dataset.shown, text(find(".cfw-pin"))]).toEqual([
      "l_eye",
      "l_eye",
      "● pinned",
    ]);
    expect(shape("l_eye").getAttribute("aria-selected")).toBe("true");
    expect(row("l_eye").getAttribute("aria-pressed")).toBe("true");
    expect(find(".cfw-pinned")).not.toBeNull();
    await point(shape("r_eye"));
    expect([root.dataset.shown, text(find(".cfw-pin"))]).toEqual(["r_eye", ""]);
    await point(find(".cfw-faces"), "pointerleave");
    expect(root.dataset.shown).toBe("l_eye");
  });

  it("ends by another click, by pinning another one, or by Escape", async () => {
    const fake = start({ chosen: "l_eye" });
    const { root, find, row, click, key } = await show(fake);
    await click(row("l_eye"));
    expect(root.dataset.pinned).toBe("");
    await click(row("l_eye"));
    await click(row("hat"));
    expect(root.dataset.pinned).toBe("hat");
    expect(text(find(".cfw-score-words"))).toBe("no face has it");
    const event = await key("Escape", row("hat"));
    expect([root.dataset.pinned, event.defaultPrevented]).toEqual(["", true]);
    // With nothing to undo it is the notebook's.
    expect((await key("Escape", row("hat"))).defaultPrevented).toBe(false);
    expect(fake.saved).toHaveLength(4);
  });

  it("comes from a click in a chart, but not from the echo of what was marked", async () => {
    const fake = start();
    const { root, shape, point, find } = await show(fake);
    const other = await show(fake);
    const choose = async (cursor: Traits["cursor"]) => {
      fake.receive({ cursor });
      await drawn();
    };
    await point(shape("l_eye"));
    await choose(Uint32Array.of(1));
    expect(root.dataset.pinned).toBe("");
    await point(find(".cfw-faces"), "pointerleave");
    await choose(Uint32Array.of(2));
    expect([root.dataset.pinned, other.root.dataset.pinned]).toEqual(["r_eye", "r_eye"]);
    expect(fake.saved).toMatchObject([{ chosen: "r_eye" }]);
    await choose(Uint32Array.of(2));
    await choose(new DataView(Uint32Array.of(2).buffer));
    expect(root.dataset.pinned).toBe("r_eye");
    await choose(null);
    expect([root.dataset.pinned, other.root.dataset.pinned]).toEqual(["", ""]);
    await choose(Uint32Array.of(77));
    expect(root.dataset.pinned).toBe("");
  });

  it("follows the kernel", async () => {
    const fake = start();
    const { root, find } = await show(fake);
    fake.receive({ chosen: "r_eye" });
    await drawn();
    expect([root.dataset.pinned, text(find(".cfw-region-name"))]).toEqual(["r_eye", "right eye"]);
    fake.receive({ chosen: "wing" });
    await drawn();
    expect([root.dataset.shown, text(find(".cfw-big"))]).toEqual(["wing", "–"]);
  });
});

describe("keys", () => {
  it("move to the neighbouring region and say it", async () => {
    const { root, find, shape, key } = await show(start());
    expect(find(".cfw-figure").getAttribute("role")).toBe("listbox");
    expect(find(".cfw-shape[tabindex='0']").getAttribute("data-region")).toBe("u_lip");
    shape("r_eye").focus();
    await drawn();
    expect(root.dataset.shown).toBe("r_eye");
    const event = await key("ArrowRight", shape("r_eye"));
    expect([root.dataset.shown, event.defaultPrevented]).toEqual(["l_eye", true]);
    expect(document.activeElement).toBe(shape("l_eye"));
    expect(find(".cfw-shape[tabindex='0']")).toBe(shape("l_eye"));
    expect(text(find(".cfw-live"))).toBe("left eye: .62, 95 % from .58 to .66, rank 2 of 4, on 812 faces");
    expect(find("[data-keyboard] .cfw-outline").getAttribute("d")).toBe("M60 20h20v20h-20z");
    await key("ArrowRight", shape("l_eye"));
    expect(root.dataset.shown).toBe("hat");
    await key("ArrowRight", shape("hat"));
    expect(root.dataset.shown).toBe("hat");
  });

  it("start from where the focus is, not from where they last went", async () => {
    const { root, shape, key } = await show(start());
    shape("r_eye").focus();
    await key("ArrowRight", shape("r_eye"));
    shape("hat").focus();
    await key("ArrowLeft", shape("hat"));
    expect(root.dataset.shown).toBe("l_eye");
  });

  it("go through all regions one by one", async () => {
    const { root, shape, key } = await show(start());
    shape("u_lip").focus();
    const names = new Set<string>();
    await key("Home", shape("u_lip"));
    expect(root.dataset.shown).toBe("background");
    for (let i = 0; i < 5; i++) {
      names.add(root.dataset.shown!);
      await key("PageDown", document.activeElement!);
    }
    expect(names.size).toBe(5);
    expect(root.dataset.shown).toBe("background");
    await key("End", document.activeElement!);
    expect(root.dataset.shown).toBe("hat");
    await key("PageUp", document.activeElement!);
    expect(root.dataset.shown).toBe("u_lip");
  });

  it("pin by Enter and Space, once a press", async () => {
    const fake = start();
    const { root, find, shape, key } = await show(fake);
    shape("l_eye").focus();
    await key("Enter", shape("l_eye"));
    expect(root.dataset.pinned).toBe("l_eye");
    expect(text(find(".cfw-live"))).toMatch(/^pinned left eye: \.62/);
    await key("Enter", shape("l_eye"), { repeat: true });
    expect(root.dataset.pinned).toBe("l_eye");
    await key(" ", shape("l_eye"));
    expect(root.dataset.pinned).toBe("");
  });

  it("count more than a pointer that rests, and a click's focus is not theirs", async () => {
    const { root, find, shape, point, key } = await show(start());
    shape("r_eye").focus();
    await point(shape("background"));
    expect(root.dataset.shown).toBe("background");
    await key("ArrowRight", shape("r_eye"));
    expect(root.dataset.shown).toBe("l_eye");
    // Also where a key leads nowhere.
    await point(shape("background"));
    await key("ArrowUp", shape("l_eye"));
    expect(root.dataset.shown).toBe("l_eye");
    shape("l_eye").blur();
    await drawn();
    expect(root.dataset.shown).toBe("u_lip");
    shape("r_eye").dispatchEvent(new Event("pointerdown", { bubbles: true }));
    shape("r_eye").focus();
    await drawn();
    expect(find("[data-keyboard]")).toBeNull();
    expect(root.dataset.shown).toBe("u_lip");
  });

  it("stay with the view, but for Escape and commands", async () => {
    const { el, shape, key } = await show(start());
    const heard: string[] = [];
    el.addEventListener("keydown", (event) => heard.push(event.key));
    for (const name of ["ArrowUp", "a", "Escape"]) await key(name, shape("l_eye"));
    await key("s", shape("l_eye"), { ctrlKey: true });
    expect(heard).toEqual(["Escape", "s"]);
  });

  it("take a region along to its patches", async () => {
    const fake = start();
    const { root, shape, tiles, find, button } = await show(fake);
    shape("l_eye").focus();
    await drawn();
    tiles()[1]!.focus();
    await drawn();
    expect([root.dataset.shown, tiles().length]).toEqual(["l_eye", 2]);
    fake.receive({ groups: ["all", "Male"], grouped: [regions(), regions()] });
    await drawn();
    button("Male").focus();
    await drawn();
    expect(root.dataset.shown).toBe("l_eye");
    find(".cfw-help-button").focus();
    await drawn();
    expect(root.dataset.shown).toBe("u_lip");
  });

  it("go through the ranking, which keeps the focus when the order changes", async () => {
    const fake = start();
    const { root, row, key } = await show(fake);
    expect(row("u_lip").tabIndex).toBe(0);
    row("u_lip").focus();
    await key("ArrowDown", row("u_lip"));
    expect([document.activeElement, root.dataset.shown]).toEqual([row("l_eye"), "l_eye"]);
    fake.receive({
      regions: regions().map((entry) => (entry.name === "l_eye" ? { ...entry, ior: 0.95 } : entry)),
    });
    await drawn();
    expect(row("l_eye").closest("ol")!.firstElementChild!.contains(row("l_eye"))).toBe(true);
    expect(document.activeElement).toBe(row("l_eye"));
    await key("End", row("l_eye"));
    expect([row("l_eye").tabIndex, row("hat").tabIndex]).toEqual([-1, 0]);
  });
});

describe("patches", () => {
  it("are decoded ahead: to show other ones decodes nothing", async () => {
    const { drawn: pictures } = stubCanvas();
    const { shape, point, tiles } = await show(start());
    await vi.waitFor(() => expect(decoder.bitmaps).toHaveLength(5));
    await drawn();
    pictures.length = 0;
    await point(shape("l_eye"));
    expect(pictures.map(({ picture }) => (picture as { from: number }).from)).toEqual([103, 104]);
    expect(pictures[0]!.canvas.width).toBe(5 * 48 + 4 * 4);
    expect(decoder.bitmaps).toHaveLength(5);
    const { style } = tiles()[0]!.parentElement!;
    expect(["--c-narrow", "--c-wide"].map((name) => style.getPropertyValue(name))).toEqual(["48px", "64px"]);
  });

  it("of regions without any say so", async () => {
    const { find, shape, point, tiles } = await show(start());
    await point(shape("r_eye"));
    expect(tiles()).toEqual([]);
    expect(text(find(".cfw-patch-words"))).toBe("no patch");
  });

  it.each([
    ["garbage", Uint8Array.of(9, 9, 9, 9, 9)],
    ["cut off", Uint8Array.of(1, 0, 0, 0, 200, 0, 0, 0, 1)],
  ])("that are %s are told of, and the rest works", async (_, bytes) => {
    const { find, shape, point, root } = await show(
      start({ patch_tiles: wire(bytes), notes: "One was skipped." }),
    );
    expect(text(find(".cfw-notes"))).toMatch(/^One was skipped\. The patches cannot be read: /);
    await point(shape("l_eye"));
    expect(root.dataset.shown).toBe("l_eye");
  });

  it("are moved among with the arrow keys", async () => {
    const { tiles, key } = await show(start());
    expect(tiles().map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1]);
    tiles()[0]!.focus();
    await key("ArrowRight", tiles()[0]!);
    expect(document.activeElement).toBe(tiles()[1]);
    await key("End", tiles()[1]!);
    expect(document.activeElement).toBe(tiles()[2]);
    await key("ArrowDown", tiles()[2]!);
    expect(document.activeElement).toBe(tiles()[2]);
  });
});

describe("a face", () => {
  it("is opened by its patch, shown with its map and outline, and closed again", async () => {
    const { drawn: pictures } = stubCanvas();
    const fake = start();
    const { root, find, all, button, tiles, click, key, seen } = await show(fake);
    tiles()[1]!.focus();
    await click(tiles()[1]!);
    expect(fake.saved).toEqual([{ chosen: "u_lip", opened: 7 }]);
    expect(root.dataset.opened).toBe("7");
    expect(text(find(".cfw-opened-name"))).toBe("000007.jpg");
    expect(document.activeElement).toBe(button("Close"));
    expect([seen(".cfw-drawn"), seen(".cfw-opened")].map((found) => found.length)).toEqual([0, 1]);
    expect(tiles()[1]!.getAttribute("aria-pressed")).toBe("true");
    expect(root.dataset.face).toBeUndefined();
    pictures.length = 0;
    fake.receive({ face: face(7, "000007.jpg") });
    await vi.waitFor(() => expect(root.dataset.face).toBe("1"));
    expect(pictures.some(({ picture }) => (picture as { from?: number }).from === 210)).toBe(true);
    expect(text(find(".cfw-opened-heading"))).toBe("Predicted");
    expect(all(".cfw-opened-answers li").map(text)).toEqual(["Male.913", "not Male.087"]);
    expect(text(find(".cfw-opened-about"))).toBe("bright: attention · solid: upper lip · dashed: the patch");
    expect(button("attention").getAttribute("aria-pressed")).toBe("true");
    button("attention").click();
    expect(button("attention").getAttribute("aria-pressed")).toBe("false");
    await key("Escape", button("Close"));
    expect(fake.saved.at(-1)).toMatchObject({ opened: -1 });
    expect([root.dataset.opened, root.dataset.pinned]).toEqual(["", "u_lip"]);
    expect(document.activeElement).toBe(tiles()[1]);
  });

  it("is asked for, and said to be late, while the kernel is silent; the patches go on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const fake = start();
    const shown = show(fake);
    await vi.advanceTimersByTimeAsync(100);
    const { root, find, tiles, row } = await shown;
    tiles()[0]!.click();
    await vi.advanceTimersByTimeAsync(450);
    expect(text(find(".cfw-opened .cfw-placeholder"))).toBe("fetching the face…");
    await vi.advanceTimersByTimeAsync(5000);
    expect(text(find(".cfw-opened .cfw-placeholder"))).toMatch(/the kernel is busy or gone/);
    row("l_eye").dispatchEvent(new Event("pointerover", { bubbles: true }));
    await vi.advanceTimersByTimeAsync(50);
    await vi.waitFor(() => expect(root.dataset.shown).toBe("l_eye"));
  });

  it("that is not the opened one is not shown", async () => {
    const fake = start({ opened: 12, face: face(7, "000007.jpg") });
    const { root, find } = await show(fake);
    await drawn();
    expect(root.dataset.face).toBeUndefined();
    expect(text(find(".cfw-opened-name"))).toBe("face 12");
    expect(find<HTMLCanvasElement>(".cfw-opened-canvas").hidden).toBe(true);
  });

  it.each([
    [
      "picture",
      { picture: wire(Uint8Array.of(255)) },
      ".cfw-opened .cfw-placeholder",
      "the browser cannot decode the face",
    ],
    [
      "picture at all",
      { picture: EMPTY },
      ".cfw-opened .cfw-placeholder",
      "the browser cannot decode the face",
    ],
    ["map", { map: wire(Uint8Array.of(255)) }, ".cfw-opened-side", "the attention map cannot be read"],
    [
      "map and outline",
      { map: wire(Uint8Array.of(255)), region_mask: wire(Uint8Array.of(255)) },
      ".cfw-opened-side",
      "the attention map and outline cannot be read",
    ],
  ])("without its %s says so", async (_, broken, where, words) => {
    const { find } = await show(start({ opened: 7, face: face(7, "7.jpg", broken) }));
    await vi.waitFor(() => expect(text(find(where))).toContain(words));
  });

  it("is freed when another one comes, and at the end", async () => {
    const fake = start({ patch_tiles: EMPTY, opened: 7, face: face(7, "7.jpg") });
    const { root, end } = await show(fake);
    await vi.waitFor(() => expect(root.dataset.face).toBe("1"));
    fake.receive({ opened: 8, face: face(8, "8.jpg", { picture: wire(Uint8Array.of(220)) }) });
    await vi.waitFor(() => expect(decoder.open().map(({ from }) => from)).toEqual([220]));
    end();
    expect(decoder.open()).toEqual([]);
  });
});

describe("groups", () => {
  const grouped = { groups: ["all", "Male", "not Male"], grouped: [regions(), otherRegions(), []] };

  it("are switched between without the kernel", async () => {
    const fake = start(grouped);
    const { root, find, button, row } = await show(fake);
    expect(button("all").getAttribute("aria-pressed")).toBe("true");
    button("Male").click();
    await drawn();
    expect([root.dataset.shown, text(find(".cfw-big"))]).toEqual(["l_eye", ".70"]);
    expect(text(row("u_lip"))).toBe("upper lip.413––");
    // One scale for all groups, to compare them by: the lips' .81 is of another one.
    expect(text(find(".cfw-legend"))).toBe(".05.81attention");
    expect(fake.saved).toMatchObject([{ group: 1 }]);
    expect(text(find(".cfw-patch-words"))).toBe("of all faces");
    button("not Male").click();
    await drawn();
    expect(find<HTMLElement>(".cfw-see").hidden).toBe(true);
    expect(text(find(".cfw-hint"))).toBe("no face is in this group");
  });

  it("are none where there is nothing to choose", async () => {
    const { find } = await show(start({ groups: ["all"], grouped: [regions()] }));
    expect(find(".cfw-drawn .cfw-segments").hidden).toBe(true);
  });
});

describe("faces that could not be used", () => {
  it("are counted in a line, which tells of them on demand, as text", async () => {
    const nasty = "OSError: <img src=x onerror=alert(1)>";
    const fake = start({
      skipped: {
        count: 3,
        total: 30000,
        faces: [
          [17, nasty],
          [90, "no eyes"],
        ],
      },
    });
    const { root, find, all } = await show(fake);
    expect(text(find(".cfw-skipped summary"))).toBe("3 of 30,000 faces could not be used");
    expect(find<HTMLDetailsElement>(".cfw-skipped").open).toBe(false);
    expect(all(".cfw-skipped li").map(text)).toEqual([`face 17: ${nasty}`, "face 90: no eyes", "and 1 more"]);
    expect(root.querySelector("img")).toBeNull();
    fake.receive({ skipped: {} });
    await drawn();
    expect(find(".cfw-skipped").hidden).toBe(true);
  });

  it("may be all: that is said where the hint was", async () => {
    const none = regions().map((entry) => ({ ...entry, ior: null, rank: null, count: 0 }));
    const { find, seen } = await show(start({ regions: none, state: "failed" }));
    expect(text(find(".cfw-hint"))).toBe("no face could be used");
    expect(seen(".cfw-see, .cfw-ranking")).toEqual([]);
  });
});

describe("two models", () => {
  it("of which one is not evaluated yet", async () => {
    const given = compared();
    const other = given.other!.map((region) => ({
      ...{ ...region, ior: null, low: null, high: null, rank: null, count: 0 },
    }));
    const everywhere = regions().map((region) => ({ ...region, ior: region.ior ?? 0.1, count: 9 }));
    const fake = start({ ...given, regions: everywhere, other, state: "running" });
    const { find, all, seen, shape } = await show(fake);
    expect([0, 1, 2].map((face) => shape("u_lip", face).dataset.fill)).toEqual(["colour", "blank", "blank"]);
    expect(seen(".cfw-face-later").map(text)).toEqual(["not evaluated yet", "not evaluated yet"]);
    expect(seen(".cfw-legend-none")).toEqual([]);
    expect(text(all(".cfw-score-words")[1])).toBe("not evaluated yet");
    expect(find("[role=option]").getAttribute("aria-label")).toContain("balanced not evaluated yet");
    fake.receive({ other: given.other! });
    await vi.waitFor(() => expect(shape("u_lip", 1).dataset.fill).toBe("colour"));
    expect(seen(".cfw-face-later")).toEqual([]);
  });

  it("stand beside each other under one legend, with their difference", async () => {
    const { root, find, all, seen, shape, row, tiles } = await show(start(compared()));
    expect(text(find(".cfw-question"))).toBe(
      "Where do lipstick and balanced look for Male, and what do they see there?",
    );
    expect(all(".cfw-face-name").map(text)).toEqual(["lipstick", "balanced", "difference"]);
    expect(seen(".cfw-legend").map(text)).toEqual([".05.81attention", "−.40+.40difference"]);
    expect(all(".cfw-big").map(text)).toEqual([".81", ".41"]);
    expect(all(".cfw-rank").map(text)).toEqual(["1st of 4", "3rd of 4"]);
    expect(text(find(".cfw-difference"))).toBe("▼ −.40 balanced against lipstick");
    expect(text(row("u_lip"))).toBe("upper lip.81 · .411 · 3– · –– · –");
    expect(shape("hat", 2).dataset.fill).toBe("hatched");
    expect(seen(".cfw-face-later")).toEqual([]);
    expect([tiles(0).length, tiles(1).length]).toEqual([3, 1]);
    expect(root.classList.contains("cfw-compare")).toBe(true);
    // The ears hear one list, not three.
    expect(all("[role=listbox]")).toHaveLength(1);
    expect(all(".cfw-figure").map((figure) => figure.getAttribute("aria-hidden"))).toEqual([
      null,
      "true",
      "true",
    ]);
  });

  it("are pointed at in any of the faces, and outlined in all", async () => {
    const { root, all, find, shape, point } = await show(start(compared()));
    await point(shape("l_eye", 2));
    expect(root.dataset.shown).toBe("l_eye");
    expect(all(".cfw-pointed")).toHaveLength(3);
    expect(text(find(".cfw-difference"))).toBe("▲ +.08 balanced against lipstick");
    await point(shape("background", 1));
    expect(text(find(".cfw-difference"))).toBe("0 balanced against lipstick");
    const unseen = () => find(".cfw-difference").classList.contains("cfw-invisible");
    expect(unseen()).toBe(false);
    await point(shape("hat", 1));
    expect(unseen()).toBe(true);
  });

  it("open a face each with its own map, and the other one's at a button", async () => {
    const fake = start(compared());
    const { root, find, button, tiles, click } = await show(fake);
    await click(tiles(1)[0]!);
    expect(fake.saved).toEqual([{ chosen: "u_lip", opened: 30, opened_by: 1 }]);
    expect(tiles(1)[0]!.getAttribute("aria-pressed")).toBe("true");
    expect(tiles(0)[2]!.getAttribute("aria-pressed")).toBe("false");
    fake.receive({ face: face(30, "000030.jpg") });
    await drawn();
    // That is the first model's.
    expect(root.dataset.face).toBeUndefined();
    fake.receive({ face: face(30, "000030.jpg", { model: 1, answer: [["Male", 0.2]] }) });
    await vi.waitFor(() => expect(root.dataset.face).toBe("1"));
    expect(text(find(".cfw-opened-heading"))).toBe("Predicted by balanced");
    expect(button("balanced").getAttribute("aria-pressed")).toBe("true");
    button("lipstick").click();
    await drawn();
    expect(fake.saved.at(-1)).toMatchObject({ opened_by: 0 });
    expect([root.dataset.opened, root.dataset.face]).toEqual(["30", undefined]);
  });

  it("come and go", async () => {
    const fake = start();
    const { all } = await show(fake);
    fake.receive(compared());
    await drawn();
    expect(all(".cfw-face")).toHaveLength(3);
    fake.receive({ other: [] });
    await drawn();
    expect(all(".cfw-face")).toHaveLength(1);
    expect(all(".cfw-big").filter((element) => !element.closest("[hidden]"))).toHaveLength(1);
  });
});

describe("what is broken or not there yet", () => {
  it("waits for the drawing", async () => {
    const fake = start({
      prototype: {},
      regions: [],
      state: "empty",
      patches: {},
      patch_tiles: EMPTY,
      trust: [],
    });
    const { root, find } = await show(fake);
    expect(text(find(".cfw-drawn .cfw-placeholder"))).toBe("the face will be here");
    expect([root.dataset.ready, root.dataset.shown]).toEqual([undefined, ""]);
    fake.receive({ prototype: SQUARES });
    await drawn();
    expect(root.dataset.ready).toBe("1");
    expect(find(".cfw-drawn .cfw-placeholder").hidden).toBe(true);
    expect(find<SVGElement>("[data-region=hat]").dataset.fill).toBe("blank");
  });

  it("says what failed, in the place of the face or above it", async () => {
    const fake = start({ prototype: {}, regions: [], state: "failed", error: "layer4.7 does not exist" });
    const { find } = await show(fake);
    expect(text(find(".cfw-drawn .cfw-placeholder"))).toBe("layer4.7 does not exist");
    expect(find(".cfw-drawn .cfw-placeholder").getAttribute("role")).toBe("alert");
    fake.receive({ prototype: SQUARES, regions: regions() });
    await drawn();
    expect(text(find(".cfw-alert"))).toBe("layer4.7 does not exist");
    expect(text(find(".cfw-status"))).toBe("failed: the faces so far are kept, Resume continues");
  });

  it("draws what there is of a drawing", async () => {
    const regions = [...SQUARES.regions, null, { paths: ["M0 0H5"] }, { name: "nose", paths: 5 }];
    const { root, shape, all, key } = await show(start({ prototype: { regions, panels: SQUARES.panels } }));
    expect(all(".cfw-shape").map(({ dataset }) => dataset.region)).toEqual([
      ...["background", "r_eye", "l_eye", "u_lip"],
      ...["nose", "hat"],
    ]);
    shape("r_eye").focus();
    // No way is known.
    await key("ArrowRight", shape("r_eye"));
    expect([root.dataset.ready, root.dataset.shown]).toEqual(["1", "r_eye"]);
  });

  it.each([undefined, null, 5, "x", {}, []])("stands every trait being %j", async (nothing) => {
    const state = facexState();
    for (const key of Object.keys(state)) (state as unknown as Record<string, unknown>)[key] = nothing;
    const fake = fakeModel(state);
    const { root, find } = await show(fake);
    expect(find(".cfw-drawn .cfw-placeholder").hidden).toBe(false);
    fake.receive(facexState());
    await drawn();
    expect([root.dataset.ready, root.dataset.shown]).toEqual(["1", "u_lip"]);
  });
});

describe("the end of a view", () => {
  it("takes everything away, and leaves another one alone", async () => {
    const fake = start({ opened: 7, face: face(7, "7.jpg"), patches: patches() });
    const one = await show(fake);
    const listeners = fake.listeners();
    const two = await show(fake);
    await vi.waitFor(() => expect(two.root.dataset.face).toBe("1"));
    one.end();
    expect(one.root.isConnected).toBe(false);
    expect(fake.listeners()).toBe(listeners);
    fake.receive({ opened: -1 });
    await drawn();
    await two.point(two.shape("l_eye"));
    expect(two.root.dataset.shown).toBe("l_eye");
    two.end();
    expect(fake.listeners()).toBe(0);
    expect(decoder.open()).toEqual([]);
  });

  it("comes with the host's signal, too", async () => {
    const fake = start();
    await endBySignal(view, modelOf(fake), fake.listeners);
  });

  it("in the middle of decoding frees what comes", async () => {
    decoder.held = true;
    const { end } = await show(start({ opened: 7, face: face(7, "7.jpg"), patch_tiles: pack([[1], [2]]) }));
    end();
    decoder.release();
    await vi.waitFor(() => expect(decoder.waiting()).toEqual([]));
    await drawn();
    expect(decoder.open()).toEqual([]);
  });
});
