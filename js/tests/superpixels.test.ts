import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { maskOf } from "../src/shared/region";
import view from "../src/superpixels";
import type { Traits } from "../src/superpixels/traits";
import { fakeModel, labelMap, SIX, stubBrowser, superpixelState, wire } from "./fake";
import { endBySignal, mount, text, tidy } from "./mount";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let bitmaps: { closed: boolean }[];

beforeEach(() => {
  bitmaps = stubBrowser();
});
afterEach(tidy);

/** A view on the page, when its superpixels can be clicked on. */
async function show(fake: Fake, ready = true) {
  const shown = mount(view, fake.view(), "superpixels");
  if (ready) await shown.ready();
  const canvas = shown.find<HTMLCanvasElement>("canvas");
  /** One pixel of the label map is ten on the page; the canvas begins at 100, 50. */
  const pointer = (type: string, x: number, y: number, more: PointerEventInit = {}) =>
    canvas.dispatchEvent(
      new PointerEvent(type, {
        clientX: 100 + 10 * x,
        clientY: 50 + 10 * y,
        isPrimary: true,
        button: 0,
        ...more,
      }),
    );
  const click = (x: number, y: number) => {
    pointer("pointerdown", x, y);
    pointer("pointerup", x, y);
  };
  const key = (name: string, more: KeyboardEventInit = {}, on: Element = canvas) => shown.key(name, on, more);
  return { ...shown, canvas, pointer, click, key };
}

/** After the microtask in which a view draws. */
const drawn = () => new Promise<void>((done) => setTimeout(done));
const start = (changes: Partial<Traits> = {}) => fakeModel(superpixelState(changes));

describe("what stands in the view", () => {
  it("asks the question, and answers it in numbers", async () => {
    const { root, find } = await show(start());
    expect(text(find(".cfw-question"))).toMatch(/^What carries Egyptian cat▾/);
    expect(text(find(".cfw-status"))).toBe("done");
    expect(text(find(".cfw-counts"))).toBe("2,030 pictures evaluated · generation 50 of 50");
    expect(text(find(".cfw-big"))).toBe(".913");
    expect(text(find(".cfw-caption"))).toBe("Egyptian cat, on the shown part");
    expect(text(find(".cfw-delta"))).toBe("▲ .556 against the whole picture");
    expect([...root.querySelectorAll(".cfw-bar")].map(text)).toEqual([
      "Egyptian cat.913",
      "tabby.042",
      "lynx.007",
      "tiger cat<.001",
      "<img src=x onerror=alert(1)><.001",
    ]);
    expect(text(find(".cfw-trust tbody"))).toBe("deletion area.11random .29");
    expect(root.getAttribute("data-focus")).toBe("");
    expect({ ...root.dataset }).toMatchObject({
      ...{ ready: "1", state: "done", shown: "3", answered: "1", mode: "dim" },
    });
  });

  it("asks the other question of what is necessary", async () => {
    const { find } = await show(start({ objective: "necessary" }));
    expect(text(find(".cfw-question"))).toMatch(/^What would lose Egyptian cat/);
    expect(text(find(".cfw-help-panel"))).toContain("Wang et al. 2021");
  });

  it("speaks of the method that is at work", async () => {
    const { root, find } = await show(start({ method: "LIME", state: "stopped" }));
    expect(text(find(".cfw-help-panel"))).toContain("LIME, Ribeiro et al. 2016");
    expect(text(find(".cfw-status"))).toBe("stopped: the masks sampled so far are kept, Resume continues");
    const titles = [...root.querySelectorAll("[title]")].map((element) => element.getAttribute("title"));
    expect([text(root), ...titles].join(" ")).not.toMatch(/genetic|E-LIME|best so far/);
  });

  it("takes text from the kernel as text", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const fake = start({
      target: 3,
      error: nasty,
      activity: nasty,
      trust: [{ name: nasty, value: nasty, note: nasty, help: nasty, ok: null }],
    });
    const { root, button } = await show(fake);
    button("?").click();
    root.querySelector<HTMLButtonElement>(".cfw-picker-button")!.click();
    expect(root.querySelector("img")).toBeNull();
    expect(text(root.querySelector(".cfw-picker-name")!)).toBe(nasty);
    expect(text(root.querySelector("[role=alert]")!)).toBe(nasty);
  });

  it("names a class without a label by its number", async () => {
    const { find } = await show(start({ labels: [] }));
    expect(text(find(".cfw-picker-name"))).toBe("class 1");
  });

  it("follows the kernel", async () => {
    const fake = start({ state: "running", activity: "searching", progress: 0.36 });
    const { root, find, button } = await show(fake);
    expect(text(find(".cfw-status"))).toBe("running: searching");
    expect(find(".cfw-progress").getAttribute("aria-valuenow")).toBe("36");
    expect(button("Resume")).toBeUndefined();
    fake.receive({ state: "stopped", shown: [0], counts: "9 pictures evaluated" });
    await drawn();
    expect(text(find(".cfw-status"))).toBe("stopped: the best so far is kept, Resume continues");
    expect(text(find(".cfw-counts"))).toBe("9 pictures evaluated");
    expect([root.dataset.shown, root.dataset.state]).toEqual(["1", "stopped"]);
    expect(button("Resume")).toBeDefined();
    // What came from the kernel does not go back.
    expect(fake.saved).toEqual([]);
  });

  it("says that the trust is measured later, and nothing when nothing was measured", async () => {
    const fake = start({ state: "running", trust: [] });
    const { find } = await show(fake);
    expect(text(find(".cfw-trust-later"))).toBe("measured when the run has ended");
    expect(find(".cfw-trust").hidden).toBe(false);
    fake.receive({ measures: false });
    await drawn();
    expect(find(".cfw-trust").hidden).toBe(true);
    fake.receive({ measures: true, state: "done" });
    await drawn();
    expect(find(".cfw-trust").hidden).toBe(true);
  });
});

