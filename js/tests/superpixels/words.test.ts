// @vitest-environment node
import { describe, expect, it } from "vitest";
import { counts, describe as describeRegion, kept, spokenAnswer } from "../../src/superpixels/words";

describe("words", () => {
  it("describe a superpixel", () => {
    expect(describeRegion(17, 0.82, true)).toBe("superpixel 17 · importance .82 · shown");
    expect(describeRegion(3, undefined, false)).toBe("superpixel 3 · hidden");
  });

  it("count what has been done", () => {
    expect(counts(18, 50, 1204)).toBe("generation 18 of 50 · 1,204 evaluations");
    expect(counts(0, 50, 0)).toBe("generation 0 of 50");
    expect(counts(0, 0, 1000)).toBe("1,000 evaluations");
    expect(counts(0, 0, 0)).toBe("");
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
