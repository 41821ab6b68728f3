import { describe, expect, it } from "vitest";
import { fitSheet, titleSize } from "../../src/training/fit";
import * as words from "../../src/training/words";

describe("a sheet", () => {
  it("stands at a whole-number zoom as high as a screen, and in its room", () => {
    // 48 by 32 pixels: six times as large is 96 a sample
    expect(fitSheet([2, 3], [16, 16], 940)).toEqual({ width: 288, pixelated: true });
    expect(fitSheet([2, 3], [16, 16], 150)).toEqual({ width: 144, pixelated: true });
    // ten rows of 16 pixels: at most 400 high
    expect(fitSheet([10, 3], [16, 16], 940)).toEqual({ width: 96, pixelated: true });
    expect(fitSheet([30, 3], [16, 16], 940)).toEqual({ width: 48, pixelated: false });
    // there is no room for twice the size
    expect(fitSheet([4, 15], [32, 32], 768)).toEqual({ width: 768, pixelated: false });
    // fifteen columns of 64 pixels do not fit at all
    expect(fitSheet([4, 15], [64, 64], 700.5)).toEqual({ width: 700, pixelated: false });
    expect(fitSheet([4, 15], [64, 64], 2000)).toEqual({ width: 1440, pixelated: false });
    // photographs are smoothed, and not enlarged
    expect(fitSheet([1, 2], [128, 128], 940)).toEqual({ width: 256, pixelated: false });
    expect(fitSheet([4, 15], [128, 128], 940)).toEqual({ width: 940, pixelated: false });
    // before there are samples
    expect(fitSheet([0, 0], [0, 0], 2000)).toEqual({ width: 940, pixelated: false });
    expect(fitSheet([0, 0], [0, 0], 500)).toEqual({ width: 500, pixelated: false });
  });

  it("has titles as small as the longest part of one needs, from 8 to 11 pixels", () => {
    expect(titleSize(["Bald", "Young"], 300)).toBe(11);
    // 50 pixels for eleven letters
    expect(titleSize(["Attractive_x", "Mouth_Sl_Open"], 100)).toBe(8);
    expect(titleSize(["Pale_Skin"], 30)).toBeCloseTo(30 / (0.58 * 5));
    expect(titleSize(["two words of nine"], 30)).toBeCloseTo(30 / (0.58 * 5));
    expect(titleSize([], 300)).toBe(11);
  });
});

describe("words", () => {
  it("say what is kept", () => {
    expect(words.kept(0, false)).toBe("");
    expect(words.kept(3, false)).toBe("update 3 is kept");
    expect(words.kept(12_000, true)).toBe("update 12,000 is kept and saved");
  });

  it("say which update the samples and losses are of", () => {
    expect(words.drawn(-1, "by hand")).toBe("");
    expect(words.drawn(3, "")).toBe("drawn at update 3");
    expect(words.drawn(1200, "by the running mean of the weights")).toBe(
      "drawn at update 1,200 by the running mean of the weights",
    );
    expect(words.mean(1, 5)).toBe("at update 5");
    expect(words.mean(100, 2000)).toBe("mean of updates 1,901 to 2,000");
  });

  it("describe a sheet for the ear", () => {
    expect(words.sheet(4, 2, ["original", "Bald"])).toBe("4 rows of samples; columns: original, Bald");
    expect(words.sheet(1, 8, [])).toBe("1 row of samples; 8 in each");
  });

  it("write losses with three digits", () => {
    expect([0.012345, -47.84, 0, 1234.5, 1e-9, null].map(words.loss)).toEqual([
      ...["0.0123", "−47.8", "0", "1230", "1e-9", "no value"],
    ]);
  });
});