describe("clicking and painting", () => {
  it("toggles a superpixel at once and tells the kernel", async () => {
    const fake = start();
    const { click, root } = await show(fake);
    click(10, 2);
    expect(fake.state.shown).toEqual([0, 1, 2, 4]);
    expect(fake.saved).toEqual([{ shown: [0, 1, 2, 4] }]);
    await drawn();
    expect([root.dataset.shown, root.dataset.answered]).toEqual(["4", undefined]);
    click(2, 2);
    expect(fake.state.shown).toEqual([1, 2, 4]);
  });

  it("paints what the first superpixel of a stroke says, and takes the stroke back as one", async () => {
    const fake = start();
    const { pointer, button } = await show(fake);
    pointer("pointerdown", 1, 1);
    pointer("pointermove", 11, 1);
    pointer("pointermove", 11, 7);
    pointer("pointermove", 1, 7);
    pointer("pointerup", 1, 7);
    expect(fake.state.shown).toEqual([]);
    pointer("pointermove", 6, 1);
    expect(fake.state.shown).toEqual([]);
    await drawn();
    button("undo").click();
    expect(fake.state.shown).toEqual([0, 1, 4]);
    await drawn();
    expect(button("undo").getAttribute("aria-disabled")).toBe("true");
  });

  it("saves at most every 60 ms while painting, and at the end", async () => {
    const fake = start({ shown: [] });
    const { pointer } = await show(fake);
    vi.useFakeTimers();
    pointer("pointerdown", 1, 1);
    for (const [x, y] of [
      [6, 1],
      [10, 1],
      [10, 6],
      [6, 6],
    ] as const) {
      vi.advanceTimersByTime(20);
      pointer("pointermove", x, y);
    }
    expect(fake.state.shown).toEqual([0, 1, 2, 4, 5]);
    expect(fake.saved.map(({ shown }) => shown)).toEqual([[0], [0, 1, 2]]);
    pointer("pointerup", 6, 6);
    expect(fake.saved.at(-1)).toEqual({ shown: [0, 1, 2, 4, 5] });
    vi.advanceTimersByTime(1000);
    expect(fake.saved).toHaveLength(3);
  });

  it("does not lose a stroke to an older state from the kernel", async () => {
    const fake = start({ shown: [] });
    const { pointer } = await show(fake);
    pointer("pointerdown", 1, 1);
    pointer("pointermove", 6, 1);
    fake.receive({ shown: [0] });
    pointer("pointermove", 10, 1);
    pointer("pointerup", 10, 1);
    expect(fake.state.shown).toEqual([0, 1, 2]);
    expect(fake.saved.at(-1)).toEqual({ shown: [0, 1, 2] });
  });

  it("shows or hides by a finger when that is lifted, or moves on", async () => {
    const fake = start();
    const { pointer } = await show(fake);
    const touch = (type: string, x: number, y: number) => pointer(type, x, y, { pointerType: "touch" });
    touch("pointerdown", 2, 2);
    expect(fake.state.shown).toEqual([0, 1, 4]);
    touch("pointerup", 2, 2);
    expect(fake.state.shown).toEqual([1, 4]);
    touch("pointerdown", 2, 2);
    touch("pointermove", 10, 2);
    expect(fake.state.shown).toEqual([0, 1, 2, 4]);
    touch("pointerup", 10, 2);
    // The browser has taken it, to zoom.
    touch("pointerdown", 2, 2);
    touch("pointercancel", 2, 2);
    expect(fake.state.shown).toEqual([0, 1, 2, 4]);
  });

  it("leaves other buttons and fingers alone", async () => {
    const fake = start();
    const { pointer } = await show(fake);
    pointer("pointerdown", 10, 2, { button: 2 });
    pointer("pointerdown", 10, 2, { isPrimary: false });
    expect(fake.state.shown).toEqual([0, 1, 4]);
  });

  it("says what is under the pointer", async () => {
    const { pointer, root, find } = await show(start());
    pointer("pointermove", 6, 2);
    await drawn();
    expect(text(find(".cfw-pointed"))).toBe("superpixel 1 · importance +.80 · shown");
    expect(root.dataset.focus).toBe("1");
    pointer("pointerleave", 60, 2);
    await drawn();
    expect(root.dataset.focus).toBe("");
  });
});

