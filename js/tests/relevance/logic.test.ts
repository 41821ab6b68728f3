import { describe, expect, it } from "vitest";
import { barsOf } from "../../src/relevance/hide";
import { countOf, ranking } from "../../src/relevance/ranking";
import { greysOf, reliefOf } from "../../src/relevance/relief";
import { figuresOf, nameOf, shortName, valueText, verdictOf } from "../../src/relevance/words";
import { entryOf } from "./fake";

describe("the ranking of pixels", () => {
  it("has the most relevant first", () => {
    expect([...ranking(Int16Array.of(5, -32767, 32767, 0))]).toEqual([2, 0, 3, 1]);
  });
  it("draws equals by the lot of the kernel", () => {
    // tests/widgets/relevance/test_levels.py has the same.
    expect([...ranking(new Int16Array(8))]).toEqual([0, 5, 2, 7, 4, 1, 6, 3]);
  });
  it("names each pixel of a large map once", () => {
    const order = ranking(Int16Array.from({ length: 224 * 224 }, (_, i) => i % 7));
    expect(new Set(order).size).toBe(224 * 224);
  });
  it("counts as the kernel counts", () => {
    expect([0, 10, 37, 100].map((percent) => countOf(percent, 256))).toEqual([0, 26, 95, 256]);
  });
});

describe("the classes of an answer", () => {
  it("are the likeliest, and the two that are asked about", () => {
    const likely = Array.from({ length: 7 }, (_, i): [number, number] => [i, 0.5 / (i + 1)]);
    expect(barsOf(likely, [6, -1]).map(([index]) => index)).toEqual([0, 1, 2, 3, 6]);
    expect(barsOf(likely, [0, 5]).map(([index]) => index)).toEqual([0, 1, 2, 3, 5]);
    expect(barsOf([], [1, 2])).toEqual([]);
  });
});

describe("a map as it is drawn", () => {
  const map = { levels: Int16Array.of(0, 32767, -16384, 0, 0, 0), peak: 2 };
  it("has its values back", () => {
    const { values, full } = reliefOf(map, 3, 0);
    expect(full).toBe(2);
    expect(values[1]).toBe(2);
    expect(values[2]).toBeCloseTo(-1, 3);
  });
  it("is smoothed without a loss at the edge", () => {
    const flat = reliefOf({ levels: new Int16Array(12).fill(32767), peak: 3 }, 4, 1.5);
    for (const value of flat.values) expect(value).toBeCloseTo(3, 5);
    const { values } = reliefOf(map, 3, 1);
    expect(values[1]!).toBeLessThan(2);
    expect(values[4]!).toBeGreaterThan(0);
  });
  it("spreads to all sides alike", () => {
    const levels = new Int16Array(49);
    levels[24] = 32767;
    const { values } = reliefOf({ levels, peak: 1 }, 7, 0.5);
    for (const other of [17, 23, 25, 31]) expect(values[other]).toBeCloseTo(values[23]!, 6);
    expect(values.reduce((sum, value) => sum + value)).toBeCloseTo(1, 4);
  });
  it("is smoothed by as much as was asked for", () => {
    const side = 101;
    for (const sigma of [0.4, 1, 2.5, 6]) {
      const levels = new Int16Array(side * side);
      levels[50 * side + 50] = 32767;
      const { values } = reliefOf({ levels, peak: 1 }, side, sigma);
      let variance = 0;
      values.forEach((value, i) => {
        variance += value * ((i % side) - 50) ** 2;
      });
      expect(Math.sqrt(variance)).toBeCloseTo(sigma, 3);
      const diagonal = values[53 * side + 53]!;
      const gaussian = Math.exp(-9 / sigma ** 2) / (2 * Math.PI * sigma ** 2);
      expect(Math.abs(diagonal - gaussian)).toBeLessThan(0.05 / (2 * Math.PI * sigma ** 2));
    }
  });
  it("leaves one value in a hundred beyond the full colour", () => {
    const levels = Int16Array.from({ length: 2000 }, (_, i) => (i < 20 ? -32767 : i));
    const { full } = reliefOf({ levels, peak: 32767 }, 50, 0);
    expect(full).toBeGreaterThanOrEqual(1999);
    expect(full).toBeLessThan(1999 + 32767 / 4096 + 1);
  });
  it("is grey by its sign, or by its size", () => {
    const relief = reliefOf(map, 3, 0);
    expect([...greysOf(relief, 2, true)]).toEqual([128, 255, 64, 128, 128, 128]);
    expect([...greysOf(relief, 2, false)]).toEqual([128, 255, 192, 128, 128, 128]);
    expect([...greysOf(relief, 0, true)]).toEqual(Array(6).fill(128));
  });
});

describe("the words", () => {
  it("write values with three digits that count", () => {
    expect([0.01234, -1.5, 0, -0.0000213, 123456, null].map(valueText)).toEqual([
      ...["+0.0123", "−1.50", "0", "−2.13e-5", "+1.23e+5", "–"],
    ]);
  });
  it("name methods", () => {
    expect(["rap", "integrated_gradients"].map(nameOf)).toEqual(["RAP", "integrated gradients"]);
  });
  it("give the numbers beside a map, as far as they are measured", () => {
    expect(figuresOf(entryOf()).map(({ name, value, note, ok }) => [name, value, note, ok])).toEqual([
      ["deletion", ".21", "random .40", true],
      ["insertion", ".50", "random .41", false],
      ["completeness error", ".004", "", true],
      ["randomised", ".91", "says nothing", false],
      ["time", "0.25 s", "", null],
    ]);
    expect(figuresOf(entryOf({ better: [], error: null, stages: [] })).map(({ name }) => name)).toEqual([
      "time",
    ]);
  });
  it("shorten the names of layers from their beginning", () => {
    expect(["conv1", "encoder.layers.3"].map(shortName)).toEqual(["conv1", "…layers.3"]);
  });
  it("say where a map says nothing", () => {
    const entry = entryOf();
    expect(verdictOf(entry, 0)).toBe("");
    expect(verdictOf(entry, 1)).toBe("rank correlation with the trained map .43");
    expect(verdictOf(entry, 2)).toContain("it says nothing about what the network has learnt");
    expect(verdictOf(entryOf({ stages: [{ layer: "fc", alike: -0.9, changed: false, peak: 1 }] }), 1)).toBe(
      "rank correlation with the trained map −.90. The map has hardly changed.",
    );
  });
});
