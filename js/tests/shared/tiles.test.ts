import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openPack } from "../../src/shared/pack";
import { createScope } from "../../src/shared/scope";
import { createTiles } from "../../src/shared/tiles";
import { pack } from "../fake";
import { stubBitmaps } from "../pictures";

let decoder: ReturnType<typeof stubBitmaps>;
beforeEach(() => {
  decoder = stubBitmaps();
});
afterEach(() => vi.unstubAllGlobals());

const start = () => {
  const changed = vi.fn();
  const scope = createScope();
  return { tiles: createTiles(scope, changed), changed, end: scope.end };
};
const from = (tiles: ReturnType<typeof createTiles>, index: number) =>
  (tiles.at(index) as { from?: number } | null)?.from ?? null;

describe("tiles", () => {
  it("are decoded ahead, the wanted ones first", async () => {
    const { tiles, changed } = start();
    decoder.held = true;
    tiles.open(openPack(pack([[1], [2], [3]])), [2]);
    await vi.waitFor(() => expect(decoder.waiting()).toEqual([3]));
    decoder.release();
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    expect([from(tiles, 2), from(tiles, 0)]).toEqual([3, null]);
    await vi.waitFor(() => expect(decoder.waiting()).toHaveLength(2));
    decoder.release();
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    expect([0, 1, 2, 3].map((index) => from(tiles, index))).toEqual([1, 2, 3, null]);
  });

  it("that a new pack still has are kept, the others freed", async () => {
    const { tiles, changed } = start();
    tiles.open(openPack(pack([[1], [2], [3]])), []);
    await vi.waitFor(() => expect(changed).toHaveBeenCalled());
    const kept = tiles.at(1);
    tiles.open(openPack(pack([[2], [9]])), []);
    await vi.waitFor(() => expect(from(tiles, 1)).toBe(9));
    expect(tiles.at(0)).toBe(kept);
    expect(decoder.bitmaps).toHaveLength(4);
    expect(
      decoder
        .open()
        .map((bitmap) => bitmap.from)
        .sort(),
    ).toEqual([2, 9]);
  });

  it("of an outdated pack are freed when they come", async () => {
    const { tiles } = start();
    decoder.held = true;
    tiles.open(openPack(pack([[1]])), []);
    await vi.waitFor(() => expect(decoder.waiting()).toEqual([1]));
    tiles.open(openPack(pack([[2]])), []);
    await vi.waitFor(() => expect(decoder.waiting()).toHaveLength(2));
    decoder.release();
    await vi.waitFor(() => expect(from(tiles, 0)).toBe(2));
    expect(decoder.open().map((bitmap) => bitmap.from)).toEqual([2]);
  });

  it("that cannot be decoded are counted, and tried once", async () => {
    const { tiles, changed } = start();
    const bytes = openPack(pack([[255], [1], []]));
    tiles.open(bytes, []);
    await vi.waitFor(() => expect(changed).toHaveBeenCalled());
    expect([tiles.failed, from(tiles, 1), tiles.at(0), tiles.at(2)]).toEqual([1, 1, null, null]);
  });

  it("are all freed at the end, also those still to come", async () => {
    const { tiles, changed, end } = start();
    tiles.open(openPack(pack([[1]])), []);
    await vi.waitFor(() => expect(changed).toHaveBeenCalled());
    decoder.held = true;
    tiles.open(openPack(pack([[1], [2]])), []);
    await vi.waitFor(() => expect(decoder.waiting()).toEqual([2]));
    end();
    decoder.release();
    await vi.waitFor(() => expect(decoder.bitmaps).toHaveLength(2));
    expect(decoder.open()).toEqual([]);
    tiles.open(openPack(pack([[3]])), []);
    expect(tiles.at(0)).toBeNull();
  });
});
