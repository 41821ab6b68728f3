import { afterEach, describe, expect, it, vi } from "vitest";
import view from "../src/notes";
import type { Traits } from "../src/notes/traits";
import { DONE, fakeModel } from "./fake";
import { drawn, mount, text, tidy } from "./mount";

afterEach(tidy);

const measure = (value: number, ok: boolean | null, randomised: number | null = 0.1) => ({
  ...{ value, chance: 0.3, randomised, meaning: "more alike than by chance", ok },
});

function state(changes: Partial<Traits> = {}): Traits {
  return {
    ...{ number: 473, note: "", measured: ["rank correlation", "overlap"], agreement_says: "" },
    agreement: [
      {
        first: "grad_cam",
        second: "<b>lime</b>",
        measures: [measure(0.61, true), measure(-0.2, false, -0.004)],
      },
    ],
    kept: [
      {
        ...{ number: 12, question: "Why <i>owl</i>?", note: "a note", explainers: "relevance" },
        at: "2026-11-27T23:12:00+00:00",
      },
    ],
    ...{ saved_as: "cases.zip", travels: false, code: null },
    ...{ ...DONE, measures: false },
    ...changes,
  };
}

async function show(fake = fakeModel(state())) {
  const shown = mount(view, fake.view(), "notes");
  await drawn();
  return { fake, ...shown };
}

describe("the agreement", () => {
  it("is a row a pair, each measure beside chance and a random network", async () => {
    const { find, root } = await show();
    expect([...root.querySelectorAll("thead th")].map(text)).toEqual([
      ...["rank correlation", "overlap", "chance ≤", "random", "chance ≤", "random"],
    ]);
    expect(text(find("tbody th"))).toBe("grad cam · <b>lime</b>");
    expect([...root.querySelectorAll("tbody td")].map(text)).toEqual([
      ...["✓agree: .61", ".30", ".10", "✗do not agree: −.20", ".30", ".00"],
    ]);
  });

  it("says why there is none", async () => {
    const says = "Two answers are needed.";
    const { find } = await show(fakeModel(state({ agreement: [], agreement_says: says })));
    expect(text(find(".cfw-agree-says"))).toBe(says);
    expect(find(".cfw-agree-table").hidden).toBe(true);
  });
});

describe("a case", () => {
  it("is kept with its note", async () => {
    const { fake, find, button } = await show();
    const field = find<HTMLTextAreaElement>("textarea");
    field.value = "open loop";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    button("keep").click();
    expect(fake.saved.at(-1)).toEqual({ note: "open loop" });
    expect(fake.sent).toEqual([{ kind: "keep" }]);
    fake.receive({ number: 12 });
    await drawn();
    expect(button("keep again")).toBeDefined();
  });

  it("cannot be kept where none is open", async () => {
    const { fake, button } = await show(fakeModel(state({ number: -1 })));
    button("keep").click();
    expect(fake.sent).toEqual([]);
  });

  it("is opened again", async () => {
    const { fake, find } = await show();
    const open = find(".cfw-kept-open");
    expect(text(open)).toContain("Why <i>owl</i>?a note");
    open.click();
    expect(fake.sent).toEqual([{ kind: "open", number: 12 }]);
  });

  it("is copied as code when that comes, and only then", async () => {
    const write = vi.fn(async () => {});
    vi.stubGlobal("navigator", { clipboard: { writeText: write } });
    const { fake, find, button } = await show();
    button("copy as code").click();
    expect(fake.sent).toEqual([{ kind: "code" }]);
    fake.receive({ code: { text: "image = data[1]\n", asked: 1 } });
    await drawn();
    expect(write).toHaveBeenCalledWith("image = data[1]\n");
    expect(text(find(".cfw-code"))).toBe("image = data[1]\n");
    fake.receive({ kept: [] }); // nothing new of the code
    await drawn();
    expect(write).toHaveBeenCalledTimes(1);
  });

  it("stands there to be selected where the clipboard is refused", async () => {
    vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("no")) } });
    const { fake, find, button } = await show();
    fake.receive({ code: { text: "code", asked: 1 } });
    await drawn();
    expect(find(".cfw-code-box").hidden).toBe(false);
    expect(button("select and copy")).toBeDefined();
  });
});

it("stays out of the way while nothing is open or kept", async () => {
  const { root, fake } = await show(fakeModel(state({ number: -1, kept: [] })));
  expect(root.hidden).toBe(true);
  fake.receive({ number: 1 });
  await drawn();
  expect(root.hidden).toBe(false);
});

it("ends without a trace", async () => {
  const { fake, end, root } = await show();
  end();
  expect(root.isConnected).toBe(false);
  expect(fake.listeners()).toBe(0);
});
