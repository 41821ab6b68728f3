import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/pareto";
import type { Traits } from "../src/pareto/traits";
import { EMPTY, fakeModel, numbered, pack, wire } from "./fake";
import { drawn, mount, stopAndResume, text, tidy } from "./mount";
import { DELTAS, edited, floats, member, members, paretoState } from "./pareto/fake";
import { stubBitmaps, stubCanvas } from "./pictures";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let decoder: ReturnType<typeof stubBitmaps>;
let canvas: ReturnType<typeof stubCanvas>;

beforeEach(() => {
  decoder = stubBitmaps({ width: 16, height: 16 });
  canvas = stubCanvas();
});
afterEach(tidy);

const start = (changes: Partial<Traits> = {}) => fakeModel(paretoState(changes));

async function show(fake: Fake) {
  const shown = mount(view, fake.view(), "pareto");
  const { find, all } = shown;
  const tiles = () => all(".cfw-film-tile");
  const slider = (name: string) => find<HTMLInputElement>(`.cfw-change[data-attribute=${name}] input`);
  const outcome = () => [text(find(".cfw-after .cfw-big")), text(find(".cfw-after .cfw-verdict"))];
  const key = async (...pressed: Parameters<typeof shown.key>) => {
    const event = shown.key(...pressed);
    await drawn();
    return event;
  };
  const click = async (element: HTMLElement) => {
    element.click();
    await drawn();
  };
  const drag = async (name: string, value: number) => {
    slider(name).value = String(value);
    slider(name).dispatchEvent(new Event("input", { bubbles: true }));
    await drawn();
  };
  /** What was drawn last on a picture of the stage. */
  const picture = (kind: "before" | "after") => canvas.drawnOn(find(`.cfw-${kind} canvas`)).at(-1);
  await drawn();
  await drawn();
  return { ...shown, tiles, slider, outcome, key, click, drag, picture };
}

