// @vitest-environment node
import { describe, expect, it } from "vitest";
import { ringsOf } from "../../src/facex/paths";

/** Left, top, right and bottom. */
const bounds = (ring: readonly number[]) => {
  const [x, y] = [ring.filter((_, i) => i % 2 === 0), ring.filter((_, i) => i % 2 === 1)];
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
};

describe("path data", () => {
  it.each([
    ["lines", "M0 0 L10 0 L10 5 L0 5 Z"],
    ["across and down", "M0,0H10V5H0Z"],
    ["steps from where one is", "m0 0 l10 0 0 5 -10 0z"],
    ["further pairs after a move", "M0 0 10 0 10 5 0 5"],
    ["relative ones", "M0 0h10v5h-10z"],
    ["numbers that hang together", "M0 0L1e1-0 10 5-0+5z"],
  ])("are rings of points: %s", (_, data) => {
    expect(ringsOf(data)!.map((ring) => ring.slice(0, 8).map((v) => v + 0))).toEqual([
      [0, 0, 10, 0, 10, 5, 0, 5],
    ]);
  });

  it("may have several rings; after a closed one the next begins where it did", () => {
    const rings = ringsOf("M0 0h4v4h-4zM10 10h4v4h-4z l1 1 1 -1z")!;
    expect(rings.map((ring) => ring.slice(0, 2))).toEqual([
      [0, 0],
      [10, 10],
      [10, 10],
    ]);
    expect(rings[2]!.slice(2, 4)).toEqual([11, 11]);
  });

  it("follow curves, not their control points", () => {
    const [cubic] = ringsOf("M0 0C0 10 10 10 10 0Z")!;
    expect(bounds(cubic!)).toEqual([0, 0, 10, 7.5]);
    const [square] = ringsOf("M0 0Q5 10 10 0Z")!;
    expect(bounds(square!)).toEqual([0, 0, 10, 5]);
  });

  it("mirror the last control point in S and T", () => {
    const [smooth] = ringsOf("M0 0C0 8 10 8 10 0S20 -8 20 0")!;
    const [written] = ringsOf("M0 0C0 8 10 8 10 0C10 -8 20 -8 20 0")!;
    expect(smooth).toEqual(written);
    const [wave] = ringsOf("M0 0Q5 8 10 0T20 0")!;
    expect(wave).toEqual(ringsOf("M0 0Q5 8 10 0Q15 -8 20 0")![0]);
    // Without a curve before it there is nothing to mirror.
    expect(ringsOf("M0 0L10 0T20 0")![0]).toEqual(ringsOf("M0 0L10 0Q10 0 20 0")![0]);
  });

  it("turn arcs the right way round", () => {
    const [circle] = ringsOf("M0 5A5 5 0 0 1 10 5A5 5 0 0 1 0 5Z")!;
    expect(bounds(circle!).map((v) => Math.round(10 * v) / 10)).toEqual([0, 0, 10, 10]);
    const [below] = ringsOf("M0 5A5 5 0 0 0 10 5Z")!;
    expect(bounds(below!).map(Math.round)).toEqual([0, 5, 10, 10]);
    const [large] = ringsOf("M0 0a5 5 0 1110 0z")!;
    expect(Math.round(bounds(large!)[1]!)).toBe(-5);
    // Too small a radius is made large enough; none at all is a line.
    expect(bounds(ringsOf("M0 0A1 1 0 0 1 10 0Z")![0]!).map(Math.round)).toEqual([0, -5, 10, 0]);
    expect(ringsOf("M0 0A0 5 0 0 1 10 0L10 5Z")![0]!.slice(0, 6)).toEqual([0, 0, 10, 0, 10, 5]);
  });

  it.each(["", "zork", "L0 0 5 5 5 0", "M0", "M0 0L1", "M0 0 L5 5 X", "M0 0A5 5 0 2 1 10 5Z"])(
    "is refused where it is none: %j",
    (data) => expect(ringsOf(data)).toBeNull(),
  );
});
