// @vitest-environment node
import { describe, expect, it } from "vitest";
import { openPack, packOpener } from "../../src/shared/pack";
import { EMPTY, numbered, pack, wire } from "../fake";

describe("pack", () => {
  it("gives each blob, wherever the bytes lie in their buffer", () => {
    const opened = openPack(pack([[1, 2], [], [3, 4, 5]]))!;
    expect(opened.count).toBe(3);
    expect([...opened.blob(0)!]).toEqual([1, 2]);
    expect(opened.blob(1)).toBeNull();
    expect([...opened.blob(2)!]).toEqual([3, 4, 5]);
    for (const outside of [-1, 3, Number.NaN]) expect(opened.blob(outside)).toBeNull();
  });

  it("is nothing where there are no bytes, and empty where there are no blobs", () => {
    for (const none of [null, undefined, EMPTY]) expect(openPack(none)).toBeNull();
    expect(openPack(pack([]))!.count).toBe(0);
  });

  it.each([
    ["fewer bytes than a header", [1, 0, 0], "not a pack"],
    ["more blobs than there is room for", [255, 255, 255, 255, 0], "not a pack"],
    ["an end outside the data", [1, 0, 0, 0, 2, 0, 0, 0, 7], "picture 0 of a pack of 1 is cut off"],
    ["ends that run back", [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7], "picture 1 of a pack of 2 is cut off"],
  ])("refuses %s", (_, bytes, words) => {
    expect(() => openPack(wire(Uint8Array.from(bytes)))).toThrow(words);
  });

  it("is opened once, and says what is wrong instead of throwing", () => {
    const open = packOpener();
    const bytes = numbered(2);
    expect(open(bytes)).toBe(open(bytes));
    expect(open(bytes).pack!.count).toBe(2);
    expect(open(wire(Uint8Array.of(9)))).toEqual({
      pack: null,
      wrong: "the bytes are not a pack of pictures",
    });
    expect(open(null)).toEqual({ pack: null, wrong: "" });
  });
});