describe("what stands in the view", () => {
  it("asks what would change the answer, and shows the best pick beside the image", async () => {
    const { root, find, all, tiles, outcome, picture } = await show(start());
    expect(text(find(".cfw-question"))).toBe("lipstick predicts Male. What would make it predict female?");
    expect(text(find(".cfw-help-panel"))).toContain("Barredo-Arrieta");
    expect([text(find(".cfw-before .cfw-big")), text(find(".cfw-before .cfw-verdict"))]).toEqual([
      ".97",
      "● predicted Male",
    ]);
    expect(outcome()).toEqual([".40", "▲ predicted female"]);
    expect(text(find(".cfw-after .cfw-pair-title"))).toBe("☆ best pick, 3 of 4");
    expect([picture("before"), picture("after")]).toEqual([50, 2]);
    expect(tiles().map(text)).toEqual(["●.90", "●.60", "▲.40☆ best pick", "▲.10"]);
    expect(tiles().map((tile) => tile.getAttribute("aria-selected"))).toEqual([
      "false",
      "false",
      "true",
      "false",
    ]);
    expect(all(".cfw-change").map(text)).toEqual(["blond hair+0.75", "bald−0.50", "younghas0.00"]);
    expect(find<HTMLElement>(".cfw-change[data-attribute=Bald] b").style.left).toBe("25%");
    expect(find<HTMLElement>(".cfw-change[data-attribute=Bald] b").style.width).toBe("25%");
    expect(text(find(".cfw-buys-unit"))).toContain("log-probability of Male that comes back");
    expect(all(".cfw-buys tbody tr").map((row) => [...row.children].map(text))).toEqual([
      ["blond hair", "", "+1.50", "+2.00", "+0.80"],
      ["bald", "", "−0.30", "−1.00", "−0.60"],
    ]);
    expect(text(find(".cfw-trust tbody"))).toBe("reconstruction.95the image .97");
    expect([root.dataset.shown, root.dataset.ready, root.dataset.edit]).toEqual(["2", "1", "none"]);
  });

  it("without a crossing shows the most plausible flip, and without a flip the closest", async () => {
    const fake = start({ crossing: -1 });
    const { root, find, button } = await show(fake);
    expect(root.dataset.shown).toBe("2");
    expect(button("☆ best pick").hidden).toBe(true);
    expect(button("★ simplest").hidden).toBe(true);
    const notes = "Nothing flips the model: in the closest, Male still leads by .40.";
    fake.receive({ members: [member(0.9, 0, 0.1), member(0.7, 0.1, 0.2)], tiles: numbered(2), notes });
    await drawn();
    expect(root.dataset.shown).toBe("1");
    expect(text(find(".cfw-notes"))).toBe(notes);
    expect(text(find(".cfw-after .cfw-verdict"))).toBe("● predicted Male");
  });

  it("before anything is known asks what would change the prediction", async () => {
    const { find } = await show(start({ labels: [], original_class: -1 }));
    expect(text(find(".cfw-question"))).toBe("What would make lipstick change its prediction?");
  });

  it("of more classes asks for any other", async () => {
    const { find } = await show(start({ labels: ["cat", "dog", "cow"], model: "" }));
    expect(text(find(".cfw-question"))).toBe(
      "The model predicts dog. What would make it predict anything else?",
    );
  });

  it("says what will be here, and fills in while the run goes on", async () => {
    const nothing = { members: [], tiles: EMPTY, deltas: EMPTY, crossing: -1, importance: [], trust: [] };
    const fake = start({ ...nothing, state: "running", activity: "searching", progress: 0.1 });
    const { root, find, all, tiles, slider } = await show(fake);
    expect(text(find(".cfw-film-empty"))).toBe("counterfactuals appear here as they are found");
    expect(slider("Bald").disabled).toBe(true);
    expect(text(find(".cfw-buys-later"))).toBe("measured when the search has ended");
    const { members, deltas } = paretoState();
    fake.receive({ members: members.slice(0, 2), tiles: numbered(2), deltas });
    await drawn();
    expect(tiles()).toHaveLength(2);
    expect(find<HTMLElement>(".cfw-film-empty").hidden).toBe(true);
    expect(root.dataset.shown).toBe("1");
    fake.receive({ members, tiles: numbered(4), crossing: 2 });
    await drawn();
    expect([tiles().length, root.dataset.shown]).toEqual([4, "2"]);
    expect(all("[role=alert]").every((element) => element.hidden || text(element) === "")).toBe(true);
  });

  it("sends Stop and Resume, and says what is kept", async () => {
    const fake = start({ state: "running", activity: "searching", progress: 0.3 });
    await stopAndResume(fake, await show(fake), "searching", "the counterfactuals so far are kept");
  });

  it("takes text from the kernel as text", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const { root, find } = await show(
      start({
        ...{
          labels: [nasty, nasty],
          model: nasty,
          names: [nasty],
          attributes: [1],
          notes: nasty,
          counts: nasty,
        },
        members: [member(0.4, 0, 1, { label: nasty, second: nasty })],
        ...{ deltas: floats([[0.5]]), crossing: 0, error: nasty, state: "failed" },
        importance: [{ name: nasty, success: 1, per_unit: 1, change: 1 }],
        trust: [{ name: nasty, value: nasty, note: nasty, help: nasty, ok: null }],
      }),
    );
    expect(root.querySelector("img")).toBeNull();
    expect(text(find(".cfw-alert"))).toBe(nasty);
  });

  it("says how many pictures cannot be decoded", async () => {
    const { find } = await show(start({ tiles: pack([[0], [255], [255], [3]]) }));
    expect(text(find(".cfw-film-empty"))).toBe("the browser cannot decode 2 of the pictures");
  });

  it("says where the image would be what is wrong", async () => {
    const { find } = await show(start({ original: wire(Uint8Array.of(255)) }));
    expect(text(find(".cfw-placeholder"))).toBe("the browser cannot decode the image");
    expect(find(".cfw-placeholder").getAttribute("role")).toBe("alert");
  });

  it("lives with traits that are not there", async () => {
    const { root } = await show(fakeModel({} as Traits));
    expect(root.dataset.shown).toBe("-1");
  });
});

