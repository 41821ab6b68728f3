// @vitest-environment node
import { describe, expect, it } from "vitest";
import {
  answerOf,
  generationsIn,
  indicesOf,
  inverted,
  maskOf,
  sameMask,
  shownCount,
  unpackMask,
} from "../../src/superpixels/masks";

describe("masks", () => {
  it("come from sorted indices and go back to them", () => {
    const mask = maskOf([1, 4, 5], 6);
    expect([...mask]).toEqual([0, 1, 0, 0, 1, 1]);
    expect(indicesOf(mask)).toEqual([1, 4, 5]);
    expect(shownCount(mask)).toBe(3);
    expect(indicesOf(inverted(mask))).toEqual([0, 2, 3]);
  });

  it("leave out what is no superpixel", () => {
    expect(indicesOf(maskOf([-1, 2, 6, 900], 6))).toEqual([2]);
  });

  it("are the same only when all is", () => {
    expect(sameMask(maskOf([1], 3), maskOf([1], 3))).toBe(true);
    expect(sameMask(maskOf([1], 3), maskOf([2], 3))).toBe(false);
    expect(sameMask(maskOf([1], 3), maskOf([1], 4))).toBe(false);
  });

  it("of the answer: the smallest there is", () => {
    expect(answerOf({ best: [0, 1, 4], smallest: [] })).toEqual([0, 1, 4]);
    expect(answerOf({ best: [0, 1, 4], smallest: [1] })).toEqual([1]);
  });
});

describe("the history of a search", () => {
  // numpy.packbits([[1,0,0,0,0,0,0,0,1,1], [0,1,1,0,0,0,0,1,0,0]], axis=1)
  const packed = Uint8Array.of(0b10000000, 0b11000000, 0b01100001, 0b00000000);

  it("is unpacked as numpy packs it", () => {
    expect(generationsIn(packed, 10)).toBe(2);
    expect(indicesOf(unpackMask(packed, 10, 0))).toEqual([0, 8, 9]);
    expect(indicesOf(unpackMask(packed, 10, 1))).toEqual([1, 2, 7]);
  });

  it("may be empty", () => {
    expect([generationsIn(null, 10), generationsIn(packed, 0)]).toEqual([0, 0]);
  });
});
