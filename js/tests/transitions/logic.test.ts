// @vitest-environment node
import { describe, expect, it } from "vitest";
import { differenceOf } from "../../src/shared/pixels";
import { tablesOf, tint } from "../../src/shared/signed";
import { strongestCells } from "../../src/transitions/cells";
import { keyOf } from "../../src/transitions/keys";
import { fitMiniature } from "../../src/transitions/miniature";
import * as words from "../../src/transitions/words";

describe("keys", () => {
  const to = (key: string, shiftKey = false, onSlider = true) =>
    keyOf({ key, shiftKey }, 500, 1001, onSlider);

  it("go along the path", () => {
    expect(["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"].map((key) => to(key))).toEqual([
      { to: 501 },
      { to: 499 },
      { to: 501 },
      { to: 499 },
    ]);
    expect([to("ArrowRight", true), to("ArrowLeft", true)]).toEqual([{ to: 510 }, { to: 490 }]);
    expect([to("PageUp"), to("PageDown"), to("Home"), to("End")]).toEqual([
      { to: 600 },
      { to: 400 },
      { to: 0 },
      { to: 1000 },
    ]);
  });

  it("stay on it", () => {
    expect(keyOf({ key: "PageUp", shiftKey: false }, 0, 2, true)).toEqual({ to: 1 });
    expect(keyOf({ key: "ArrowLeft", shiftKey: true }, 3, 9, true)).toEqual({ to: 0 });
    expect(keyOf({ key: "End", shiftKey: false }, 0, 1, true)).toEqual({ to: 0 });
  });

  it("play and flip, and leave the page's own keys alone", () => {
    expect([to(" "), to("p"), to("f"), to("F")]).toEqual(["play", "play", "flip", "flip"]);
    expect([to("ArrowUp", false, false), to("ArrowDown", false, false), to("x"), to("Enter")]).toEqual([
      ...[null, null, null, null],
    ]);
    expect(to("ArrowRight", false, false)).toEqual({ to: 501 });
  });
});

describe("strongestCells", () => {
  const answer = (cells: [number, number], share: number[]) => ({ cells, share, total: null, off: null });

  it("takes the largest shares of either sign, where they lie", () => {
    const cells = strongestCells(answer([2, 4], [0, 0.1, -0.5, 0.2, 0.3, 0, 0.9, Number.NaN]), 3);
    expect(cells).toEqual([
      { x: 0.5, y: 0.5, width: 0.25, height: 0.5, share: 0.9 },
      { x: 0.5, y: 0, width: 0.25, height: 0.5, share: -0.5 },
      { x: 0, y: 0.5, width: 0.25, height: 0.5, share: 0.3 },
    ]);
  });

  it("has none where the shares do not fit the grid, or there is no answer", () => {
    expect(strongestCells(answer([2, 2], [1]))).toEqual([]);
    expect(strongestCells(null)).toEqual([]);
    expect(strongestCells(answer([0, 0], []))).toEqual([]);
  });
});

describe("maps of signed amounts", () => {
  const stops = [
    [100, 0, 100],
    [250, 250, 250],
    [0, 100, 0],
  ] as const;
  const rgba = (table: Uint32Array, grey: number) => [...new Uint8Array(table.buffer, 4 * grey, 4)];

  it("are neutral at zero and full at both ends", () => {
    const { solid } = tablesOf(stops);
    expect([1, 128, 255].map((grey) => rgba(solid, grey))).toEqual([
      [100, 0, 100, 255],
      [250, 250, 250, 255],
      [0, 100, 0, 255],
    ]);
    // 0 is out of the coding's range, and as negative as 1.
    expect(rgba(solid, 0)).toEqual(rgba(solid, 1));
  });

  it("let through what is below where they are zero, and never hide it", () => {
    const { sheer } = tablesOf(stops);
    const cover = (grey: number) => rgba(sheer, grey)[3]!;
    expect(cover(128)).toBe(0);
    expect(cover(255)).toBe(cover(1));
    expect(cover(255)).toBeLessThan(255);
    expect(cover(140)).toBeLessThan(cover(160));
  });

  it("are empty where there are no colours", () => {
    expect(Math.max(...tablesOf([]).solid)).toBe(0);
  });

  it("are coloured pixel by pixel", () => {
    const table = Uint32Array.from({ length: 256 }, (_, i) => 1000 + i);
    const into = new Uint32Array(3);
    tint(Uint8Array.of(5, 0, 255), table, into);
    expect([...into]).toEqual([1005, 1000, 1255]);
  });

  it("code a difference of brightness with the whole range at their ends", () => {
    expect([...differenceOf(Uint8Array.of(255, 0, 9), Uint8Array.of(0, 255, 9))]).toEqual([255, 1, 128]);
  });
});

describe("fitMiniature", () => {
  it("has whole-number zoom for pixels, and fits photographs in", () => {
    expect(fitMiniature(28, 28, 64)).toEqual([56, 56]);
    expect(fitMiniature(32, 16, 64)).toEqual([64, 32]);
    expect(fitMiniature(64, 64, 64)).toEqual([64, 64]);
    expect(fitMiniature(256, 128, 64)).toEqual([64, 32]);
    expect(fitMiniature(0, 0, 64)).toEqual([64, 64]);
  });
});

describe("words", () => {
  it("have signed numbers of two digits", () => {
    expect([words.percent(0.312), words.percent(-0.04), words.percent(0)]).toEqual(["+31 %", "−4 %", "+0 %"]);
    expect([0.1234, 12, 0.000012, 0, Number.NaN].map(words.amount)).toEqual([
      "0.12",
      "12",
      "1.2e−5",
      "0",
      "–",
    ]);
    expect([words.signed(7.94), words.signed(-0.2)]).toEqual(["+7.9", "−0.2"]);
    const sums = [
      { total: 7.94, off: 0.03 },
      { total: null, off: 0.03 },
      { total: null, off: null },
    ];
    expect(sums.map(words.sum)).toEqual([
      "+7.9 log-odds, convergence delta 0.03",
      "convergence delta 0.03",
      "",
    ]);
  });

  it("say what a candidate is", () => {
    const candidate = {
      id: 17,
      right: false,
      cosine: 0.81,
      called: 9,
      confidence: 0.93,
      tile: 0,
      nearest: false,
    };
    expect(words.describeCandidate(candidate, "9")).toBe(
      "candidate 17: predicted 9 with .93, cosine similarity .81",
    );
    expect(words.describeCandidate({ ...candidate, nearest: true }, "9")).toContain("the nearest");
  });

  it("say what is kept", () => {
    expect([words.kept([1, 2]), words.kept([])]).toEqual(["the candidates so far are kept", ""]);
  });

  it("speak of a phase", () => {
    expect(
      words.spokenPhase(412, [
        ["9", 0.48],
        ["4", null],
      ]),
    ).toBe("phase 412: 9 .48, 4 –");
  });
});