describe("walking", () => {
  it("by keys goes along the strip, each at once", async () => {
    const fake = start();
    const { root, tiles, key, outcome, find, picture } = await show(fake);
    expect(tiles().map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, 0, -1]);
    tiles()[2]!.focus();
    await key("ArrowRight", tiles()[2]!);
    expect([root.dataset.shown, fake.state.chosen, picture("after")]).toEqual(["3", 3, 3]);
    expect(outcome()).toEqual([".10", "▲ predicted female"]);
    expect(text(find(".cfw-change[data-attribute=Young]"))).toBe("younghas+0.50");
    // The focus tells it.
    expect(tiles()[3]!.ariaLabel ?? tiles()[3]!.getAttribute("aria-label")).toContain(
      "counterfactual 4 of 4: probability of Male .10, predicted female",
    );
    expect(text(find(".cfw-live"))).toBe("");
    const event = await key("Home", tiles()[3]!);
    expect(event.defaultPrevented).toBe(true);
    expect([root.dataset.shown, document.activeElement]).toEqual(["0", tiles()[0]]);
    await key("End", tiles()[0]!);
    expect(root.dataset.shown).toBe("3");
    expect(fake.saved.map(({ chosen }) => chosen)).toEqual([3, 0, 3]);
    expect(Number(root.dataset.latency)).toBeGreaterThanOrEqual(0);
  });

  it("keeps keys from the notebook, but not Escape where there is nothing to undo", async () => {
    const { root, key, el } = await show(start());
    const heard: string[] = [];
    el.addEventListener("keydown", ({ key }) => heard.push(key));
    await key("a", root);
    await key("Escape", root);
    expect(heard).toEqual(["Escape"]);
  });

  it("goes to the best pick by its button, and where Python says", async () => {
    const fake = start({ chosen: 0 });
    const { root, button, click, find } = await show(fake);
    expect(root.dataset.shown).toBe("0");
    await click(button("☆ best pick"));
    expect([root.dataset.shown, fake.state.chosen]).toEqual(["2", -1]);
    expect(text(find(".cfw-live"))).toContain("counterfactual 3 of 4");
    // It is another one in a newer front.
    fake.receive({ crossing: 1 });
    await drawn();
    expect(root.dataset.shown).toBe("1");
    fake.receive({ chosen: 0 });
    await drawn();
    expect(root.dataset.shown).toBe("0");
  });

  it("shows the simplest flip, where its probability has it in the strip", async () => {
    const fake = start({
      members: [...members(), member(0.45, 0.4, 0.7)],
      ...{ tiles: numbered(5), deltas: floats([...DELTAS, [0.75, 0, 0]]), simplest: 4 },
    });
    const { root, find, tiles, key, button, click, picture } = await show(fake);
    expect([root.dataset.shown, picture("after")]).toEqual(["4", 4]);
    expect(text(find(".cfw-after .cfw-pair-title"))).toBe("★ simplest flip");
    expect(tiles().map(text)).toEqual(["●.90", "●.60", "▲.45★ simplest", "▲.40☆ best pick", "▲.10"]);
    expect(text(find(".cfw-film-head"))).toContain("4 counterfactuals");
    await key("ArrowRight", tiles()[2]!);
    expect([root.dataset.shown, text(find(".cfw-after .cfw-pair-title"))]).toEqual([
      "2",
      "☆ best pick, 3 of 4",
    ]);
    await click(button("★ simplest"));
    expect([root.dataset.shown, fake.state.chosen]).toEqual(["4", -1]);
    expect(text(find(".cfw-live"))).toContain("simplest flip: probability of Male .45");
    await click(button("☆ best pick"));
    expect([root.dataset.shown, fake.state.chosen]).toEqual(["2", 2]);
  });

  it("stays with what was chosen where a newer front has it elsewhere", async () => {
    const fake = start({ state: "running" });
    const { root, tiles, click } = await show(fake);
    await click(tiles()[3]!);
    // The kernel, which has not heard of the choice, sends another front with the choice it knows of.
    const rows = [[0, 0, 1], ...DELTAS];
    const newer = {
      members: [member(0.95, 0, 0), ...members()],
      ...{ tiles: numbered(5), deltas: floats(rows), chosen: 1 },
    };
    fake.receive(newer);
    await drawn();
    expect([root.dataset.shown, fake.state.chosen, fake.saved.at(-1)?.chosen]).toEqual(["4", 4, 4]);
    // Python's own choice, with no other front, holds.
    fake.receive({ chosen: 2 });
    await drawn();
    fake.receive({ ...newer, deltas: floats(rows), members: [...newer.members] });
    await drawn();
    expect(root.dataset.shown).toBe("2");
    // So does the best pick.
    fake.receive({ chosen: -1 });
    await drawn();
    fake.receive({ ...newer, chosen: -1, crossing: 3, deltas: floats(rows.slice(0, 4)) });
    await drawn();
    expect(root.dataset.shown).toBe("3");
  });

  it("takes the focus along into a newer front", async () => {
    const fake = start({ state: "running" });
    const { tiles } = await show(fake);
    tiles()[1]!.focus();
    await drawn();
    fake.receive({
      members: [member(0.95, 0, 0), ...members()],
      ...{ tiles: numbered(5), deltas: floats([[0, 0, 1], ...DELTAS]) },
    });
    await drawn();
    expect(document.activeElement).toBe(tiles()[2]);
    expect(tiles()[2]!.getAttribute("aria-selected")).toBe("true");
  });
});

