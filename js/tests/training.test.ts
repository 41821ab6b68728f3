import { afterEach, beforeEach, describe, expect, it } from "vitest";
import view from "../src/training";
import type { Traits } from "../src/training/traits";
import { EMPTY, fakeModel, wire } from "./fake";
import { drawn, mount, text, tidy } from "./mount";
import { stubBitmaps, stubCanvas } from "./pictures";
import { trainingState } from "./training/fake";

type Fake = ReturnType<typeof fakeModel<Traits>>;

let decoder: ReturnType<typeof stubBitmaps>;
let canvas: ReturnType<typeof stubCanvas>;

beforeEach(() => {
  decoder = stubBitmaps({ width: 48, height: 32 });
  canvas = stubCanvas();
});
afterEach(tidy);

const start = (changes: Partial<Traits> = {}) => fakeModel(trainingState(changes));

async function show(fake: Fake) {
  const shown = mount(view, fake.view(), "training");
  const button = shown.find<HTMLButtonElement>(".cfw-run-button");
  const samples = shown.find<HTMLCanvasElement>(".cfw-samples");
  /** What was drawn on the page, by the first byte of what it was decoded from. */
  const pictures = () => canvas.drawn.map(({ picture }) => (picture as { from: number }).from);
  await drawn();
  await drawn();
  return { ...shown, button, samples, pictures };
}

describe("what stands in the view", () => {
  it("asks what is learned, and says how far it is", async () => {
    const { root, find, button } = await show(start());
    expect(text(find(".cfw-question"))).toBe("What has it learned?");
    expect(text(find(".cfw-status"))).toBe("running");
    expect(text(find(".cfw-counts"))).toBe("update 30 of 120 after 6 s");
    expect(find(".cfw-progress").getAttribute("aria-valuenow")).toBe("25");
    expect(text(button)).toBe("Stop");
    expect([root.getAttribute("aria-label"), root.dataset.state]).toEqual(["Training progress", "running"]);
    expect(text(find(".cfw-help-panel"))).toContain("below them stands how they were drawn");
  });

  it("has the samples under the titles of their columns", async () => {
    const { root, find, all, samples, pictures } = await show(start());
    expect(pictures()).toEqual([7]);
    expect([samples.width, samples.height, samples.hidden]).toEqual([48, 32, false]);
    expect(find(".cfw-sheet").style.width).toBe("288px");
    expect(samples.classList.contains("cfw-pixelated")).toBe(true);
    expect(samples.getAttribute("role")).toBe("img");
    expect(samples.getAttribute("aria-label")).toBe(
      "2 rows of samples; columns: original, Pale_Skin, <img src=x onerror=alert(1)>",
    );
    expect(all(".cfw-columns span").map(text)).toEqual([
      ...["original", "Pale_Skin", "<img src=x onerror=alert(1)>"],
    ]);
    expect([all(".cfw-columns wbr").length, root.querySelector("img")]).toEqual([1, null]);
    expect(text(find(".cfw-sheet-note"))).toBe("drawn at update 29 by the running mean of the weights");
    expect(find(".cfw-placeholder").hidden).toBe(true);
    expect(root.dataset.ready).toBe("29");
  });

  it("says how samples of another kind were drawn, as text", async () => {
    const { find } = await show(start({ sheet_note: "from <i>held-out</i> pictures" }));
    expect(text(find(".cfw-sheet-note"))).toBe("drawn at update 29 from <i>held-out</i> pictures");
  });

  it("has no titles where the columns mean nothing, and smooths photographs", async () => {
    const { find, samples } = await show(start({ columns: [], tile: [128, 128] }));
    expect(find(".cfw-columns").hidden).toBe(true);
    expect(samples.getAttribute("aria-label")).toBe("2 rows of samples; 3 in each");
    expect(samples.classList.contains("cfw-pixelated")).toBe(false);
  });

  it("has the losses in numbers", async () => {
    const { all, find } = await show(start());
    expect(all(".cfw-loss").map((row) => [...row.children].map(text))).toEqual([
      ["reconstruction", "0.0123"],
      ["critic", "−47.8"],
      ["penalty", "no value"],
    ]);
    expect(text(find(".cfw-now-line"))).toBe("Lossesmean of updates 28 to 30");
  });

  it("has the last measurement on held-out images, where there is one", async () => {
    const fake = start();
    const { all, root } = await show(fake);
    const [losses, heldOut] = all(".cfw-now");
    expect([losses!.hidden, heldOut!.hidden]).toEqual([false, true]);
    fake.receive({ held_out_names: ["flipped", "<b>"], held_out: [0.912, null], held_out_at: 20 });
    await drawn();
    expect(heldOut!.hidden).toBe(false);
    expect(text(heldOut!.querySelector(".cfw-now-line"))).toBe("On held-out imagesat update 20");
    expect([...heldOut!.querySelectorAll(".cfw-loss")].map((row) => [...row.children].map(text))).toEqual([
      ["flipped", "0.912"],
      ["<b>", "no value"],
    ]);
    expect(root.querySelector("b")).toBe(null);
  });

  it("says a collapse above the samples, and for the ear", async () => {
    const fake = start();
    const { root, find } = await show(fake);
    const notes = find(".cfw-notes");
    expect([notes.hidden, text(find(".cfw-live"))]).toEqual([true, ""]);
    fake.receive({ notes: "collapsed: all twins look <i>alike</i>" });
    await drawn();
    expect(notes.hidden).toBe(false);
    expect(text(notes)).toBe("collapsed: all twins look <i>alike</i>");
    expect(text(find(".cfw-live"))).toBe(text(notes));
    expect(notes.compareDocumentPosition(find(".cfw-samples"))).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
    expect(root.querySelector("i i, p i")).toBe(null);
    fake.receive({ notes: "" });
    await drawn();
    expect(notes.hidden).toBe(true);
  });

  it("says what will be here", async () => {
    const fake = start({
      ...{ activity: "the first updates", counts: "", step: 0, drawn: -1, measured: -1 },
      ...{ sheet: EMPTY, grid: [0, 0], tile: [0, 0], columns: [], loss_names: [], losses: [] },
    });
    const { find, samples, pictures } = await show(fake);
    expect(text(find(".cfw-status"))).toBe("running: the first updates");
    expect(text(find(".cfw-placeholder"))).toBe("the first updates");
    expect([samples.hidden, find(".cfw-now").hidden, text(find(".cfw-sheet-note"))]).toEqual([
      ...[true, true, ""],
    ]);
    fake.receive({ activity: "" });
    await drawn();
    expect(text(find(".cfw-placeholder"))).toBe("the samples will be here");
    fake.receive(trainingState());
    await drawn();
    await drawn();
    expect([samples.hidden, find(".cfw-placeholder").hidden, find(".cfw-now").hidden]).toEqual([
      ...[false, true, false],
    ]);
    expect(pictures()).toEqual([7]);
  });

  it("shows newer samples when they are decoded, and the older until then", async () => {
    const fake = start();
    const { pictures, root } = await show(fake);
    decoder.held = true;
    fake.receive({ sheet: wire(Uint8Array.of(8, 1)), drawn: 60, losses: [1, 2, 3] });
    await drawn();
    expect([pictures(), decoder.open().length]).toEqual([[7], 1]);
    decoder.release();
    await drawn();
    expect([pictures(), root.dataset.ready]).toEqual([[7, 8], "60"]);
    expect(decoder.open().map(({ from }) => from)).toEqual([8]);
    fake.receive({ progress: 0.6, step: 70 });
    await drawn();
    expect(pictures()).toEqual([7, 8]);
  });

  it("says so where the samples cannot be decoded", async () => {
    const { find, samples } = await show(start({ sheet: wire(Uint8Array.of(255)) }));
    expect(text(find(".cfw-placeholder"))).toBe("the browser cannot decode the samples");
    expect([find(".cfw-placeholder").getAttribute("role"), samples.hidden]).toEqual(["alert", true]);
  });

  it("shows the errors of saving and drawing beside the samples", async () => {
    const fake = start({ error: "OSError: the disk is full\nthe drawing failed: no" });
    const { find, samples } = await show(fake);
    expect(text(find(".cfw-alert"))).toBe("OSError: the disk is full\nthe drawing failed: no");
    expect([find(".cfw-alert").hidden, samples.hidden]).toEqual([false, false]);
    fake.receive({ error: "" });
    await drawn();
    expect(find(".cfw-alert").hidden).toBe(true);
  });
});

