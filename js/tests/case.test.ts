import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/case";
import type { Traits } from "../src/case/traits";
import { answered, caseState, SQUARE } from "./case/fake";
import { fakeModel } from "./fake";
import { drawn, mount, text, tidy } from "./mount";
import { stubBitmaps, stubCanvas } from "./pictures";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let canvas: ReturnType<typeof stubCanvas>;

beforeEach(() => {
  stubBitmaps();
  canvas = stubCanvas();
});
afterEach(tidy);

const start = (changes: Partial<Traits> = {}) => fakeModel(caseState(changes));

async function show(fake: Fake) {
  const shown = mount(view, fake.view(), "case");
  await drawn();
  return shown;
}

/** A pointer over the picture, which stands from (0, 0) to (100, 100). */
function pointer(on: Element, type: string, x: number, y: number, more: PointerEventInit = {}) {
  const at = { clientX: 100 * x, clientY: 100 * y, button: 0, pointerId: 1 };
  on.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, ...at, ...more }));
}

describe("a case", () => {
  it("is a question, the answers, and the picture", async () => {
    const { find, all, root } = await show(start());
    expect(text(find(".cfw-case-question"))).toBe("Picture 473 is a cat. Why <b>dog</b>?");
    expect(all(".cfw-case-question [data-role]").map((one) => one.dataset.role)).toEqual([
      "truth",
      "prediction",
    ]);
    expect(all(".cfw-case-bar").map(text)).toEqual(["● <b>dog</b>.503", "▲ cat.388", "tench.109"]);
    expect(all(".cfw-case-bar i").map(({ style }) => Number.parseFloat(style.width).toFixed(1))).toEqual([
      ...["50.3", "38.8", "10.9"],
    ]);
    expect(root.querySelector("b:not(.cfw-track b)")).toBeNull();
    expect(root.dataset).toMatchObject({ number: "473", tab: "where", ready: "1" });
    expect(canvas.drawn.length).toBeGreaterThan(0);
  });

  it("says what to do while none is open, and what went wrong", async () => {
    const none = { number: -1, question: [], top: [], tabs: [], picture: null, size: [0, 0] as const };
    const fake = start(none);
    const { find, all } = await show(fake);
    expect(text(find(".cfw-placeholder"))).toBe("choose a picture above to open its case");
    expect(all(".cfw-case-head").every(({ hidden }) => hidden)).toBe(true);
    fake.receive({ error: "picture 3 cannot be read" });
    await drawn();
    expect(text(find(".cfw-placeholder[role=alert]"))).toBe("picture 3 cannot be read");
  });

  it("names the answer of a second model, and the file", async () => {
    const { find } = await show(start({ second: "old", second_top: [[0, 0.9]], path: "/photos/cat.jpg" }));
    expect(text(find(".cfw-case-second"))).toBe("old predicts tench .900");
    expect(find(".cfw-case-file").title).toBe("/photos/cat.jpg");
  });

  it("comes into view for who has chosen its picture, and not for who is elsewhere", async () => {
    const bench = document.body.appendChild(document.createElement("div"));
    const gallery = bench.appendChild(document.createElement("button"));
    const host = bench.appendChild(document.createElement("div"));
    for (const one of [bench, host]) one.className = "cfw-host";
    const fake = start();
    mount(view, fake.view(), "case", host);
    const scrolled = vi.spyOn(HTMLElement.prototype, "scrollIntoView");
    fake.receive({ number: 12 });
    await drawn();
    expect(scrolled).not.toHaveBeenCalled();
    gallery.focus();
    fake.receive({ number: 13 });
    await drawn();
    expect(scrolled).toHaveBeenCalledTimes(1);
  });

  it("ends without a trace", async () => {
    const fake = start({ region: SQUARE, without: answered() });
    const { end, root } = await show(fake);
    end();
    expect(root.isConnected).toBe(false);
    expect(fake.listeners()).toBe(0);
  });
});

describe("the tabs", () => {
  it("are chosen by a click or with the arrow keys", async () => {
    const fake = start();
    const { all, button, key } = await show(fake);
    expect(all("[role=tab]").map((tab) => tab.getAttribute("aria-selected"))).toEqual(["true", "false"]);
    button("What instead?").click();
    expect(fake.saved).toEqual([{ tab: "instead" }]);
    button("What instead?").focus();
    key("ArrowRight", button("What instead?"));
    expect(document.activeElement).toBe(button("Where?"));
  });

  it("say why something cannot be asked, and how to ask it", async () => {
    const write = vi.fn(async () => {});
    vi.stubGlobal("navigator", { clipboard: { writeText: write } });
    const { all, find, button } = await show(start({ tab: "instead" }));
    expect(all(".cfw-case-card .cfw-heading").map(text)).toEqual(["A transition", "Edits"]);
    expect(all(".cfw-case-card p").map(text)).toEqual(["No generator.", "<i>gone</i>"]);
    expect(text(find(".cfw-case-how"))).toBe("cf.Workbench(generator=…)");
    button("copy").click();
    await drawn();
    expect(write).toHaveBeenCalledWith("cf.Workbench(generator=…)");
    expect(button("copied")).toBeDefined();
  });
});

describe("the picture without a region", () => {
  it("waits for a region, then for the answer", async () => {
    const fake = start();
    const { find, root } = await show(fake);
    expect(find(".cfw-case-without p").hidden).toBe(false);
    fake.receive({ region: SQUARE });
    await drawn();
    expect(find(".cfw-case-without p").hidden).toBe(true);
    expect(root.dataset.without).toBeUndefined();
    expect(find(".cfw-case-without").classList.contains("cfw-stale")).toBe(true);
    fake.receive({ without: answered() });
    await drawn();
    expect(root.dataset.without).toBe("1");
    expect(text(find(".cfw-big"))).toBe(".941");
    expect(text(find(".cfw-case-of"))).toBe("▲ cat");
    expect(text(find(".cfw-case-answer"))).toContain("was .388");
    expect(text(find(".cfw-case-others li"))).toBe("● <b>dog</b>.021was .503");
    expect(text(find(".cfw-live"))).toContain("cat has .941, was .388");
    expect(find(".cfw-case-bar .cfw-track b")).not.toBeNull();
  });

  it("is drawn with the pointer, and the kernel hears of it", async () => {
    const fake = start();
    const { find } = await show(fake);
    const box = find(".cfw-case-plate");
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue({
      ...{ left: 0, top: 0, width: 100, height: 100, right: 100, bottom: 100, x: 0, y: 0 },
      toJSON: () => ({}),
    });
    box.setPointerCapture = () => {};
    pointer(box, "pointerdown", 0.1, 0.1);
    for (const [x, y] of [
      [0.6, 0.1],
      [0.6, 0.6],
    ] as const) {
      pointer(box, "pointermove", x, y);
      await drawn();
    }
    pointer(box, "pointerup", 0.6, 0.6);
    expect(fake.state.region).toEqual([[0.1, 0.1, 0.6, 0.1, 0.6, 0.6]]);
    await vi.waitFor(() => expect(fake.saved.at(-1)?.region).toEqual(fake.state.region));
  });

  it("is cleared, and asked with something else in its place", async () => {
    const fake = start({ region: SQUARE, without: answered() });
    const { button, root } = await show(fake);
    button("noise").click();
    expect(fake.saved.at(-1)).toEqual({ fill: "noise" });
    await drawn();
    expect(root.dataset.without).toBeUndefined(); // the answer is of another filling
    button("clear").click();
    expect(fake.state.region).toEqual([]);
  });
});