describe("buttons and sliders", () => {
  it("set the whole mask", async () => {
    const fake = start({ shown: [2] });
    const { button } = await show(fake);
    const pressed = async (name: string) => {
      await drawn();
      button(name).click();
      return fake.state.shown;
    };
    expect(await pressed("invert")).toEqual([0, 1, 3, 4, 5]);
    expect(await pressed("all")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await pressed("none")).toEqual([]);
    for (const before of [[0, 1, 2, 3, 4, 5], [0, 1, 3, 4, 5], [2]])
      expect(await pressed("undo")).toEqual(before);
    expect(await pressed("undo")).toEqual([2]);
  });

  it("keep the cursor at the newest generation, until one goes back", async () => {
    const fake = start({ following: true, history_masks: wire(Uint8Array.of(252)) });
    const [one, other] = [await show(fake), await show(fake)];
    const grow = async (generations: number) => {
      fake.receive({ history_masks: wire(new Uint8Array(generations).fill(252)) });
      await drawn();
      return fake.state.cursor[0];
    };
    expect(await grow(5)).toBe(4);
    one.move("replay", 2);
    await drawn();
    expect(fake.state.cursor).toEqual([2, 2]);
    expect(other.find<HTMLInputElement>('input[aria-label="replay"]').value).toBe("2");
    expect(await grow(7)).toBe(2);
    other.move("replay", 6);
    await drawn();
    expect(await grow(9)).toBe(8);
    // Moving the cursor alone says nothing to the kernel.
    expect(fake.saved.every((saved) => "shown" in saved || "following" in saved)).toBe(true);
  });

  it("follow the best answer until an edit, and again by undo or button", async () => {
    const fake = start({ following: true, shown: [], state: "running" });
    const { button, click, root } = await show(fake);
    const seen = async () => {
      await drawn();
      return [root.dataset.shown, fake.state.following, button("best").getAttribute("aria-pressed")];
    };
    expect(await seen()).toEqual(["3", true, "true"]);
    fake.receive({ best: [0, 1, 2, 4] });
    expect(await seen()).toEqual(["4", true, "true"]);
    expect(fake.saved).toEqual([]);
    click(2, 6);
    expect(await seen()).toEqual(["5", false, "false"]);
    expect(fake.saved.at(-1)).toEqual({ shown: [0, 1, 2, 3, 4], following: false });
    fake.receive({ best: [5] });
    expect(await seen()).toEqual(["5", false, "false"]);
    button("undo").click();
    expect(await seen()).toEqual(["1", true, "true"]);
    button("all").click();
    expect(await seen()).toEqual(["6", false, "false"]);
    button("best").click();
    expect(await seen()).toEqual(["1", true, "true"]);
    button("undo").click();
    expect(await seen()).toEqual(["6", false, "false"]);
  });

  it("show the smallest answer as soon as there is one, and the best at the press of a button", async () => {
    const fake = start({ following: true, shown: [], state: "running" });
    const { button, root } = await show(fake);
    const seen = async () => {
      await drawn();
      const pressed = ["smallest", "best"].map((name) => button(name).getAttribute("aria-pressed"));
      return [root.dataset.shown, fake.state.following, ...pressed];
    };
    expect(await seen()).toEqual(["3", true, "false", "true"]);
    fake.receive({ smallest: [1] });
    expect(await seen()).toEqual(["1", true, "true", "false"]);
    button("best").click();
    expect(await seen()).toEqual(["3", false, "false", "false"]);
    expect(fake.saved.at(-1)).toEqual({ shown: [0, 1, 4], following: false });
    button("smallest").click();
    expect(await seen()).toEqual(["1", true, "true", "false"]);
    button("undo").click();
    expect(await seen()).toEqual(["3", false, "false", "false"]);
  });

  it("do nothing that could be taken back where nothing changes", async () => {
    const { button } = await show(start({ shown: [] }));
    button("none").click();
    await drawn();
    expect(button("undo").getAttribute("aria-disabled")).toBe("true");
  });

  it("show the k most important, as one edit", async () => {
    const fake = start({ shown: [5] });
    const { move, button, find } = await show(fake);
    move("most important", 2, false);
    move("most important", 3);
    expect(fake.state.shown).toEqual([0, 1, 4]);
    await drawn();
    expect(text(find(".cfw-slider-value"))).toBe("3 of 6");
    button("undo").click();
    expect(fake.state.shown).toEqual([5]);
  });

  it("replay the search, move the cursor, and can be taken back though the first step changed nothing", async () => {
    const fake = start({ shown: [0, 1, 4] });
    const { move, button } = await show(fake);
    // The second generation has the mask that is shown.
    move("replay", 1, false);
    move("replay", 0);
    expect(fake.state.shown).toEqual([0, 1, 2, 3, 4, 5]);
    await drawn();
    expect(fake.state.cursor).toEqual([0, 0]);
    button("undo").click();
    expect(fake.state.shown).toEqual([0, 1, 4]);
  });

  it("wait for what they need", async () => {
    const { button, find } = await show(
      start({ importance: [], order: [], best: [], history_masks: null, state: "running" }),
    );
    for (const name of ["smallest", "best", "undo", "heat"])
      expect(button(name).getAttribute("aria-disabled")).toBe("true");
    expect(find<HTMLInputElement>('input[aria-label="most important"]').disabled).toBe(true);
    expect(find('[title^="replay"]').classList.contains("cfw-invisible")).toBe(true);
  });

  it("choose how the picture is drawn", async () => {
    const { button, root } = await show(start());
    for (const mode of ["hide", "outline", "heat", "dim"]) {
      button(mode).click();
      await drawn();
      expect(root.dataset.mode).toBe(mode);
      const pressed = [...root.querySelectorAll("[aria-pressed=true]")].map(text);
      expect(pressed).toEqual([mode]);
    }
  });

  it("offer to go on when the search is done", async () => {
    const { find } = await show(start());
    expect(find(".cfw-run-button").classList.contains("cfw-invisible")).toBe(false);
  });

  it("stop and resume by a message, once", async () => {
    const fake = start({ state: "running" });
    const { button } = await show(fake);
    const stop = button("Stop");
    stop.click();
    stop.click();
    expect(fake.sent).toEqual([{ kind: "stop" }]);
    fake.receive({ state: "stopped" });
    await drawn();
    button("Resume").click();
    expect(fake.sent).toEqual([{ kind: "stop" }, { kind: "resume" }]);
  });
});

