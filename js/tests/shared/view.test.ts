import { afterEach, describe, expect, it, vi } from "vitest";
import { h } from "../../src/shared/dom";
import { runTraits } from "../../src/shared/traits";
import { defineView, type Frame, type Parts } from "../../src/shared/view";
import { integer, type TraitsOf } from "../../src/shared/wire";
import { fakeModel } from "../fake";
import { drawn, mount, text, tidy } from "../mount";

const traits = { ...runTraits, size: integer(), quiet: integer() };
type Traits = TraitsOf<typeof traits>;

afterEach(tidy);

async function show(
  more: (frame: Frame<typeof traits>) => Partial<Parts>,
  state: Partial<Traits> = {},
  definition: { eager?: boolean; alive?: ["size"] } = {},
) {
  const fake = fakeModel({ state: "done", ...state } as Traits);
  let frame: Frame<typeof traits> | undefined;
  const view = defineView({
    ...{
      name: "trial",
      label: "A trial",
      alone: "looking still works",
      traits,
      followed: ["quiet"],
      ...definition,
    },
    build(made) {
      frame = made;
      return {
        ...{ question: ["Why?"], body: [made.placeholder, made.trust, made.notes], draw: [] },
        status: () => ({ help: "About it.", kept: "" }),
        ...more(made),
      };
    },
  });
  const shown = mount(view, fake.view(), "trial");
  await drawn();
  return { ...shown, fake, frame: frame! };
}