describe("the charts", () => {
  /** A point in a chart of the page, below the brush. */
  function chart(clicked: () => void) {
    const figure = document.createElement("div");
    figure.className = "cfw-pareto-chart";
    figure.innerHTML =
      '<svg><g class="object_grp"><path/></g><g class="object_grp"><path/></g></svg><div class="selector"><u></u></div>';
    document.body.append(figure);
    const overlay = figure.querySelector("u")!;
    const [far, pointed] = [...figure.querySelectorAll("path")] as [SVGPathElement, SVGPathElement];
    far.getBoundingClientRect = () => new DOMRect(3, 0, 6, 6);
    pointed.getBoundingClientRect = () => new DOMRect(-3, -3, 6, 6);
    pointed.addEventListener("click", clicked);
    let there = true;
    document.elementsFromPoint = () => (there ? [overlay, far, pointed, figure] : [overlay, figure]);
    return { overlay, away: () => (there = false) };
  }
  const press = (element: Element, type: string) =>
    element.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true }));

  it("are told what is shown, without the kernel", async () => {
    const fake = start();
    const { tiles, click } = await show(fake);
    expect(fake.state.cursor).toEqual([2]);
    await click(tiles()[0]!);
    expect(fake.state.cursor).toEqual([0]);
  });

  it("are told again by each that has drawn its points: before, bqplot does not listen", async () => {
    const fake = start();
    await show(fake);
    const told: unknown[] = [];
    fake.view().on("change:cursor", () => told.push(fake.state.cursor));
    for (let charts = 0; charts < 2; charts++) {
      chart(() => {});
      await drawn();
      expect(told.splice(0)).toEqual([null, [2]]);
    }
    document.body.append(document.createElement("p"));
    await drawn();
    expect(told).toEqual([]);
  });

  it("choose by a click on a point, which the brush covers", async () => {
    const fake = start();
    const { root, find } = await show(fake);
    const { overlay, away } = chart(() => fake.view().set("cursor", Uint32Array.of(1)));
    const pressed = vi.fn();
    overlay.addEventListener("mousedown", pressed);
    press(overlay, "mousedown");
    press(overlay, "click");
    await drawn();
    expect(pressed).not.toHaveBeenCalled();
    expect([root.dataset.shown, fake.state.chosen]).toEqual(["1", 1]);
    expect(text(find(".cfw-live"))).toContain("counterfactual 2 of 4");
    away();
    press(overlay, "mousedown");
    expect(pressed).toHaveBeenCalledOnce();
  });

  it("choose by a click on a point that nothing covers", async () => {
    const fake = start();
    const { root } = await show(fake);
    // Between two listeners of a click that a person makes, microtasks run.
    chart(() => queueMicrotask(() => fake.view().set("cursor", Uint32Array.of(1))));
    press(document.querySelectorAll(".object_grp path")[1]!, "click");
    await drawn();
    expect([root.dataset.shown, fake.state.chosen]).toEqual(["1", 1]);
  });

  it("do not choose by an echo of what they were told", async () => {
    const fake = start();
    const { root } = await show(fake);
    fake.receive({ cursor: Uint32Array.of(0) });
    await drawn();
    expect([root.dataset.shown, fake.state.chosen]).toEqual(["2", -1]);
    expect(fake.state.cursor).toEqual([2]);
  });

  it("filter the strip by a brushed region, which is taken back by a button or Escape", async () => {
    const fake = start();
    const { root, tiles, button, click, find, key } = await show(fake);
    fake.receive({ across_0: Float64Array.of(0.4, 1), up_0: Float64Array.of(-9, 0) });
    await drawn();
    expect(tiles().map(({ dataset }) => dataset.place)).toEqual(["1", "2"]);
    expect(text(find(".cfw-film-head"))).toContain("2 of 4, in the brushed region");
    expect(fake.saved.at(-1)).toMatchObject({ brushed: [1, 2] });
    // A newer front has others there.
    fake.receive({ members: [member(0.9, 0, 0.1), member(0.4, 0.5, 0.9)], tiles: numbered(2), brushed: [] });
    await drawn();
    expect(tiles().map(({ dataset }) => dataset.place)).toEqual(["1"]);
    expect(fake.state.brushed).toEqual([1]);
    await click(button("show all"));
    expect(tiles()).toHaveLength(2);
    expect([fake.state.across_0, fake.state.up_0, fake.state.brushed]).toEqual([null, null, []]);
    fake.receive({ across_2: [0, 0.5], up_2: [0, 9] });
    await drawn();
    expect(tiles()).toHaveLength(1);
    await key("Escape", root);
    expect(tiles()).toHaveLength(2);
  });

  it("with nothing in the brushed region leave all, and say so", async () => {
    const fake = start({ across_0: [7, 8], up_0: [7, 8] });
    const { tiles, find } = await show(fake);
    expect(tiles()).toHaveLength(4);
    expect(text(find(".cfw-film-head"))).toContain("none is in the brushed region: all are shown");
  });
});