describe("the keyboard", () => {
  it("walks over the superpixels, toggles, and is heard", async () => {
    const fake = start();
    const { key, root, find } = await show(fake);
    const steps: [string, string][] = [
      ["Home", "0"],
      ["ArrowRight", "1"],
      ["ArrowDown", "4"],
      ["ArrowLeft", "3"],
      ["ArrowUp", "0"],
      ["PageUp", "0"],
      ["PageDown", "1"],
      ["End", "5"],
      ["PageDown", "5"],
    ];
    for (const [name, region] of steps) {
      expect(key(name).defaultPrevented).toBe(true);
      await drawn();
      expect(root.dataset.focus).toBe(region);
    }
    expect(text(find(".cfw-live"))).toBe("superpixel 5 · importance 0 · hidden");
    key(" ");
    expect(fake.state.shown).toEqual([0, 1, 4, 5]);
    key("Enter");
    expect(fake.state.shown).toEqual([0, 1, 4]);
  });

  it("takes back by Ctrl+Z and Cmd+Z anywhere in the view, except in the search field", async () => {
    const fake = start();
    const { click, key, root, find } = await show(fake);
    click(10, 2);
    click(10, 6);
    key("z", { ctrlKey: true }, find(".cfw-picker-input"));
    expect(fake.state.shown).toEqual([0, 1, 2, 4, 5]);
    key("z", { ctrlKey: true });
    expect(fake.state.shown).toEqual([0, 1, 2, 4]);
    key("z", { metaKey: true }, root);
    expect(fake.state.shown).toEqual([0, 1, 4]);
  });

  it("keeps its keys from the notebook, but lets Escape and commands through", async () => {
    const { key, el } = await show(start());
    const heard: string[] = [];
    el.addEventListener("keydown", (event) => heard.push(event.key));
    for (const name of ["ArrowDown", " ", "a", "Enter"]) key(name);
    key("z", { ctrlKey: true });
    expect(heard).toEqual([]);
    key("Escape");
    key("s", { ctrlKey: true });
    expect(heard).toEqual(["Escape", "s"]);
  });

  it("leaves the stage by Escape", async () => {
    const { key, canvas } = await show(start());
    canvas.focus();
    expect(document.activeElement).toBe(canvas);
    key("Escape");
    expect(document.activeElement).not.toBe(canvas);
  });
});

