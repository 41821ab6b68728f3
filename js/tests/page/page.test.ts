import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Charted, createCurves, stillCurves } from "../../src/page/answers/curves";
import { likeliest } from "../../src/page/answers/likeliest";
import { levels } from "../../src/page/answers/translation";
import { type Beside, readBeside } from "../../src/page/beside";
import { createBreath } from "../../src/page/breath";
import { PageComm } from "../../src/page/comm";
import { readDense } from "../../src/page/dense";
import { inWords, tellFault } from "../../src/page/fault";
import { latest } from "../../src/page/latest";
import { toProbabilities } from "../../src/page/network";
import noMarkup from "../../src/page/no-markup";
import { noise } from "../../src/page/noise";
import { readPage } from "../../src/page/state";
import { followScheme } from "../../src/page/theme";

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

describe("probabilities", () => {
  it("are those of Python", () => {
    const close = (found: number[], wanted: number[]) => {
      expect(found).toHaveLength(wanted.length);
      wanted.forEach((value, i) => {
        expect(found[i]).toBeCloseTo(value, 6);
      });
    };
    close(toProbabilities(Float32Array.of(1000, 1000, -1000), "softmax"), [0.5, 0.5, 0]);
    close(toProbabilities(Float32Array.of(0, 2), "sigmoid"), [0.5, 0.880797]);
    close(toProbabilities(Float32Array.of(0), "sigmoid"), [0.5, 0.5]);
    close(toProbabilities(Float32Array.of(0.25), "none"), [0.75, 0.25]);
    close(toProbabilities(Float32Array.of(0.25, 0.75), "none"), [0.25, 0.75]);
  });

  it("are listed from the likeliest, of equals the first", () => {
    expect(likeliest([0.2, 0.4, 0.4, 0], 3)).toEqual([
      [1, 0.4],
      [2, 0.4],
      [0, 0.2],
    ]);
  });
});

describe("text denser than base64", () => {
  it("is read as Python writes it", () => {
    expect([...readDense("#n=~m}rX4(Cs[StutuGtAU", 17)]).toEqual(
      [...Array(17).keys()].map((i) => (37 * i + 5) % 256),
    );
    expect(readDense("", 0)).toHaveLength(0);
  });
});

describe("a long work", () => {
  it("pauses for another task once a slice of time is over, and not before", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    const breath = createBreath();
    const isOverAtOnce = async () => {
      let over = false;
      const waited = breath().then(() => {
        over = true;
      });
      for (let i = 0; i < 9; i += 1) await Promise.resolve();
      const found = over;
      await waited;
      return found;
    };
    expect(await isOverAtOnce()).toBe(true);
    now.mockReturnValue(20);
    expect(await isOverAtOnce()).toBe(false);
    expect(await isOverAtOnce()).toBe(true);
  });
});

describe("the mask of what differs", () => {
  it("goes from the least difference to the most, and is empty where all is alike", () => {
    const image = Float32Array.of(0, 0.5, 1, 0, 0.5, 1, 0, 0.5, 1);
    const twin = Float32Array.of(0, 0.5, 0, 0, 0.25, 0, 0, 0.5, 0.5);
    expect([...levels(image, twin)]).toEqual([0, 25, 255]);
    expect([...levels(image, image)]).toEqual([0, 0, 0]);
  });
});

describe("noise", () => {
  it("is that of torch", () => {
    const found = noise(35, 7);
    const close = (at: number, wanted: number) => expect(found[at]).toBeCloseTo(wanted, 5);
    close(0, -0.820135);
    close(9, -0.535512);
    close(18, 1.926368);
    close(20, 0.957102);
    close(34, 0.395741);
    expect(() => noise(15, 0)).toThrow("fewer than 16");
  });
});

describe("the line to a widget", () => {
  it("hands on what is saved, lets the next message through, and sets traits as a kernel does", async () => {
    const asked = vi.fn();
    const told = vi.fn();
    const comm = new PageComm("id", asked, told);
    const received = vi.fn();
    comm.on_msg(received);
    const status = vi.fn();
    comm.send({ method: "update", state: { shown: [1] } }, { iopub: { status } } as never);
    expect(asked).toHaveBeenCalledWith({ shown: [1] });
    await vi.waitFor(() => expect(status).toHaveBeenCalledTimes(1));
    comm.send({ method: "custom", content: { kind: "resume" } });
    expect(asked).toHaveBeenCalledTimes(1);
    expect(told).toHaveBeenCalledWith({ kind: "resume" });
    comm.answer({ answer: 2 });
    expect(received.mock.lastCall![0].content.data).toMatchObject({ method: "update", state: { answer: 2 } });
  });
});

