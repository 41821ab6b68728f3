// @vitest-environment node
import { describe, expect, it } from "vitest";
import { fitStage } from "../../src/shared/fit";

describe("fitStage", () => {
  it("takes the room there is, between 256 and 384", () => {
    expect([200, 300, 500].map((room) => fitStage(224, 224, room))).toEqual([
      [256, 256],
      [300, 300],
      [384, 384],
    ]);
  });

  it("keeps the picture's proportions, and its height on the screen", () => {
    expect(fitStage(400, 200, 384)).toEqual([384, 192]);
    expect(fitStage(300, 400, 384)).toEqual([360, 480]);
  });

  it("shows pixels of a small picture all of one size", () => {
    expect(fitStage(28, 28, 384)).toEqual([364, 364]);
    expect(fitStage(28, 28, 256)).toEqual([252, 252]);
  });
});