describe("stopping and resuming", () => {
  it("are messages, and what is kept is said", async () => {
    const fake = start();
    const { find, button } = await show(fake);
    button.click();
    fake.receive({ activity: "stops after this update" });
    await drawn();
    expect(text(find(".cfw-status"))).toBe("running: stops after this update");
    fake.receive({ state: "stopped", activity: "", saved: true });
    await drawn();
    expect(text(find(".cfw-status"))).toBe("stopped: update 30 is kept and saved, Resume continues");
    expect(text(button)).toBe("Resume");
    button.click();
    expect(fake.sent).toEqual([{ kind: "stop" }, { kind: "resume" }]);
    expect(fake.saved).toEqual([]);
  });

  it("are over where the training has failed or is done", async () => {
    const fake = start({ state: "failed", error: "RuntimeError: no memory" });
    const { find, button } = await show(fake);
    expect(text(find(".cfw-status"))).toBe("failed: update 30 is kept");
    expect(button.classList.contains("cfw-invisible")).toBe(true);
    fake.receive({ state: "done", error: "" });
    await drawn();
    expect(text(find(".cfw-status"))).toBe("done");
    expect(button.classList.contains("cfw-invisible")).toBe(true);
  });
});

describe("views", () => {
  it("of one model show the same, and leave nothing behind", async () => {
    const fake = start();
    const first = await show(fake);
    const second = await show(fake);
    expect(text(second.root)).toBe(text(first.root));
    first.end();
    expect([first.el.childElementCount, second.el.childElementCount]).toEqual([0, 1]);
    fake.receive({ step: 31, counts: "update 31 of 120" });
    await drawn();
    expect(text(second.find(".cfw-counts"))).toBe("update 31 of 120");
    second.end();
    expect([fake.listeners(), decoder.open()]).toEqual([0, []]);
  });
});