describe("editing by hand", () => {
  it("moves a bar at once and asks the kernel, with the last answer greyed", async () => {
    const fake = start();
    const { root, find, outcome, drag, picture } = await show(fake);
    await drag("Young", -0.5);
    expect(fake.state.edit).toEqual([0.75, -0.5, -0.5]);
    expect(fake.state.chosen).toBe(2);
    expect(fake.saved.at(-1)).toMatchObject({ edit: [0.75, -0.5, -0.5] });
    expect(text(find(".cfw-change[data-attribute=Young]"))).toBe("younghas−0.50");
    expect([root.dataset.edit, outcome()[0]]).toEqual(["asking", ".40"]);
    expect(find(".cfw-after").classList.contains("cfw-stale")).toBe(true);
    // A late answer to an earlier question is shown, but greyed.
    fake.receive({ edited: edited([0.75, -0.5, -0.25], 0.7, 90) });
    await drawn();
    expect([root.dataset.edit, outcome()[0]]).toEqual(["asking", ".70"]);
    fake.receive({ edited: edited([0.75, -0.5, -0.5], 0.8, 91) });
    await drawn();
    expect([root.dataset.edit, ...outcome()]).toEqual(["answered", ".80", "● predicted Male"]);
    expect(find(".cfw-after").classList.contains("cfw-stale")).toBe(false);
    expect(picture("after")).toBe(91);
    expect(text(find(".cfw-after .cfw-pair-title"))).toBe("changed by hand");
    expect(text(find(".cfw-live"))).toBe("changed by hand: probability of Male .80, still predicted Male");
  });

  it("begins with the counterfactual, not with the answer to what was edited before", async () => {
    const fake = start();
    const { root, tiles, click, drag, outcome, picture } = await show(fake);
    await drag("Young", -0.5);
    fake.receive({ edited: edited([0.75, -0.5, -0.5], 0.8, 91) });
    await drawn();
    await click(tiles()[3]!);
    expect([picture("after"), outcome()[0]]).toEqual([3, ".10"]);
    await drag("Bald", 0.5);
    expect([root.dataset.edit, picture("after"), outcome()[0]]).toEqual(["asking", 3, ".10"]);
    // The same changes as before are answered already.
    await drag("Bald", -0.5);
    await drag("Blond_Hair", 0.75);
    await drag("Young", -0.5);
    expect([root.dataset.edit, picture("after"), outcome()[0]]).toEqual(["answered", 91, ".80"]);
  });

  it("marks what the search leaves as it is", async () => {
    const { find, drag } = await show(start({ frozen: ["Young"] }));
    expect(text(find(".cfw-change[data-attribute=Young]"))).toBe("younghasfrozen");
    await drag("Young", -0.5);
    expect(text(find(".cfw-change[data-attribute=Young]"))).toBe("younghas−0.50");
  });

  it("is done by keys, within the reach", async () => {
    const fake = start();
    const { slider, key } = await show(fake);
    await key("PageUp", slider("Blond_Hair"));
    expect(fake.state.edit).toEqual([1, -0.5, 0]);
    await key("ArrowUp", slider("Blond_Hair"));
    expect(fake.state.edit[0]).toBe(1);
    await key("ArrowLeft", slider("Bald"));
    expect(fake.state.edit[1]).toBe(-0.55);
    await key("Home", slider("Young"));
    expect(fake.state.edit[2]).toBe(-1);
    await key("Delete", slider("Young"));
    expect(fake.state.edit[2]).toBe(0);
    expect(slider("Bald").getAttribute("aria-valuetext")).toBe("bald −0.55");
  });

  it("lets what it excludes give way, and come back", async () => {
    const fake = start({ groups: [[0, 1]], attributes: [0, 1, 1] });
    const { drag, all } = await show(fake);
    await drag("Blond_Hair", 0.96);
    expect(fake.state.edit).toEqual([0.96, -0.96, 0]);
    expect(all(".cfw-change").map(text)).toEqual(["blond hair+0.96", "baldhas−0.96", "younghas0.00"]);
    // As far as it was lowered before.
    await drag("Blond_Hair", 0.2);
    expect(fake.state.edit).toEqual([0.2, -0.5, 0]);
    await drag("Blond_Hair", 0.96);
    await drag("Bald", -0.2);
    expect(fake.state.edit).toEqual([0.2, -0.2, 0]);
    await drag("Young", -1);
    expect(fake.state.edit).toEqual([0.2, -0.2, -1]);
    expect(all(".cfw-change-name").map(({ title }) => title)).toEqual([
      "blond hair: takes the place of bald",
      "bald: takes the place of blond hair",
      "young",
    ]);
  });

  it("is undone by the button, by Escape, and by choosing a counterfactual", async () => {
    const fake = start();
    const { root, button, click, drag, key, tiles, outcome } = await show(fake);
    for (const undo of [
      () => click(button("undo edits")),
      () => key("Escape", root),
      () => click(tiles()[3]!),
    ]) {
      await drag("Bald", 1);
      expect(root.dataset.edit).toBe("asking");
      await undo();
      expect([root.dataset.edit, fake.state.edit]).toEqual(["none", []]);
    }
    expect(outcome()[0]).toBe(".10");
  });

  it("says when no answer comes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const fake = start();
    const shown = show(fake);
    await vi.advanceTimersByTimeAsync(200);
    const { slider, find } = await shown;
    slider("Bald").value = "1";
    slider("Bald").dispatchEvent(new Event("input", { bubbles: true }));
    await vi.advanceTimersByTimeAsync(600);
    expect(text(find(".cfw-stage-waiting"))).toBe("evaluating…");
    await vi.advanceTimersByTimeAsync(6000);
    expect(text(find(".cfw-stage-waiting"))).toContain("no answer yet");
  });
});