describe("the explained class", () => {
  it("is found by typing, arrows and Enter", async () => {
    const fake = start();
    const { find, key, root } = await show(fake);
    find(".cfw-picker-button").click();
    const input = find<HTMLInputElement>(".cfw-picker-input");
    const options = () => [...root.querySelectorAll("[role=option]")].map(text);
    expect(document.activeElement).toBe(input);
    expect(options()).toEqual(["Egyptian cat.357", "tabby.217", "tiger cat.200"]);
    input.value = "t";
    input.dispatchEvent(new Event("input"));
    expect(options().slice(0, 4)).toEqual(["tench", "tabby.217", "tiger cat.200", "Egyptian cat.357"]);
    key("ArrowDown", {}, input);
    key("ArrowDown", {}, input);
    key("ArrowUp", {}, input);
    expect(text(root.querySelector(`#${input.getAttribute("aria-activedescendant")}`)!)).toBe("tabby.217");
    key("Enter", {}, input);
    expect(fake.saved).toEqual([{ target: 2 }]);
    expect(find(".cfw-picker-panel").hidden).toBe(true);
    await drawn();
    expect(text(find(".cfw-picker-name"))).toBe("tabby");
    // What the last answer says of it is known, though not yet confirmed.
    expect([text(find(".cfw-big")), root.dataset.answered]).toEqual([".042", undefined]);
  });

  it("stays by Escape, which goes no further", async () => {
    const fake = start();
    const { find, key, el } = await show(fake);
    const heard = vi.fn();
    el.addEventListener("keydown", heard);
    find(".cfw-picker-button").click();
    key("Escape", {}, find(".cfw-picker-input"));
    expect(find(".cfw-picker-panel").hidden).toBe(true);
    expect(document.activeElement).toBe(find(".cfw-picker-button"));
    expect([heard.mock.calls.length, fake.saved.length]).toEqual([0, 0]);
  });

  it("is changed by a click on a bar's name", async () => {
    const fake = start();
    const { root } = await show(fake);
    root.querySelectorAll<HTMLButtonElement>(".cfw-bar-name")[2]!.click();
    expect(fake.saved).toEqual([{ target: 4 }]);
    root.querySelectorAll<HTMLButtonElement>(".cfw-bar-name")[2]!.click();
    expect(fake.saved).toHaveLength(1);
  });
});

