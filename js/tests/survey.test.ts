import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/survey";
import type { Traits } from "../src/survey/traits";
import { EMPTY, fakeModel, wire } from "./fake";
import { drawn, mount, text, tidy } from "./mount";
import { stubBitmaps, stubCanvas } from "./pictures";
import { pathsOf, ROWS, sheetOf, surveyState, tableOf } from "./survey/fake";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let decoder: ReturnType<typeof stubBitmaps>;
let canvas: ReturnType<typeof stubCanvas>;

beforeEach(() => {
  decoder = stubBitmaps();
  canvas = stubCanvas();
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(300);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(200);
});
afterEach(tidy);

const start = (changes: Partial<Traits> = {}) => fakeModel(surveyState(changes));

async function show(fake: Fake, ready = true) {
  const shown = mount(view, fake.view(), "survey");
  if (ready) await shown.ready();
  await drawn();
  const { find, all } = shown;
  const visible = (selector: string) => all(selector).filter(({ hidden }) => !hidden);
  const button = (name: string) => all("button").find((element) => text(element).startsWith(name))!;
  const cell = (name: string) => all(".cfw-cell").find(({ title }) => title.startsWith(`${name}:`))!;
  const option = () => find(".cfw-cursor").getAttribute("aria-label") ?? "";
  return { ...shown, visible, button, cell, option };
}

describe("what stands in the view", () => {
  it("is the finding, the matrix and each picture with its classes", async () => {
    const { find, all, root, cell } = await show(start());
    expect(text(find(".cfw-question"))).toBe("Where does digits go wrong?");
    expect(text(find(".cfw-sentence"))).toContain("true class of 2 of 5");
    expect(all(".cfw-cell").map(text)).toEqual(["1", "2", "", "", "1", "", "", "1", ""]);
    expect(all(".cfw-row-name").map(text)).toEqual(["4", "9", "<b>7</b>"]);
    expect(cell("4 → 9").getAttribute("aria-label")).toBe("4 → 9: 2 of 3");
    expect(find(".cfw-pairs-box").hidden).toBe(true);
    await vi.waitFor(() => expect(root.dataset.pending).toBe("0"));
    expect(root.dataset).toMatchObject({ shown: "6", state: "done" });
    expect(canvas.texts).toContain("→ 9");
    expect(canvas.drawn.some(({ canvas: on }) => on === find(".cfw-sheet"))).toBe(true);
    expect(text(find(".cfw-shown"))).toBe("6 pictures");
    expect(text(find(".cfw-detail"))).toContain("#4");
  });

  it("takes text from the kernel as text", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const fake = start({
      ...{ labels: [nasty, nasty, nasty], model: nasty, second: "", sentence: nasty, error: nasty },
      ...{ skipped: [{ number: 1, path: nasty, why: nasty }], skipped_count: 1, caveats: [nasty] },
      paths: pathsOf(ROWS.map(() => nasty)),
    });
    const { root } = await show(fake);
    expect(root.querySelector("img")).toBeNull();
    expect(text(root)).toContain(nasty);
  });

  it("is a list of what is predicted where no labels are known", async () => {
    const rows = ROWS.map(({ prediction }) => ({ truth: -1, prediction }));
    const { find, all, visible } = await show(start({ labelled: false, table: tableOf(rows) }));
    expect(text(find(".cfw-question"))).toBe("What does digits predict?");
    expect(find(".cfw-matrix").hidden).toBe(true);
    expect(all(".cfw-pair").map(text)).toEqual(["9467 %", "4117 %", "<b>7</b>117 %"]);
    expect(visible(".cfw-chip").map(text)).toEqual(["unsure0"]);
  });

  it("is a list of the worst pairs where there are many classes", async () => {
    const labels = Array.from({ length: 1000 }, (_, i) => `c${i}`);
    const { find, all } = await show(start({ labels }));
    expect(find(".cfw-matrix").hidden).toBe(true);
    expect(all(".cfw-pair").map(text)).toEqual(["c0 → c1267 %", "c2 → c11100 %"]);
    all(".cfw-pair")[0]!.click();
    await drawn();
    expect(text(find(".cfw-shown"))).toBe("2 of 6 pictures");
    expect(all(".cfw-pair")[0]!.getAttribute("aria-pressed")).toBe("true");
  });

  it("says what it waits for, what failed, and what cannot be read", async () => {
    const fake = start({ table: EMPTY, kept: EMPTY, state: "running", activity: "predicting", sentence: "" });
    const { find } = await show(fake, false);
    expect(text(find(".cfw-placeholder"))).toBe("predicting");
    expect(find(".cfw-both").hidden).toBe(true);
    fake.receive({ state: "failed", error: "the network broke" });
    await drawn();
    expect(text(find(".cfw-placeholder[role=alert]"))).toBe("the network broke");
    fake.receive({ error: "", state: "done", table: tableOf(ROWS.slice(1)) });
    await vi.waitFor(() => expect(text(find(".cfw-placeholder"))).toContain("the table cannot be read"));
  });

  it("names the pictures that cannot be used, folded", async () => {
    const skipped = [{ number: 7, path: "a/b.jpg", why: "OSError: truncated" }];
    const fake = start({ skipped, skipped_count: 30 });
    const { find, all } = await show(fake);
    expect(text(find(".cfw-details summary"))).toBe("30 pictures could not be used");
    expect(all(".cfw-skipped li").map(text)).toEqual([
      "#7 a/b.jpg: OSError: truncated",
      "and 29 more: see result.skipped_frame()",
    ]);
    expect(find<HTMLDetailsElement>(".cfw-details").open).toBe(false);
  });
});