describe("the pictures", () => {
  it("are compared with the image, or with its reconstruction", async () => {
    const fake = start({ repainted_p: 0.3, repainted_label: "female" });
    const { button, click, picture, find } = await show(fake);
    const answers = () => [text(find(".cfw-before .cfw-big")), text(find(".cfw-before .cfw-verdict"))];
    expect(button("the image").getAttribute("aria-pressed")).toBe("true");
    await click(button("reconstruction"));
    expect([picture("before"), ...answers()]).toEqual([51, ".30", "▲ predicted female"]);
    expect(button("reconstruction").getAttribute("aria-pressed")).toBe("true");
    fake.receive({ repainted_p: 0.9, repainted_label: "Male" });
    await drawn();
    expect(answers()).toEqual([".90", "● predicted Male"]);
    await click(button("the image"));
    expect([picture("before"), ...answers()]).toEqual([50, ".97", "● predicted Male"]);
  });

  it("stay until the next is decoded, so that nothing blinks", async () => {
    const cleared: HTMLCanvasElement[] = [];
    const getContext = vi.mocked(HTMLCanvasElement.prototype.getContext);
    const stub = getContext.getMockImplementation()!;
    getContext.mockImplementation(function (this: HTMLCanvasElement, ...kind) {
      return Object.assign(stub.apply(this, kind)!, { clearRect: () => cleared.push(this) });
    });
    const fake = start({ state: "running" });
    const { picture, outcome, find, root } = await show(fake);
    const clearings = () => cleared.filter((one) => one === find(".cfw-after canvas")).length;
    const before = clearings();
    decoder.held = true;
    const rows = members().map((one) => ({ ...one, p: one.p / 2 }));
    fake.receive({ tiles: numbered(4, 60), members: rows, deltas: floats(DELTAS) });
    await drawn();
    expect([outcome()[0], picture("after"), root.dataset.ready]).toEqual([".20", 2, undefined]);
    expect(clearings()).toBe(before);
    decoder.held = false;
    decoder.release();
    await drawn();
    expect([picture("after"), root.dataset.ready]).toEqual([62, "1"]);
  });

  it("have a second model's answer beside them", async () => {
    const rows = members().map((one, i) => ({ ...one, second: i === 2 ? "Male" : "female" }));
    const { find, tiles, click } = await show(start({ members: rows }));
    expect(text(find(".cfw-after .cfw-second"))).toBe("● second model: Male");
    await click(tiles()[3]!);
    expect(text(find(".cfw-after .cfw-second"))).toBe("▲ second model: female");
    expect(find(".cfw-before .cfw-second").hidden).toBe(true);
  });

  it("show their difference, said in words", async () => {
    const { button, click, find } = await show(start());
    await click(button("difference"));
    expect(text(find(".cfw-after .cfw-pair-title"))).toBe("☆ best pick, 3 of 4");
    expect(find(".cfw-signed-legend").hidden).toBe(false);
    expect(button("difference").getAttribute("aria-pressed")).toBe("true");
  });

  it("flip while a button is held, by pointer or key", async () => {
    const { button, picture, find } = await show(start());
    const hold = button("hold for the image");
    for (const [down, up] of [
      [new Event("pointerdown"), new Event("pointerup")],
      [new KeyboardEvent("keydown", { key: " " }), new KeyboardEvent("keyup", { key: " " })],
    ] as const) {
      hold.dispatchEvent(down);
      await drawn();
      expect([picture("after"), text(find(".cfw-after .cfw-pair-title"))]).toEqual([50, "the image (held)"]);
      hold.dispatchEvent(up);
      await drawn();
      expect(picture("after")).toBe(2);
    }
  });

  it("end with the view, and what listens too", async () => {
    const fake = start();
    const { end, el } = await show(fake);
    expect(decoder.open().length).toBe(6);
    end();
    expect(decoder.open()).toEqual([]);
    expect(fake.listeners()).toBe(0);
    expect(el.children).toHaveLength(0);
  });
});

