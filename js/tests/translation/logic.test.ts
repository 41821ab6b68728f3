// @vitest-environment node
import { describe, expect, it } from "vitest";
import { classesOf } from "../../src/translation/gauges";
import { ordered } from "../../src/translation/order";
import { outlineOf } from "../../src/translation/outline";
import { area, curveOf, iou, levelOf, overlapOf, precision, recall } from "../../src/translation/overlap";
import * as words from "../../src/translation/words";
import { entryOf, translationState } from "./fake";

describe("overlap", () => {
  const overlap = overlapOf(Uint8Array.of(0, 10, 200, 0, 128, 255), Uint8Array.of(0, 0, 1, 0, 0, 1));

  it("counts what is at least the threshold, and what of it is marked", () => {
    expect([...overlap.found.subarray(0, 2), overlap.found[128], overlap.found[129]]).toEqual([6, 4, 3, 2]);
    expect([overlap.both[0], overlap.both[200], overlap.both[201], overlap.marked]).toEqual([2, 2, 1, 2]);
  });

  it("measures as Python does", () => {
    expect([iou(overlap, 128), precision(overlap, 128), recall(overlap, 201)]).toEqual([2 / 3, 2 / 3, 0.5]);
    expect(area(overlap, 128)).toBe(0.5);
    // Nothing is found and nothing is marked: they agree.
    const nothing = overlapOf(Uint8Array.of(1, 2), Uint8Array.of(0, 0));
    expect([iou, precision, recall].map((measure) => measure(nothing, 9))).toEqual([1, 1, 1]);
    expect(area(overlapOf(new Uint8Array(0), null), 0)).toBe(0);
  });

  it("gives curves at every fourth threshold", () => {
    const curve = curveOf(overlap, iou);
    expect(curve.length).toBe(64);
    expect([curve[0], curve[32], curve[50], curve[63]]).toEqual([2 / 6, 2 / 3, 1, 0.5]);
  });

  it("knows the level of a threshold", () => {
    expect([0, 0.5, 255 / 256, 1, -1].map(levelOf)).toEqual([0, 128, 255, 255, 0]);
  });
});

describe("outline", () => {
  it("goes around a region, a straight line at a time, also along the border", () => {
    // Two pixels beside each other in a corner.
    const lines = outlineOf(Uint8Array.of(9, 9, 0, 0, 0, 0), 9, 3, 2);
    expect(lines).toEqual([0, 0, 2, 0, 0, 1, 2, 1, 0, 0, 0, 1, 2, 0, 2, 1]);
    expect(outlineOf(Uint8Array.of(1, 1), 2, 2, 1)).toEqual([]);
  });

  it("has the holes, too", () => {
    const ring = Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1);
    const length = (lines: number[]) => {
      let sum = 0;
      for (let i = 0; i < lines.length; i += 4)
        sum += Math.abs(lines[i]! - lines[i + 2]!) + Math.abs(lines[i + 1]! - lines[i + 3]!);
      return sum;
    };
    expect(length(outlineOf(ring, 1, 3, 3))).toBe(12 + 4);
  });
});

describe("order", () => {
  const traits = translationState();

  it("sorts by what one chooses, the largest first", () => {
    expect(ordered(traits, "order")).toEqual([0, 1, 2]);
    expect(ordered(traits, "doubt")).toEqual([2, 0, 1]);
    expect(ordered(traits, "error")).toEqual([2, 0, 1]);
    expect(ordered(traits, "size")).toEqual([1, 2, 0]);
  });

  it("puts what is not translated yet last", () => {
    expect(ordered({ ...traits, total: 5 }, "size")).toEqual([1, 2, 0, 3, 4]);
  });
});

describe("gauges", () => {
  const column = (...answer: number[]) => ({ title: "image", answer });

  it("are of the classes of the decision, the painted one last", () => {
    expect(classesOf([column(0.1, 0.7, 0.2)], 1, 2)).toEqual([0, 1, 2]);
    expect(classesOf([column(0.1, 0.7, 0.2)], 1, 0)).toEqual([1, 2, 0]);
    expect(classesOf([column()], 1, 2)).toEqual([]);
  });

  it("of many classes are of the likeliest and the target", () => {
    const many = column(0, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0);
    expect(classesOf([many], 8, -1)).toEqual([1, 2, 3, 4, 5, 8]);
  });
});

describe("words", () => {
  const traits = translationState();

  it("say the direction, and where the twin stays", () => {
    expect(words.direction(entryOf(), traits.labels)).toEqual(["cracked", "sound"]);
    expect(words.direction(entryOf({ to: 1, flips: false }), traits.labels)).toEqual([
      ...["cracked", "still cracked"],
    ]);
  });

  it("say whether the twin of the twin comes back", () => {
    expect(words.comesBack(entryOf(), traits)).toBe(
      "The twin of the twin is predicted cracked again (.70); its pixels differ from the image's by 0.8 % on average.",
    );
    expect(words.comesBack(entryOf({ returned: [0.4, 0.1, 0.5] }), traits)).toMatch(
      /^The twin of the twin is predicted sound rather than cracked \(\.40\);/,
    );
  });

  it("say the doubt, or that there is none", () => {
    expect(words.doubtOf(entryOf(), traits)).toBe("The image's doubt, its probability of “painted”, is .20.");
    expect(words.doubtOf(entryOf(), { ...traits, painted: -1 })).toContain("no measure of doubt");
  });

  it("describe an image", () => {
    expect(words.described(traits.entries[2], 2, traits)).toBe(
      "image 3: predicted sound, but is cracked; twin still sound, doubt .50, mask 10 %",
    );
    expect(words.described(undefined, 4, traits)).toBe("image 5: not translated yet");
  });

  it("write shares", () => {
    expect([0.0234, 0.0999, 0.5, Number.NaN].map(words.percent)).toEqual(["2.3 %", "10 %", "50 %", "–"]);
  });
});