describe("filters", () => {
  it("follow a click on a cell, and let go by a second one", async () => {
    const fake = start();
    const { cell, root, find, button } = await show(fake);
    cell("4 → 9").click();
    await drawn();
    expect(root.dataset.shown).toBe("2");
    expect(fake.saved.at(-1)?.filters).toMatchObject({ truth: 0, prediction: 1 });
    expect(cell("4 → 9").getAttribute("aria-selected")).toBe("true");
    expect(text(button("4 → 9 ×"))).toBe("4 → 9 ×");
    expect(text(find(".cfw-live"))).toBe("2 pictures");
    cell("4 → 9").click();
    await drawn();
    expect(root.dataset.shown).toBe("6");
  });

  it("are made by the keys of the matrix, and by its heads", async () => {
    const { all, cell, key, root } = await show(start());
    const [head] = all(".cfw-row-name");
    head!.focus();
    key("ArrowRight", head!);
    key("ArrowRight", cell("4, right"));
    expect(document.activeElement).toBe(cell("4 → 9"));
    key("ArrowDown", cell("4 → 9"));
    expect(document.activeElement).toBe(cell("9, right"));
    key("Enter", cell("9, right"));
    await drawn();
    expect(root.dataset.shown).toBe("1");
    key("Escape", cell("9, right"));
    await drawn();
    expect(root.dataset.shown).toBe("6");
    head!.click();
    await drawn();
    expect(root.dataset.shown).toBe("3");
    all(".cfw-corner")[0]!.click();
    await drawn();
    expect(root.dataset.shown).toBe("6");
  });

  it("are chips, a text and an order", async () => {
    const fake = start({
      paths: pathsOf(["a/1.png", "a/2.png", "b/3.png", "b/4.png", "c/5.png", "c/6.png"]),
    });
    const { button, root, find, option } = await show(fake);
    button("wrong").click();
    await drawn();
    expect(root.dataset.shown).toBe("3");
    button("unsure").click();
    await drawn();
    expect(root.dataset.shown).toBe("1");
    button("unsure").click();
    await vi.waitFor(() => expect(find<HTMLInputElement>(".cfw-search").hidden).toBe(false));
    const search = find<HTMLInputElement>(".cfw-search");
    search.value = "C/";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    await vi.waitFor(() => expect(root.dataset.shown).toBe("2"));
    button("order").click();
    await drawn();
    expect(fake.saved.at(-1)?.filters).toMatchObject({ sort: "order", wrong: true, text: "C/" });
    expect(option()).toContain("picture 4:");
  });

  it("may come from Python, and may leave nothing", async () => {
    const fake = start();
    const { root, find } = await show(fake);
    fake.receive({ filters: { unsure: true } as Traits["filters"] });
    await drawn();
    expect(root.dataset.shown).toBe("2");
    fake.receive({ filters: { unsure: true, truth: 0 } as Traits["filters"] });
    await drawn();
    expect(root.dataset.shown).toBe("0");
    expect(find(".cfw-nothing").hidden).toBe(false);
  });

  it("tell a second model's changes", async () => {
    const rows = ROWS.map((row, i) => ({ ...row, second: i === 1 ? 0 : i === 0 ? 2 : row.prediction }));
    const { find, visible, button, root } = await show(start({ second: "other", table: tableOf(rows) }));
    expect(text(find(".cfw-question"))).toBe("Where does digits go wrong, and what does other change?");
    expect(visible(".cfw-chip").map(text)).toEqual(["wrong3", "unsure2", "fixed1", "broken1"]);
    button("fixed").click();
    await drawn();
    expect(root.dataset.shown).toBe("1");
    expect(canvas.texts).toContain("⇢ 4");
  });
});