describe("an answer", () => {
  it("counts only for exactly what is shown", async () => {
    const fake = start();
    const { click, root, find } = await show(fake);
    const old = fake.state.answer!;
    click(10, 2);
    await drawn();
    expect(find(".cfw-readout").classList.contains("cfw-stale")).toBe(true);
    fake.receive({ answer: { ...old, shown: [0, 1], probability: 0.5 } });
    await drawn();
    expect(root.dataset.answered).toBeUndefined();
    fake.receive({
      answer: {
        ...old,
        shown: [0, 1, 2, 4],
        probability: 0.25,
        top: [
          [2, 0.7],
          [1, 0.25],
        ],
      },
    });
    await drawn();
    expect(root.dataset.answered).toBe("1");
    expect(text(find(".cfw-delta"))).toBe("▼ .107 against the whole picture");
    expect(text(find(".cfw-live"))).toBe("Egyptian cat 0.25, 4 of 6 superpixels shown");
  });

  it("that does not come is called so, and the picture still works", async () => {
    const fake = start();
    const { click, find } = await show(fake);
    vi.useFakeTimers();
    click(10, 2);
    await vi.advanceTimersByTimeAsync(450);
    expect(text(find(".cfw-asking"))).toBe("evaluating…");
    await vi.advanceTimersByTimeAsync(5000);
    expect(text(find(".cfw-asking"))).toBe("");
    const words = "no answer yet: the kernel is busy or gone; the picture still works";
    expect([text(find(".cfw-delta")), text(find(".cfw-live"))]).toEqual([words, words]);
    const values = () => [".cfw-big", ".cfw-bar-value"].map((one) => text(find(one)));
    expect(values()).toEqual(["–", "–"]); // not those of another picture
    click(10, 2);
    await vi.advanceTimersByTimeAsync(0);
    expect(values()).not.toContain("–");
    expect(text(find(".cfw-delta"))).toBe("▲ .556 against the whole picture");
  });

  it("is not asked for while the search itself moves the mask", async () => {
    const fake = start({ state: "running", following: true });
    const { find, click } = await show(fake);
    vi.useFakeTimers();
    fake.receive({ best: [3] });
    await vi.advanceTimersByTimeAsync(6000);
    expect(find(".cfw-readout").classList.contains("cfw-stale")).toBe(false);
    click(10, 2);
    await vi.advanceTimersByTimeAsync(450);
    expect(text(find(".cfw-asking"))).toBe("evaluating…");
  });
});

describe("states without a picture", () => {
  const nothing: Partial<Traits> = {
    ...{ picture: null, hidden_picture: null, label_map: null, size: [0, 0], count: 0, shown: [], best: [] },
    ...{ target: -1, importance: [], whole: [], answer: null, history_masks: null, trust: [] },
  };

  it("keep its place", async () => {
    const fake = start({ ...nothing, state: "empty", activity: "cutting the picture" });
    const { root, find } = await show(fake, false);
    expect(text(find(".cfw-placeholder"))).toBe("cutting the picture");
    expect(text(find(".cfw-big"))).toBe("–");
    expect(text(find(".cfw-picker-name"))).toBe("…");
    expect(root.dataset.ready).toBeUndefined();
    fake.receive(superpixelState());
    await vi.waitFor(() => expect(root.dataset.ready).toBe("1"));
    expect(find(".cfw-placeholder").hidden).toBe(true);
  });

  it("show an error where it would be, and else under the head", async () => {
    const fake = start({ ...nothing, state: "failed", error: "one segment" });
    const { root, find } = await show(fake, false);
    expect(text(find(".cfw-placeholder"))).toBe("one segment");
    expect([...root.querySelectorAll("[role=alert]")].map(text)).toEqual(["", "one segment"]);
    fake.receive({ ...superpixelState(), state: "failed", error: "99 rows" });
    await vi.waitFor(() => expect(root.dataset.ready).toBe("1"));
    expect(text(find(".cfw-alert"))).toBe("99 rows");
    expect(find(".cfw-placeholder").hidden).toBe(true);
  });

  it("say what cannot be read", async () => {
    const { find } = await show(start({ label_map: labelMap(SIX.slice(1)) }), false);
    await vi.waitFor(() => expect(text(find(".cfw-placeholder"))).toContain("190 bytes where 192"));
    vi.stubGlobal("createImageBitmap", () => Promise.reject(new Error("no")));
    const other = await show(start(), false);
    await vi.waitFor(() =>
      expect(text(other.find(".cfw-placeholder"))).toBe("the browser cannot decode the picture"),
    );
  });
});