describe("what linked views share", () => {
  const whole = [[0, 0, 1, 0, 1, 1, 0, 1]];

  it("stands over both pictures", async () => {
    const fake = start({ point: [0.25, 0.5], region: whole });
    const { all, find } = await show(fake);
    await drawn();
    for (const side of ["before", "after"])
      expect(find<HTMLElement>(`.cfw-${side} .cfw-cross`).style.translate).toBe("25% 50%");
    expect(all(".cfw-pair .cfw-shared path").map((path) => path.getAttribute("d"))).toEqual(
      Array(4).fill("M0 0 1 0 1 1 0 1Z"),
    );
    fake.receive({ point: [] });
    expect(all(".cfw-cross").every(({ hidden }) => hidden)).toBe(true);
  });

  it("has the share of the difference; Escape clears the region before it takes edits back", async () => {
    const fake = start({ edit: [0.5, 0, 0] });
    const { find, key, root } = await show(fake);
    await drawn();
    // Pictures that are all grey do not differ.
    fake.receive({ region: whole });
    expect(find<HTMLElement>(".cfw-share").hidden).toBe(true);
    await key("Escape", root);
    expect(fake.state.region).toEqual([]);
    expect(fake.state.edit).toEqual([0.5, 0, 0]);
    await key("Escape", root);
    expect(fake.state.edit).toEqual([]);
  });
});
