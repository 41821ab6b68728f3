// @vitest-environment node
import { describe, expect, it } from "vitest";
import { OUTSIDE } from "../../src/shared/boundaries";
import { toBytes } from "../../src/shared/bytes";
import {
  decodeRegions,
  measureRegions,
  regionAt,
  regionBeside,
  regionsAlong,
} from "../../src/superpixels/regions";
import { labelMap, SIX } from "../fake";

const six = measureRegions(Uint16Array.from(SIX), 12, 8, 6);

describe("decodeRegions", () => {
  it("reads little-endian rows", async () => {
    const regions = await decodeRegions(toBytes(labelMap([0, 0, 300, 1]))!, [1, 4], 301);
    expect([...regions.labels]).toEqual([0, 0, 300, 1]);
    expect([regions.width, regions.height]).toEqual([4, 1]);
  });

  it("refuses a map of another size, and superpixels that are not there", async () => {
    await expect(decodeRegions(toBytes(labelMap(SIX))!, [8, 11], 6)).rejects.toThrow("176");
    await expect(decodeRegions(toBytes(labelMap(SIX))!, [8, 12], 5)).rejects.toThrow("superpixel 5");
  });
});

describe("measureRegions", () => {
  it("finds the middles", () => {
    expect([...six.x]).toEqual([2, 6, 10, 2, 6, 10]);
    expect([...six.y]).toEqual([2, 2, 2, 6, 6, 6]);
  });

  it("finds who touches whom, by an edge and not by a corner", () => {
    expect(six.neighbours.map((list) => [...list].sort())).toEqual([
      [1, 3],
      [0, 2, 4],
      [1, 5],
      [0, 4],
      [1, 3, 5],
      [2, 4],
    ]);
  });
});

describe("pointing", () => {
  it("finds the superpixel at a point, and none beside the picture", () => {
    expect([regionAt(six, 0, 0), regionAt(six, 4, 3.99), regionAt(six, 11.9, 7.9)]).toEqual([0, 1, 5]);
    for (const [x, y] of [
      [-0.1, 0],
      [0, -0.1],
      [12, 0],
      [0, 8],
    ] as const)
      expect(regionAt(six, x, y)).toBe(OUTSIDE);
  });

  it("misses no superpixel on a fast stroke", () => {
    expect(regionsAlong(six, 1, 1, 11, 1)).toEqual([0, 1, 2]);
    expect(regionsAlong(six, 11, 7, 1, 7)).toEqual([5, 4, 3]);
    expect(regionsAlong(six, 1, 1, 1, 1)).toEqual([0]);
    expect(regionsAlong(six, -20, 6, 20, 6)).toEqual([3, 4, 5]);
  });
});

describe("regionBeside", () => {
  it("goes to the neighbour in that direction", () => {
    const ways = [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ] as const;
    expect(ways.map(([dx, dy]) => regionBeside(six, 4, dx, dy))).toEqual([3, 5, 1, 4]);
    expect(ways.map(([dx, dy]) => regionBeside(six, 0, dx, dy))).toEqual([0, 1, 0, 3]);
  });

  it("takes the straightest of several", () => {
    // 0 touches 1 (above right), 2 (right) and 3 (below right).
    const rows = [
      [0, 0, 1, 1],
      [0, 0, 2, 2],
      [0, 0, 2, 2],
      [0, 0, 3, 3],
    ];
    const regions = measureRegions(Uint16Array.from(rows.flat()), 4, 4, 4);
    expect(regionBeside(regions, 0, 1, 0)).toBe(2);
  });

  it("jumps to the nearest in that half where none touches", () => {
    // 1 is an island in 0, whose middle is its own: only 0 touches it.
    const rows = [
      [2, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 3],
    ];
    const regions = measureRegions(Uint16Array.from(rows.flat()), 5, 5, 4);
    expect(regionBeside(regions, 1, 1, 0)).toBe(3);
    expect(regionBeside(regions, 1, 0, -1)).toBe(2);
  });

  it("reaches every superpixel by arrows from any other", () => {
    const reached = new Set([0]);
    for (const from of reached)
      for (const [dx, dy] of [
        [-1, 0],
        [1, 0],
        [0, -1],
        [0, 1],
      ] as const)
        reached.add(regionBeside(six, from, dx, dy));
    expect(reached.size).toBe(6);
  });
});