describe("several views", () => {
  it("of one model stay the same, and share what can be taken back", async () => {
    const fake = start();
    const [one, other] = [await show(fake), await show(fake)];
    one.click(10, 2);
    await drawn();
    expect([one.root.dataset.shown, other.root.dataset.shown]).toEqual(["4", "4"]);
    expect(fake.saved).toHaveLength(1);
    other.button("undo").click();
    await drawn();
    expect([one.root.dataset.shown, other.root.dataset.shown]).toEqual(["3", "3"]);
    expect(one.button("undo").getAttribute("aria-disabled")).toBe("true");
  });

  it("of two models do not disturb each other", async () => {
    const [first, second] = [start(), start()];
    const [one, other] = [await show(first), await show(second)];
    one.click(10, 2);
    one.click(10, 6);
    await drawn();
    expect(other.root.dataset.shown).toBe("3");
    expect(second.saved).toEqual([]);
    expect(other.button("undo").getAttribute("aria-disabled")).toBe("true");
  });

  it("leave nothing behind, whether the host has a signal or calls the returned function", async () => {
    const fake = start();
    await endBySignal(view, fake.view(), fake.listeners);
    const { end } = await show(fake);
    end();
    expect(fake.listeners()).toBe(0);
    await drawn();
    expect(bitmaps.map(({ closed }) => closed)).toEqual([true, true, true, true]);
  });

  it("save an edit that was still waiting when they end", async () => {
    const fake = start();
    const { click, pointer, end } = await show(fake);
    click(10, 2);
    pointer("pointerdown", 10, 6);
    end();
    expect(fake.saved.at(-1)).toEqual({ shown: [0, 1, 2, 4, 5] });
  });
});

describe("a new picture", () => {
  it("has its own mask and nothing to take back, but a new mask from the kernel keeps what there is", async () => {
    const fake = start();
    const { click, button, root } = await show(fake);
    click(10, 2);
    fake.receive({ shown: [5] });
    await drawn();
    expect(root.dataset.shown).toBe("1");
    button("undo").click();
    expect(fake.state.shown).toEqual([0, 1, 4]);
    click(10, 2);
    fake.receive({
      count: 2,
      size: [1, 2],
      label_map: labelMap([0, 1]),
      shown: [0],
      picture: wire(Uint8Array.of(9)),
    });
    await vi.waitFor(() => expect(root.dataset.ready).toBe("1"));
    expect(root.dataset.shown).toBe("1");
    expect(button("undo").getAttribute("aria-disabled")).toBe("true");
  });
});

