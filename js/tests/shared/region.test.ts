// @vitest-environment node
import { describe, expect, it } from "vitest";
import { cellAt, isInside, maskOf, type Region, shareIn } from "../../src/shared/region";
import { ringsOf } from "../../src/shared/rings";

const box = (left: number, top: number, right: number, bottom: number) => [
  ...[left, top, right, top, right, bottom, left, bottom],
];
const rows = (mask: Uint8Array, width: number) =>
  Array.from({ length: mask.length / width }, (_, row) => [...mask.slice(row * width, (row + 1) * width)]);

/** Numbers that repeat with each run. */
function* lot(seed: number): Generator<number, never> {
  for (let now = seed; ; now = (now * 48271) % 2147483647) yield now / 2147483647;
}

describe("the mask of a region", () => {
  it("has the pixels whose middles lie in it", () => {
    expect(rows(maskOf([box(0, 0, 0.5, 1)], 4, 2), 4)).toEqual([
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ]);
    expect(rows(maskOf([[0, 0, 1, 0, 0, 1]], 4, 4), 4)).toEqual([
      [1, 1, 1, 0],
      [1, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(maskOf([], 3, 2)).toEqual(new Uint8Array(6));
    expect(maskOf([box(0, 0, 1, 1)], 3, 2)).toEqual(new Uint8Array(6).fill(1));
  });

  it("has a hole where a ring lies within a ring, also where they cross", () => {
    expect(rows(maskOf([box(0, 0, 1, 1), box(0.25, 0.25, 0.75, 0.75)], 4, 4), 4)).toEqual([
      [1, 1, 1, 1],
      [1, 0, 0, 1],
      [1, 0, 0, 1],
      [1, 1, 1, 1],
    ]);
    expect(rows(maskOf([box(0, 0, 0.75, 1), box(0.25, 0, 1, 1)], 4, 1), 4)).toEqual([[1, 0, 0, 1]]);
  });

  it("tells of each point what the mask tells of its pixel's middle", () => {
    const numbers = lot(7);
    for (let turn = 0; turn < 50; turn++) {
      const region: Region = Array.from({ length: 2 }, () =>
        Array.from({ length: 10 }, () => numbers.next().value),
      );
      const mask = maskOf(region, 13, 9);
      mask.forEach((inside, i) => {
        expect(isInside(region, ((i % 13) + 0.5) / 13, (Math.floor(i / 13) + 0.5) / 9)).toBe(inside === 1);
      });
    }
  });
});

describe("the share of a map in a mask", () => {
  it("goes by size, whatever the sign", () => {
    expect(shareIn([1, 1, 0], [-1, 2, 3])).toBe(0.5);
    expect(shareIn([0, 0, 0], [-1, 2, 3])).toBe(0);
    expect(shareIn([1, 1, 1], [-1, 2, 3])).toBe(1);
  });

  it("is not known where there is nothing to share", () => {
    expect(shareIn([1, 0], [0, 0])).toBeNull();
    expect(shareIn([], [])).toBeNull();
    expect(shareIn([1], [Number.NaN])).toBeNull();
    expect(shareIn([1, 1, 0], [Number.NaN, 1, 3])).toBe(0.25);
  });
});

describe("the cell at a point", () => {
  it("is that of the grid, at the far edges the last one", () => {
    expect(cellAt(0.3, 0.9, 4, 2)).toEqual([box(0.25, 0.5, 0.5, 1)]);
    expect(cellAt(1, 1, 4, 2)).toEqual([box(0.75, 0.5, 1, 1)]);
    expect(cellAt(0, 0)).toEqual([box(0, 0, 0.125, 0.125)]);
  });
});

describe("the rings of a label", () => {
  it("go around exactly its pixels, with holes, islands and corners that touch", () => {
    const numbers = lot(3);
    for (const [width, height, kinds] of [
      [1, 1, 1],
      [7, 5, 2],
      [12, 9, 3],
      [9, 12, 2],
    ] as const)
      for (let turn = 0; turn < 20; turn++) {
        const labels = Uint16Array.from({ length: width * height }, () =>
          Math.floor(kinds * numbers.next().value),
        );
        for (let label = 0; label < kinds; label++) {
          const rings = ringsOf(labels, width, height, label);
          expect(maskOf(rings, width, height)).toEqual(Uint8Array.from(labels, (at) => Number(at === label)));
          for (const ring of rings) {
            expect(ring.length).toBeGreaterThanOrEqual(6);
            for (const at of ring) expect(at >= 0 && at <= 1).toBe(true);
          }
        }
      }
  });

  it("leave out what lies on a straight line", () => {
    const labels = Uint16Array.from({ length: 8 * 4 }, (_, i) => Number(i % 8 >= 4));
    expect(ringsOf(labels, 8, 4, 1)).toHaveLength(1);
    expect(ringsOf(labels, 8, 4, 1)[0]).toHaveLength(2 * 8);
    expect(ringsOf(labels, 8, 4, 7)).toEqual([]);
  });
});