describe("the frame", () => {
  it("has a root of its name, with the head, the body and what is heard", async () => {
    const { root, find, frame } = await show(() => ({}), { counts: "3 of 4", notes: "Few." });
    expect([root.className, root.getAttribute("aria-label"), root.dataset.state]).toEqual([
      "cfw-trial",
      "A trial",
      "done",
    ]);
    expect(root.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
    // A form around the view is not sent.
    expect(find(".cfw-run-button").getAttribute("type")).toBe("button");
    expect(
      [".cfw-question", ".cfw-status", ".cfw-counts", ".cfw-help-panel", ".cfw-notes"].map(find).map(text),
    ).toEqual(["Why?", "done", "3 of 4", "About it.", "Few."]);
    frame.say("hear");
    expect([text(find(".cfw-live")), find(".cfw-live").getAttribute("aria-live")]).toEqual([
      "hear",
      "polite",
    ]);
    expect(root.dataset.cfwTheme).toBe("light");
  });

  it("tells the kernel how far a run seems of which nothing is heard: it may have missed its end", async () => {
    const silent = await show(() => ({}), { state: "running", progress: 0.4 });
    const heard = await show(() => ({}), { state: "running", progress: 0.4 });
    heard.fake.receive({ progress: 0.5 });
    const done = await show(() => ({}), { state: "done", progress: 1 });
    const gone = await show(() => ({}), { state: "running", page_answers: [] } as Partial<Traits>);
    expect(silent.fake.sent).toEqual([]);
    await vi.waitFor(() => expect(silent.fake.sent).toEqual([{ kind: "shown", progress: 0.4 }]), 5000);
    expect([heard, done, gone].map(({ fake }) => fake.sent)).toEqual([[], [], []]);
  });

  it("says what is kept only of a run that stopped or failed, and whether it can go on", async () => {
    let continuable: boolean | undefined;
    const status = () => ({
      help: "",
      kept: "the best is kept",
      ...(continuable === undefined ? {} : { continuable }),
    });
    const { fake, find } = await show(() => ({ status }), { state: "done" });
    const button = () => !find(".cfw-run-button").classList.contains("cfw-invisible");
    const said = async (state: Traits["state"]) => {
      fake.receive({ state });
      await drawn();
      return [text(find(".cfw-status")), button()];
    };
    expect(await said("running")).toEqual(["running", true]);
    expect(await said("stopped")).toEqual(["stopped: the best is kept, Resume continues", true]);
    expect(await said("done")).toEqual(["done", false]);
    continuable = false;
    expect(await said("failed")).toEqual(["failed: the best is kept", false]);
    continuable = true;
    expect(await said("done")).toEqual(["done", true]);
    fake.receive({ resumable: false });
    expect(await said("stopped")).toEqual(["stopped: the best is kept", false]);
  });

  it("puts words in the place of a picture, an error first, and then not in the head too", async () => {
    let [there, broken] = [false, ""];
    const picture = { there: () => there, broken: () => broken, later: "later" };
    const { fake, find, frame } = await show(() => ({ picture }));
    const box = () => [
      text(find(".cfw-placeholder")),
      find(".cfw-placeholder").getAttribute("role"),
      frame.absent,
    ];
    expect(box()).toEqual(["later", null, true]);
    fake.receive({ activity: "reading" });
    await drawn();
    expect(box()).toEqual(["reading", null, true]);
    broken = "unreadable";
    frame.refresh();
    await drawn();
    expect(box()).toEqual(["unreadable", "alert", true]);
    fake.receive({ error: "no model" });
    await drawn();
    expect([...box(), text(find(".cfw-alert"))]).toEqual(["no model", "alert", true, ""]);
    [there, broken] = [true, ""];
    frame.refresh();
    await drawn();
    expect([find(".cfw-placeholder").hidden, frame.absent, text(find(".cfw-alert"))]).toEqual([
      true,
      false,
      "no model",
    ]);
  });

  it("fills the measures of trust, and adds a view's remarks to the notes", async () => {
    const status = () => ({ help: "", kept: "", remarks: ["", "One is missing."] });
    const { fake, find } = await show(() => ({ status }), { state: "running", notes: "Few." });
    expect([text(find(".cfw-notes")), find(".cfw-trust").hidden]).toEqual(["Few. One is missing.", false]);
    fake.receive({ measures: false });
    await drawn();
    expect(find(".cfw-trust").hidden).toBe(true);
    fake.receive({ trust: [{ name: "luck", value: ".1", note: "", help: "", ok: null }] });
    await drawn();
    expect(text(find(".cfw-trust tbody"))).toBe("luck.1");
  });

  it("marks the measures by a sign for the eye and a word for the ear, but those that cannot tell", async () => {
    const row = { value: ".1", note: "", help: "" };
    const trust = [true, false, null].map((ok, place) => ({ ...row, name: `row ${place}`, ok }));
    const { root } = await show(() => ({}), { trust });
    const marks = [...root.querySelectorAll(".cfw-trust-mark")];
    expect(marks.map((mark) => text(mark))).toEqual(["✓in order: ", "✗not in order: ", ""]);
    expect(marks.map((mark) => mark.querySelector("[aria-hidden]")?.textContent)).toEqual([
      "✓",
      "✗",
      undefined,
    ]);
  });

  it("takes anything but yes and no for a measure that cannot tell", async () => {
    const { frame } = await show(() => ({}), { trust: [{ name: "luck", ok: 1 }] } as unknown as Traits);
    expect(frame.traits.trust[0]?.ok).toBe(null);
  });

  it("says the caveats before all else, as text, and nothing where there are none", async () => {
    const { fake, find, root } = await show(() => ({}));
    expect(find(".cfw-caveats").hidden).toBe(true);
    fake.receive({ caveats: ["Nothing.", "<b>bold</b>"] });
    await drawn();
    expect([...find(".cfw-caveats").children].map((one) => one.textContent)).toEqual([
      "Nothing.",
      "<b>bold</b>",
    ]);
    expect(root.children[2]).toBe(find(".cfw-caveats"));
  });
});

describe("the time left", () => {
  it("stands beside the state while it runs, before what goes on", async () => {
    const { fake, find } = await show(() => ({}), { state: "running", time_left: "about 10 s left" });
    expect(text(find(".cfw-status"))).toBe("running, about 10 s left");
    fake.receive({ activity: "searching" });
    await drawn();
    expect(text(find(".cfw-status"))).toBe("running, about 10 s left: searching");
    fake.receive({ state: "stopped" });
    await drawn();
    expect(text(find(".cfw-status"))).toBe("stopped");
  });
});

describe("a view without a kernel", () => {
  const asks = () => {
    const controls = [
      h("button", { "data-asks": "target" }),
      h("div", { "data-asks": "size" }, h("button", { title: "first" }), h("input")),
      h("button", { title: "works" }),
    ] as const;
    return {
      controls,
      parts: () => ({ body: controls, status: () => ({ help: "", kept: "some is kept" }) }),
    };
  };
  const disabled = (element: Element) => [
    (element as HTMLButtonElement).disabled === true,
    element.getAttribute("aria-disabled"),
    element.getAttribute("title"),
  ];
  const NEEDS = "needs the kernel: run the cell again";

  it("says what still works, and disables what cannot be answered", async () => {
    const { controls, parts } = asks();
    const { fake, find, root, frame } = await show(parts, {
      ...{ state: "running", time_left: "about 10 s left", layout: { comm_live: false } },
    } as never);
    expect(text(root.children[1])).toBe("No kernel answers here: looking still works. Run the cell again.");
    expect((root.children[1] as HTMLElement).hidden).toBe(false);
    expect(text(find(".cfw-status"))).toBe("stopped: some is kept");
    expect([frame.traits.state, root.dataset.state]).toEqual(["stopped", "stopped"]);
    expect(disabled(find(".cfw-run-button"))).toEqual([true, "true", NEEDS]);
    expect(disabled(controls[0])).toEqual([true, "true", NEEDS]);
    expect([...controls[1].children].map(disabled)).toEqual([
      [true, "true", "first"],
      [true, "true", null],
    ]);
    expect(disabled(controls[2])).toEqual([false, null, "works"]);
    find(".cfw-run-button").click();
    expect(fake.sent).toEqual([]);
    // A part enables what the frame has disabled.
    controls[0].disabled = false;
    frame.repaint();
    await drawn();
    expect(controls[0].disabled).toBe(true);
  });

  it("speaks of a page in a page, where nobody answers", async () => {
    const { controls, parts } = asks();
    const { find, root, frame } = await show(parts, { page_answers: [] } as never);
    expect(text(root.children[1])).toBe("In this page looking still works.");
    expect((root.children[1] as HTMLElement).hidden).toBe(false);
    const needs = "needs the notebook: this page cannot answer it";
    expect(disabled(find(".cfw-run-button"))).toEqual([true, "true", needs]);
    expect(disabled(controls[0])).toEqual([true, "true", needs]);
    frame.waiting.update(true);
    expect(frame.waiting.words("asking", "the rest works")).toBe(
      "this page has no new answers; the rest works",
    );
  });

  it("speaks of the model where the view was opened without", async () => {
    const { controls, parts } = asks();
    const state = { opens_with: "cf.open(path, clf)", layout: { comm_live: true } };
    const { find, root, frame } = await show(parts, state as never);
    expect(text(root.children[1])).toBe(
      "Opened without a model: looking still works. cf.open(path, clf) brings it back.",
    );
    expect((root.children[1] as HTMLElement).hidden).toBe(false);
    expect(disabled(find(".cfw-run-button"))).toEqual([true, "true", "needs the model: cf.open(path, clf)"]);
    expect(disabled(controls[0])[0]).toBe(true);
    frame.waiting.update(true);
    expect(frame.waiting.words("asking", "the rest works")).toBe("no model to answer; the rest works");
  });

  it("disables in a page that answers only what it does not answer", async () => {
    const { controls, parts } = asks();
    const state = { page_answers: ["size"], state: "stopped", layout: { comm_live: false } };
    const { find, root, frame } = await show(parts, state as never);
    expect((root.children[1] as HTMLElement).hidden).toBe(true);
    expect(text(find(".cfw-status"))).toBe("stopped: some is kept");
    expect(disabled(find(".cfw-run-button"))[0]).toBe(true);
    expect(disabled(controls[0])[0]).toBe(true);
    expect([...controls[1].children].map((one) => disabled(one)[0])).toEqual([false, false]);
    frame.waiting.update(true);
    expect(frame.waiting.wait).toBe("short");
    expect(frame.waiting.silent("the rest works")).toBe(
      "no answer yet: the network of this page is busy; the rest works",
    );
  });

  it("says so as soon as the kernel is gone", async () => {
    const { controls, parts } = asks();
    const layout = { comm_live: true };
    const { fake, root } = await show(parts, { state: "running", layout } as never);
    const line = root.children[1] as HTMLElement;
    expect([line.hidden, root.dataset.state, disabled(controls[0])]).toEqual([
      true,
      "running",
      [false, null, null],
    ]);
    layout.comm_live = false;
    fake.fire("comm_live_update");
    await drawn();
    expect([line.hidden, root.dataset.state, disabled(controls[0])[0]]).toEqual([false, "stopped", true]);
  });
});

describe("drawing", () => {
  it("comes once a message, painting with the next frame, and not for what parts follow", async () => {
    const [draw, paint, followed] = [vi.fn(), vi.fn(), vi.fn()];
    const { fake } = await show((frame) => {
      frame.listen(["quiet"], followed);
      return { draw: [draw], paint };
    });
    for (const spy of [draw, paint]) spy.mockClear();
    fake.receive({ size: 3, progress: 0.5, quiet: 1 });
    expect(draw).not.toHaveBeenCalled();
    await Promise.resolve();
    expect([draw.mock.calls.length, paint.mock.calls.length]).toEqual([1, 0]);
    await drawn();
    fake.receive({ quiet: 2 });
    await drawn();
    expect([draw, paint, followed].map((spy) => spy.mock.calls.length)).toEqual([1, 1, 2]);
  });

  it("paints at once where a view is eager, and then once a frame", async () => {
    const paint = vi.fn();
    const { frame } = await show(() => ({ paint }), {}, { eager: true });
    paint.mockClear();
    for (let i = 0; i < 5; i++) frame.repaint();
    expect(paint).toHaveBeenCalledTimes(1);
    await drawn();
    expect(paint).toHaveBeenCalledTimes(2);
    await drawn();
    expect(paint).toHaveBeenCalledTimes(2);
  });

  it("measures how long an input took", async () => {
    const { frame, root } = await show(() => ({}));
    expect(root.dataset.latency).toBeUndefined();
    frame.clock(performance.now() - 100);
    frame.repaint();
    await drawn();
    expect(Number(root.dataset.latency)).toBeGreaterThanOrEqual(100);
  });

  it("waits for answers until a trait shows that the kernel is alive", async () => {
    const { frame, fake } = await show(() => ({}), {}, { alive: ["size"] });
    const alive = vi.spyOn(frame.waiting, "alive");
    fake.receive({ progress: 1 });
    expect(alive).not.toHaveBeenCalled();
    fake.receive({ size: 2 });
    expect(alive).toHaveBeenCalledOnce();
    frame.waiting.update(true);
    expect(frame.waiting.wait).toBe("short");
    frame.waiting.update(false);
    expect(frame.waiting.wait).toBe("none");
  });

  it("is anew in another theme, with other colours", async () => {
    const [themed, draw] = [vi.fn(), vi.fn()];
    const { frame, root } = await show(() => ({ themed, draw: [draw] }));
    root.style.setProperty("--some", "#010203, #0a0b0c");
    expect(frame.palette.stops("--some")).toEqual([
      [1, 2, 3],
      [10, 11, 12],
    ]);
    root.style.setProperty("--some", "#ffffff");
    expect(frame.palette.stops("--some")).toHaveLength(2);
    // What is not there yet is looked for again.
    expect(frame.palette.value("--none")).toBe("");
    root.style.setProperty("--none", "there");
    expect(frame.palette.value("--none")).toBe("there");
    for (const spy of [themed, draw]) spy.mockClear();
    document.body.dataset.jpThemeLight = "false";
    await drawn();
    delete document.body.dataset.jpThemeLight;
    expect([root.dataset.cfwTheme, themed.mock.calls.length, draw.mock.calls.length]).toEqual(["dark", 1, 1]);
    expect(frame.palette.stops("--some")).toEqual([[255, 255, 255]]);
  });
});

describe("traits", () => {
  it("are set for this page, and saved for the kernel", async () => {
    const { frame, fake } = await show(() => ({}));
    frame.set({ quiet: 4 });
    expect([fake.state.quiet, fake.saved]).toEqual([4, []]);
    frame.save({ size: 7 });
    expect(fake.saved).toEqual([{ quiet: 4, size: 7 }]);
  });

  it("of another shape, or missing, are empty", async () => {
    const { frame, root } = await show(() => ({}), { state: 3, trust: "x", size: null } as unknown as Traits);
    expect([root.dataset.state, frame.traits.trust, frame.traits.size]).toEqual(["empty", [], 0]);
  });
});

describe("keys", () => {
  it("stay in the view, but for Escape and commands that it does not use", async () => {
    const keys = vi.fn(({ key }: KeyboardEvent) => key === "u");
    const { el, root } = await show(() => ({ keys }));
    const heard: string[] = [];
    el.addEventListener("keydown", ({ key }) => heard.push(key));
    const press = (key: string, more: KeyboardEventInit = {}) => {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
      root.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect([press("a"), press("ArrowUp"), press("u"), press("Escape")]).toEqual([false, false, true, false]);
    expect([
      press("s", { ctrlKey: true }),
      press("x", { altKey: true }),
      press("u", { metaKey: true }),
    ]).toEqual([false, false, true]);
    expect(heard).toEqual(["Escape", "s", "x"]);
  });
});

describe("a fault", () => {
  it("of one part is told in the head, keeps no other from its work, and goes with it", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    let fails = true;
    const [after, paint] = [vi.fn(), vi.fn()];
    const part = () => {
      if (fails) throw new TypeError("no such tile");
    };
    const { find, frame, fake } = await show(() => ({ draw: [part, after], paint }), { error: "no model" });
    expect(text(find(".cfw-alert"))).toBe("a part of this view failed: TypeError: no such tile\nno model");
    expect([after, paint].every((spy) => spy.mock.calls.length > 0)).toBe(true);
    expect(report.mock.calls[0]).toEqual([new TypeError("no such tile")]);
    fails = false;
    frame.refresh();
    await drawn();
    expect(text(find(".cfw-alert"))).toBe("no model");
    expect(fake.saved).toEqual([]);
  });

  it.each(["paint", "status", "themed"] as const)("of %s is told too", async (name) => {
    vi.stubGlobal("reportError", vi.fn());
    const { find } = await show(() => ({
      [name]() {
        throw new Error(`in ${name}`);
      },
    }));
    expect(text(find(".cfw-alert"))).toBe(`a part of this view failed: Error: in ${name}`);
    expect(text(find(".cfw-question"))).toBe("Why?");
  });

  it("of a listener is told, and the others hear", async () => {
    vi.stubGlobal("reportError", vi.fn());
    const other = vi.fn();
    const { find, fake } = await show((frame) => {
      frame.listen(["quiet"], () => {
        throw new Error("deaf");
      });
      frame.listen(["quiet"], other);
      return {};
    });
    fake.receive({ quiet: 1 });
    expect([text(find(".cfw-alert")), other.mock.calls.length]).toEqual([
      "a part of this view failed: Error: deaf",
      1,
    ]);
  });

  it("of the making leaves a head that says so", async () => {
    vi.stubGlobal("reportError", vi.fn());
    const { find, root } = await show(() => {
      throw new Error("no canvas");
    });
    expect(text(find(".cfw-alert"))).toBe("a part of this view failed: Error: no canvas");
    expect([text(find(".cfw-question")), root.dataset.state]).toEqual(["A trial", "done"]);
  });
});

it("the end takes everything along", async () => {
  const [undo, draw] = [vi.fn(), vi.fn()];
  const { fake, el, end, frame } = await show((made) => {
    made.scope.defer(undo);
    return { draw: [draw] };
  });
  expect(fake.listeners()).toBeGreaterThan(5);
  draw.mockClear();
  frame.refresh();
  end();
  await drawn();
  expect([undo.mock.calls.length, draw.mock.calls.length, fake.listeners(), el.children.length]).toEqual([
    1, 0, 0, 0,
  ]);
});
