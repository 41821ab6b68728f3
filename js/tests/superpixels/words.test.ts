// @vitest-environment node
import { describe, expect, it } from "vitest";
import { describe as describeRegion, help, kept, spokenAnswer } from "../../src/superpixels/words";

describe("words", () => {
  it("describe a superpixel", () => {
    expect(describeRegion(17, 0.82, true)).toBe("superpixel 17 · importance +.82 · shown");
    expect(describeRegion(5, -0.05, true)).toBe("superpixel 5 · importance −.05 · shown");
    expect(describeRegion(3, undefined, false)).toBe("superpixel 3 · hidden");
  });

  it("say what is kept, if anything is", () => {
    expect(kept({ method: "E-LIME", best: [1] })).toBe("the best so far is kept");
    expect(kept({ method: "E-LIME", best: [] })).toBe("");
    expect(kept({ method: "LIME", best: [1] })).toBe("the masks sampled so far are kept");
  });

  it("name the method and its paper", () => {
    const sufficient = help({ method: "E-LIME", objective: "sufficient" });
    const necessary = help({ method: "E-LIME", objective: "necessary" });
    const linear = help({ method: "LIME", objective: "sufficient" });
    expect(sufficient).toMatch(
      /^A genetic search .* highest probability \(E-LIME, Wang et al\. 2021\), and drops .*\. Click/,
    );
    expect(necessary).toMatch(/^A genetic search .* lowest probability \(after E-LIME, Wang/);
    expect(linear).toMatch(/^A linear model .* \(LIME, Ribeiro et al\. 2016\)\. Click/);
    expect(linear).not.toMatch(/genetic|search/);
  });

  it("speak", () => {
    expect(spokenAnswer("Egyptian cat", 0.9134, 52, 86)).toBe(
      "Egyptian cat 0.91, 52 of 86 superpixels shown",
    );
  });
});
