// @vitest-environment node
import { describe, expect, it } from "vitest";
import { change, count, probability } from "../../src/shared/format";

describe("probability", () => {
  it.each([
    [0.9134, ".913"],
    [0.9136, ".914"],
    [1, "1.00"],
    [0.9996, "1.00"],
    [0.9994, ".999"],
    [0, ".000"],
    [0.0004, "<.001"],
    [0.0006, ".001"],
    [null, "–"],
    [undefined, "–"],
    [Number.NaN, "–"],
  ])("%s is %s", (value, text) => {
    expect(probability(value)).toBe(text);
  });

  it("has as many figures as are asked for", () => {
    expect(probability(0.824, 2)).toBe(".82");
    expect(probability(1, 2)).toBe("1.0");
    expect(probability(0.004, 2)).toBe("<.01");
  });
});

describe("change", () => {
  it("has a direction that does not need colour", () => {
    expect(change(0.913, 0.357)).toEqual({ sign: "▲", amount: ".556" });
    expect(change(0.1, 0.357)).toEqual({ sign: "▼", amount: ".257" });
  });

  it("is none below what is shown", () => {
    expect(change(0.3572, 0.357)).toEqual({ sign: "", amount: "" });
  });
});

it("groups thousands", () => {
  expect([0, 999, 1204, 1234567].map(count)).toEqual(["0", "999", "1,204", "1,234,567"]);
});
