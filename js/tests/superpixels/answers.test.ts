// @vitest-environment node
import { describe, expect, it } from "vitest";
import { barsOf, isCurrent, standing } from "../../src/superpixels/answers";
import { maskOf } from "../../src/superpixels/masks";
import type { Answer, ClassProbability } from "../../src/superpixels/traits";

const answer: Answer = {
  shown: [0, 2],
  target: 7,
  top: [
    [3, 0.5],
    [4, 0.2],
    [5, 0.1],
    [6, 0.05],
    [8, 0.04],
  ],
  probability: 0.01,
  whole: 0.6,
};
const whole: ClassProbability[] = [
  [7, 0.6],
  [3, 0.3],
  [1, 0.02],
];

describe("isCurrent", () => {
  it("asks for exactly this mask and this class", () => {
    expect(isCurrent(answer, maskOf([0, 2], 4), 7)).toBe(true);
    expect(isCurrent(answer, maskOf([0, 2], 4), 3)).toBe(false);
    expect(isCurrent(answer, maskOf([0, 2, 3], 4), 7)).toBe(false);
    expect(isCurrent(answer, maskOf([0, 3], 4), 7)).toBe(false);
    expect(isCurrent(null, maskOf([], 4), 7)).toBe(false);
  });
});

describe("barsOf", () => {
  it("has the explained class among the five, with its own numbers", () => {
    expect(barsOf(answer, whole, 7)).toEqual([
      { index: 3, probability: 0.5, whole: 0.3 },
      { index: 4, probability: 0.2, whole: null },
      { index: 5, probability: 0.1, whole: null },
      { index: 6, probability: 0.05, whole: null },
      { index: 7, probability: 0.01, whole: 0.6 },
    ]);
  });

  it("leaves the five as they are where it is among them", () => {
    expect(barsOf({ ...answer, target: 5 }, whole, 5).map(({ index }) => index)).toEqual([3, 4, 5, 6, 8]);
  });

  it("has the classes of the whole picture until an answer comes", () => {
    expect(barsOf(null, whole, 7)).toEqual([
      { index: 7, probability: null, whole: 0.6 },
      { index: 3, probability: null, whole: 0.3 },
      { index: 1, probability: null, whole: 0.02 },
    ]);
  });
});

describe("standing", () => {
  it("is what the answer says of its own class", () => {
    expect(standing(answer, [], 7)).toEqual({ probability: 0.01, whole: 0.6 });
  });

  it("is what the top classes say of another, and else unknown", () => {
    expect(standing(answer, whole, 3)).toEqual({ probability: 0.5, whole: 0.3 });
    expect(standing(answer, whole, 9)).toEqual({ probability: null, whole: null });
  });
});