describe("questions", () => {
  it("are answered one after the other, of those that come meanwhile only the newest", async () => {
    const ends: (() => void)[] = [];
    const answer = vi.fn(() => new Promise<void>((done) => ends.push(done)));
    const set = vi.fn();
    const ask = latest({ get: () => undefined, set }, answer);
    ask();
    ask();
    ask();
    expect(answer).toHaveBeenCalledTimes(1);
    ends[0]!();
    await vi.waitFor(() => expect(answer).toHaveBeenCalledTimes(2));
    ends[1]!();
    await new Promise((done) => setTimeout(done));
    expect(answer).toHaveBeenCalledTimes(2);
    expect(set).not.toHaveBeenCalled();
  });

  it("that fail are said in the view, and the next is answered", async () => {
    const set = vi.fn();
    const answer = vi.fn().mockRejectedValueOnce(new Error("out of memory")).mockResolvedValueOnce(undefined);
    const ask = latest({ get: () => undefined, set }, answer);
    ask();
    await vi.waitFor(() => expect(set).toHaveBeenCalledTimes(1));
    expect(set.mock.lastCall![0].error).toContain("out of memory");
    ask();
    await vi.waitFor(() => expect(set).toHaveBeenLastCalledWith({ error: "" }));
  });
});

describe("curves in a chart", () => {
  const hiding = { method: "lrp", percent: 50, least: false, fill: "mean" };
  const chart = (points: Charted["points"] = []) => ({
    ...{ shares: [0, 50, 100], points, most: "most", least: "least", parts: ["axis"] },
    ...{ names: "names", named: ["most first", "least first"] },
  });
  const made = (given: Charted) => {
    const drawn = new Map<string, Record<string, unknown>>();
    const draw = drawn.set.bind(drawn);
    const view = { get: () => undefined, set: vi.fn(), seen: vi.fn(), follow: vi.fn(), draw };
    const asked: string[] = [];
    const evaluate = vi.fn(async ({ percent, least, fill }: typeof hiding) => {
      asked.push(`${fill} ${percent}${least ? " least" : ""}`);
      return percent / 200;
    });
    return { curves: createCurves(given, view, evaluate), drawn, asked, evaluate };
  };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are measured but for what is known, once no question comes", async () => {
    const { curves, drawn, asked } = made(chart([["lrp", 0, false, "mean", 1]]));
    curves.follow(hiding, 0.7);
    expect(drawn.get("most")).toEqual({ x: [0, 50], y: [1, 0.7] });
    expect(drawn.get("least")).toEqual({ x: [-1, -1], y: [-1, -1] });
    expect(drawn.get("axis")).toEqual({ visible: true });
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual([]);
    await vi.runAllTimersAsync();
    expect(asked).toEqual(["mean 100", "mean 0 least", "mean 50 least", "mean 100 least"]);
    expect(drawn.get("most")).toEqual({ x: [0, 50, 100], y: [1, 0.7, 0.5] });
    expect(drawn.get("least")).toEqual({ x: [0, 50, 100], y: [0, 0.25, 0.5] });
  });

  it("give way to a question, which has its own", async () => {
    const { curves, drawn, asked, evaluate } = made(chart());
    let end = (_p: number) => {};
    evaluate.mockReturnValueOnce(
      new Promise((done) => {
        end = done;
      }),
    );
    curves.follow(hiding, 0.7);
    await vi.runAllTimersAsync();
    expect(evaluate).toHaveBeenCalledTimes(1);
    curves.stop();
    end(0.1);
    await vi.runAllTimersAsync();
    expect(evaluate).toHaveBeenCalledTimes(1);
    curves.follow({ ...hiding, fill: "black" }, 0.6);
    expect(drawn.get("most")).toEqual({ x: [-1, -1], y: [-1, -1] });
    await vi.runAllTimersAsync();
    expect(asked.every((one) => one.startsWith("black"))).toBe(true);
    expect(drawn.get("most")).toEqual({ x: [0, 50, 100], y: [0, 0.6, 0.5] });
  });

  it("of a still page are those that were measured, or words say that there are none", () => {
    const points = [0, 50].map((percent) => ["lrp", percent, false, "mean", percent / 100] as const);
    const drawn = new Map<string, Record<string, unknown>>();
    let asked: unknown = { ...hiding, method: "rap" };
    let changed = () => {};
    const view = { get: () => asked, set: vi.fn(), seen: vi.fn(), draw: drawn.set.bind(drawn) };
    const follow = (_name: string, then: () => void) => {
      changed = then;
    };
    const travelled = { kind: "relevance-still", answers: [], network: "", arrays: {} };
    stillCurves({ ...travelled, values: { chart: chart(points) } }, { ...view, follow }, undefined as never);
    expect(drawn.size).toBe(0);
    changed();
    expect(drawn.get("most")).toEqual({ x: [-1, -1], y: [-1, -1] });
    expect(drawn.get("names")).toEqual({ text: ["not measured before this page was made", ""] });
    asked = hiding;
    changed();
    expect(drawn.get("most")).toEqual({ x: [0, 50], y: [0, 0.5] });
    expect(drawn.get("names")).toEqual({ text: ["most first", "least first"] });
  });
});

