// @vitest-environment node
import { describe, expect, it } from "vitest";
import { describe as describeRegion, kept, spokenAnswer } from "../../src/superpixels/words";

describe("words", () => {
  it("describe a superpixel", () => {
    expect(describeRegion(17, 0.82, true)).toBe("superpixel 17 · importance +.82 · shown");
    expect(describeRegion(5, -0.05, true)).toBe("superpixel 5 · importance −.05 · shown");
    expect(describeRegion(3, undefined, false)).toBe("superpixel 3 · hidden");
  });

  it("say what is kept, if anything is", () => {
    expect([kept([1]), kept([])]).toEqual(["the best so far is kept", ""]);
  });

  it("speak", () => {
    expect(spokenAnswer("Egyptian cat", 0.9134, 52, 86)).toBe(
      "Egyptian cat 0.91, 52 of 86 superpixels shown",
    );
  });
});