describe("the gallery", () => {
  it("is walked through by keys, and Enter opens a picture", async () => {
    const fake = start();
    const { find, key, option } = await show(fake);
    const list = find(".cfw-scroller");
    expect(list.getAttribute("aria-activedescendant")).toBe(find(".cfw-cursor").id);
    expect(option()).toBe("picture 4: <b>7</b>, predicted as 9 (.75)");
    // Three stand in a row, and one row is in sight.
    const walk = async (...keys: string[]) => {
      for (const name of keys) key(name, list);
      await drawn();
      return Number(find(".cfw-cursor").getAttribute("aria-posinset"));
    };
    expect(await walk("ArrowRight")).toBe(2);
    expect(await walk("ArrowDown")).toBe(5);
    expect(await walk("ArrowUp")).toBe(2);
    expect(await walk("End")).toBe(6);
    expect(await walk("Home")).toBe(1);
    expect(await walk("PageDown")).toBe(4);
    expect(await walk("ArrowLeft", "ArrowUp")).toBe(3);
    expect(fake.saved).toEqual([]);
    key("Enter", list);
    await drawn();
    expect(fake.saved).toEqual([{ chosen: 5 }]);
    expect(find(".cfw-cursor").getAttribute("aria-selected")).toBe("true");
    expect(find(".cfw-opened").hidden).toBe(false);
  });

  it("opens the picture that is clicked on, and marks one that Python opens", async () => {
    const fake = start();
    const { find, root } = await show(fake);
    const click = (x: number, y: number) =>
      find(".cfw-scroller").dispatchEvent(new MouseEvent("click", { clientX: x, clientY: y, bubbles: true }));
    click(180, 5);
    expect(fake.saved.at(-1)).toEqual({ chosen: 1 });
    const before = fake.saved.length;
    click(290, 250);
    expect(fake.saved).toHaveLength(before);
    fake.receive({ chosen: 0 });
    await drawn();
    expect(root.dataset.chosen).toBe("0");
    // It stands in the second row, of which the last pixels were out of sight.
    expect(find(".cfw-scroller").scrollTop).toBe(12);
    expect(find(".cfw-cursor").getAttribute("aria-posinset")).toBe("6");
  });

  it("begins with the first where others are asked for, and stays where more come", async () => {
    const fake = start({
      state: "running",
      table: tableOf([...ROWS.slice(0, 5), { truth: 0, prediction: -1 }]),
    });
    const { find, key, option, button } = await show(fake);
    key("ArrowRight", find(".cfw-scroller"));
    key("ArrowRight", find(".cfw-scroller"));
    await drawn();
    expect(option()).toContain("picture 2:");
    fake.receive({ table: tableOf(ROWS) });
    await vi.waitFor(() => expect(find(".cfw-cursor").getAttribute("aria-posinset")).toBe("4"));
    expect(option()).toContain("picture 2:");
    find(".cfw-scroller").scrollTop = 50;
    button("order").click();
    await drawn();
    expect(option()).toContain("picture 0:");
    expect(find(".cfw-scroller").scrollTop).toBe(0);
  });

  it("takes sheets as they come, and asks for what it lacks in sight", async () => {
    const fake = start({ kept: EMPTY });
    const { root } = await show(fake);
    await vi.waitFor(() => expect(fake.sent).toEqual([{ kind: "thumbnails", numbers: [4, 1, 5, 2, 3, 0] }]));
    const sheet = sheetOf([4, 1, 5, 2, 3, 0], 9).map((blob) => wire(Uint8Array.from(blob)));
    fake.message({ kind: "thumbnails" }, sheet);
    await vi.waitFor(() => expect(root.dataset.pending).toBe("0"));
    expect(decoder.bitmaps.map(({ from }) => from)).toEqual([9]);
    fake.message({ kind: "other" }, sheet);
    fake.message(null, []);
    expect(fake.sent).toHaveLength(1);
  });

  it("shows what is kept where there is no kernel, and asks nobody", async () => {
    const fake = start();
    (fake.state as unknown as { layout: unknown }).layout = { comm_live: false };
    const { root, find, cell } = await show(fake);
    await vi.waitFor(() => expect(root.dataset.pending).toBe("0"));
    expect(find(".cfw-alone").hidden).toBe(false);
    cell("4 → 9").click();
    await drawn();
    expect(root.dataset.shown).toBe("2");
    expect(fake.sent).toEqual([]);
  });

  it("ends without a trace", async () => {
    const fake = start();
    const { end, root } = await show(fake);
    await vi.waitFor(() => expect(root.dataset.pending).toBe("0"));
    end();
    expect(fake.listeners()).toBe(0);
    expect(decoder.open()).toHaveLength(0);
    fake.receive({ table: tableOf(ROWS) });
    await drawn();
  });
});