describe("the file beside a page", () => {
  const beside: Beside = { name: "cfwidgets-runtime-1.js", sum: "sha256-of-it" };
  const content = { pieces: [[1, "##"]] } as const;
  /** As if the page were at a server, whose browser runs the file or refuses it. */
  const loading = (event: "load" | "error", sets: typeof content | undefined) => {
    vi.stubGlobal("location", { protocol: "https:" });
    const append = vi.spyOn(document.head, "append").mockImplementation((...added) => {
      const [script] = added as HTMLScriptElement[];
      globalThis.cfwidgetsBeside = sets;
      queueMicrotask(() => script!.dispatchEvent(new Event(event)));
    });
    return () => append.mock.lastCall![0] as HTMLScriptElement;
  };
  afterEach(() => vi.unstubAllGlobals());

  it("is read if it is as its sum says, which the browser sees to", async () => {
    const script = loading("load", content);
    expect(await readBeside(beside)).toEqual(content.pieces);
    expect(script().integrity).toBe(beside.sum);
    expect(script().getAttribute("src")).toBe(beside.name);
    expect(globalThis.cfwidgetsBeside).toBeUndefined();
  });

  it("is named where it is missing, or sets nothing", async () => {
    const words = "the file cfwidgets-runtime-1.js must lie in the same folder as this page";
    loading("error", undefined);
    await expect(readBeside(beside)).rejects.toThrow(words);
    loading("load", undefined);
    await expect(readBeside(beside)).rejects.toThrow(words);
  });
});

describe("a fault", () => {
  it("is told by the first error, in its words", () => {
    vi.stubGlobal("reportError", vi.fn());
    const place = document.createElement("p");
    place.id = "page-fault";
    document.body.append(place);
    tellFault(new Error("a file is missing"), "This page does not answer");
    tellFault(new Error("which follows"));
    expect(place.textContent).toBe("This page does not answer: a file is missing");
    expect(inWords("refused")).toBe("refused");
    vi.unstubAllGlobals();
  });
});

describe("the page", () => {
  it("puts texts that widgets share back in their places", () => {
    const text = JSON.stringify({
      state: { state: { a: { state: { _esm: 1, _css: 0 } }, b: { state: { _esm: "own" } } } },
      texts: ["css", "script"],
    });
    const script = document.createElement("script");
    script.type = "application/json";
    script.id = "page-state";
    script.textContent = text;
    document.body.append(script);
    expect(readPage().state.state).toEqual({
      a: { state: { _esm: "script", _css: "css" } },
      b: { state: { _esm: "own" } },
    });
    script.remove();
    expect(readPage).toThrow("the page lacks page-state");
  });

  it("lets no markup through", () => {
    expect(noMarkup('<img src="x"> & more')).toBe("&lt;img src=&quot;x&quot;> &amp; more");
  });

  it("is as dark as the system says, until the switch is used; on paper it is light", () => {
    const system = Object.assign(new EventTarget(), { matches: true });
    vi.spyOn(window, "matchMedia").mockReturnValue(system as unknown as MediaQueryList);
    const button = document.createElement("button");
    button.id = "page-theme";
    document.body.append(button);
    const root = document.documentElement;
    followScheme();
    expect([root.dataset.theme, root.dataset.jpThemeLight, button.textContent]).toEqual([
      "dark",
      "false",
      "Light",
    ]);
    dispatchEvent(new Event("beforeprint"));
    expect(root.dataset.theme).toBe("light");
    dispatchEvent(new Event("afterprint"));
    expect(root.dataset.theme).toBe("dark");
    button.click();
    expect([root.dataset.theme, button.textContent]).toEqual(["light", "Dark"]);
    system.dispatchEvent(new Event("change"));
    expect(root.dataset.theme).toBe("light");
  });
});