describe("what linked views share", () => {
  const moved = () => new Promise<void>((done) => setTimeout(done, 40));
  const crossAt = (cross: HTMLElement) => (cross.hidden ? "" : cross.style.translate);

  it("is the point under the pointer or of the superpixel under the focus, without a word to the kernel", async () => {
    const fake = start();
    const { pointer, find, key, canvas } = await show(fake);
    expect(crossAt(find(".cfw-cross"))).toBe("");
    pointer("pointermove", 3, 6, { bubbles: true });
    expect(fake.state.point).toEqual([0.25, 0.75]);
    expect(crossAt(find(".cfw-cross"))).toBe("25% 75%");
    pointer("pointerleave", 30, 6);
    await moved();
    expect(fake.state.point).toEqual([]);
    canvas.focus();
    key("End");
    // In the middle of the last superpixel: its pixels' middles are half a pixel beside.
    expect(fake.state.point).toEqual([9.5 / 12, 5.5 / 8]);
    expect(fake.saved).toEqual([]);
  });

  it("comes from other views, too", async () => {
    const fake = start();
    const { find } = await show(fake);
    fake.receive({ point: [0.5, 0.125] });
    expect(crossAt(find(".cfw-cross"))).toBe("50% 12.5%");
    fake.receive({ point: [] });
    expect(crossAt(find(".cfw-cross"))).toBe("");
  });

  it("is the superpixel that is clicked on with Shift, with its share, and a click in it clears it", async () => {
    const fake = start();
    const { pointer, find } = await show(fake);
    const frame = find<HTMLElement>(".cfw-frame");
    frame.setPointerCapture = () => {};
    const shift = (type: string, x: number, y: number, more: PointerEventInit = {}) =>
      pointer(type, x, y, { bubbles: true, shiftKey: true, ...more });
    shift("pointerdown", 5, 1);
    shift("pointerup", 5, 1);
    const [ring = []] = fake.state.region;
    expect(maskOf(fake.state.region, 12, 8)).toEqual(Uint8Array.from(SIX, (region) => Number(region === 1)));
    expect(Math.max(...ring)).toBe(8 / 12);
    expect(find(".cfw-shared path").getAttribute("d")).toMatch(/^M[\d. ]+Z$/);
    expect(text(find(".cfw-share"))).toBe("29 % of the importance in 17 % of the picture");
    expect(fake.state.shown).toEqual([0, 1, 4]);
    await moved();
    shift("pointerdown", 6, 2);
    shift("pointerup", 6, 2);
    await moved();
    expect(fake.state.region).toEqual([]);
    expect(find(".cfw-share").hidden).toBe(true);
    expect(fake.saved).toEqual([]);
  });

  it("is what is drawn with Shift, or a rectangle with Ctrl, and neither shows nor hides superpixels", async () => {
    const fake = start();
    const { pointer, find } = await show(fake);
    const frame = find<HTMLElement>(".cfw-frame");
    frame.setPointerCapture = () => {};
    const shift = async (type: string, x: number, y: number, more: PointerEventInit = {}) => {
      pointer(type, x, y, { bubbles: true, shiftKey: true, ...more });
      await moved();
    };
    const draw = async (more: PointerEventInit = {}) => {
      await shift("pointerdown", 0, 0);
      for (const [x, y] of [
        [0, 0],
        [6, 0],
        [6, 4],
        [-3, 40],
      ] as const)
        await shift("pointermove", x, y, more);
      await shift("pointerup", 0, 8);
    };
    await draw();
    expect(fake.state.region).toEqual([[0, 0, 0.5, 0, 0.5, 0.5, 0, 1]]);
    await draw({ ctrlKey: true });
    expect(fake.state.region).toEqual([[0, 0, 0, 0, 0, 1, 0, 1]]);
    expect(fake.state.shown).toEqual([0, 1, 4]);
    expect(fake.saved).toEqual([]);
  });

  it.each([
    ["stays, and then draws", 500, [[0, 0, 0.5, 0, 0.5, 0.5]], [0, 1, 4]],
    ["draws nothing at once, but shows and hides", 100, [], []],
  ] as const)("is drawn by a finger that stays: one that %s", async (_, hold, region, shown) => {
    const fake = start();
    const { pointer, find } = await show(fake);
    const frame = find<HTMLElement>(".cfw-frame");
    frame.setPointerCapture = () => {};
    const touch = async (type: string, x: number, y: number, wait = 20) => {
      pointer(type, x, y, { bubbles: true, pointerType: "touch" });
      await new Promise((done) => setTimeout(done, wait));
    };
    await touch("pointerdown", 0, 0, hold);
    await touch("pointermove", 6, 0);
    const scrolling = new Event("touchmove", { bubbles: true, cancelable: true });
    frame.dispatchEvent(scrolling);
    expect(scrolling.defaultPrevented).toBe(region.length > 0);
    await touch("pointermove", 6, 4);
    await touch("pointerup", 6, 4);
    expect(fake.state.region).toEqual(region);
    expect(fake.state.shown).toEqual(shown);
    const after = new Event("touchmove", { bubbles: true, cancelable: true });
    frame.dispatchEvent(after);
    expect(after.defaultPrevented).toBe(false);
  });

  it("is marked and cleared by keys; a second Escape leaves the picture", async () => {
    const fake = start();
    const { find, key, canvas } = await show(fake);
    canvas.focus();
    key("Home");
    key("m");
    expect(maskOf(fake.state.region, 12, 8)).toEqual(Uint8Array.from(SIX, (region) => Number(region === 0)));
    await moved();
    key("Escape");
    expect(fake.state.region).toEqual([]);
    expect(document.activeElement).toBe(canvas);
    key("Escape");
    expect(document.activeElement).not.toBe(canvas);
    await moved();
    key("m", {}, find("input:not([type=range])"));
    expect(fake.state.region).toEqual([]);
  });
});
