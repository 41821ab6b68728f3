// @vitest-environment node
import { describe, expect, it } from "vitest";
import { nearestEntry, predictedAt, readPath, sameEnds, valueAt } from "../../src/transitions/path";
import { traits } from "../../src/transitions/traits";
import { pathOf } from "./fake";

/** What comes over the wire. */
const readWire = (value: unknown) => readPath(traits.path(value));
const read = (changes: object = {}) => readWire({ ...pathOf(), ...changes })!;

describe("readPath", () => {
  it("takes what is there, and nothing while nothing is", () => {
    expect(read()).toMatchObject({ phases: 11, flip: 6, ends: [17, 40], scale: 0.12 });
    for (const none of [{}, null, undefined]) expect(readWire(none)).toBeNull();
  });

  it.each([
    [{ at: undefined }],
    [{ at: [] }],
    [{ at: [1, 10] }],
    [{ at: [0, 9] }],
    [{ at: [0, 5, 5, 10] }],
    [{ at: [0, 2.5, 10] }],
    [{ at: [0, "5", 10] }],
  ])("refuses %o as the phases that are there", (changes) => {
    expect(() => read(changes)).toThrow("does not run from phase 0 to 10");
  });

  it("refuses a path of no phases", () => {
    for (const phases of [0, -1, 2.5, undefined]) expect(() => read({ phases })).toThrow("how many phases");
  });

  it("leaves out what lies outside, and lists that are missing", () => {
    expect(read({ flip: 11, strip: [-1, 3, 11, 2.5], wrong: undefined })).toMatchObject({
      ...{ flip: null, strip: [3], wrong: [] },
    });
    expect(read({ flip: undefined, strip: undefined })).toMatchObject({ flip: null, strip: [] });
  });
});

describe("a sparse path", () => {
  it("has a nearest entry for each phase", () => {
    expect([0, 1, 2, 3, 4, 6, 7, 10].map((phase) => nearestEntry([0, 4, 9, 10], phase))).toEqual([
      ...[0, 0, 0, 1, 1, 1, 2, 3],
    ]);
    expect(nearestEntry([0], 5)).toBe(0);
  });

  it("has values between its entries", () => {
    const path = readPath(pathOf([0, 4, 10]))!;
    expect([0, 2, 4, 7, 10].map((phase) => valueAt(path, path.correct, phase))).toEqual([
      0,
      0.2,
      0.4,
      expect.closeTo(0.7),
      1,
    ]);
    expect(valueAt(path, [], 3)).toBeNull();
    expect(valueAt(path, [0.5], 3)).toBe(0.5);
  });

  it("is called what the entries on that side of the flip are called", () => {
    const path = readPath(pathOf([0, 4, 10]))!;
    // 5 is nearest to 4; 6 and 7, too, lie beyond the flip, though 6 is nearest to 4.
    expect([0, 3, 4, 5, 6, 7, 10].map((phase) => predictedAt(path, phase))).toEqual([9, 9, 9, 9, 4, 4, 4]);
    expect(predictedAt({ ...path, flip: null }, 6)).toBe(9);
    expect(predictedAt({ ...path, called: [] }, 6)).toBe(-1);
  });
});

describe("sameEnds", () => {
  it("is for a path that only knows more", () => {
    expect(sameEnds(readPath(pathOf([0, 10])), read())).toBe(true);
    expect(sameEnds(read({ ends: [17, 41] }), read())).toBe(false);
    expect(sameEnds(null, read())).toBe(false);
  });
});
