import { beforeEach, describe, expect, it, vi } from "vitest";
import { Atlas } from "../../src/survey/atlas";
import { confusion, filtered, mostPredicted, ordered, worstPairs } from "../../src/survey/order";
import { Sheets } from "../../src/survey/sheets";
import { inflated, Table } from "../../src/survey/table";
import type { Filters } from "../../src/survey/traits";
import { cellName, pictureName } from "../../src/survey/words";
import { pack, wire } from "../fake";
import { stubBitmaps, stubCanvas } from "../pictures";
import { ROWS, type Row, sheetOf, tableOf } from "./fake";

async function open(rows: readonly Row[]): Promise<Table> {
  const hasSecond = rows.some(({ second }) => second !== undefined);
  const data = await inflated(tableOf(rows));
  expect(data?.length).toBe(Table.bytes(rows.length, hasSecond));
  return new Table(rows.length, hasSecond, data!.buffer as ArrayBuffer);
}

const ALL: Filters = {
  ...{ sort: "surprise", wrong: false, unsure: false },
  ...{ truth: -1, prediction: -1, change: "", text: "" },
};
const all = (table: Table) => ordered(table, "surprise");

describe("a table", () => {
  it("has what the kernel wrote", async () => {
    const table = await open(ROWS);
    expect([...table.truth]).toEqual([0, 0, 1, -1, 2, 0]);
    expect([...table.prediction]).toEqual([0, 1, 1, 2, 1, 1]);
    expect(table.loss(4)).toBeCloseTo(5, 3);
    expect(table.loss(3)).toBeNull();
    expect(table.margin(2)).toBeCloseTo(0.1, 3);
    expect(table.confidence(0)).toBeCloseTo(0.75, 3);
    expect([0, 1, 2, 3, 4, 5].filter((i) => table.isWrong(i))).toEqual([1, 4, 5]);
    expect([0, 1, 2, 3, 4, 5].filter((i) => table.isUnsure(i))).toEqual([2, 4]);
  });

  it("tells in which way a second model differs", async () => {
    const table = await open([
      { truth: 0, prediction: 1, second: 0 },
      { truth: 0, prediction: 0, second: 1 },
      { truth: 0, prediction: 1, second: 2 },
      { truth: -1, prediction: 1, second: 2 },
      { truth: 0, prediction: 1, second: 1 },
      { truth: 0, prediction: -1, second: -1 },
    ]);
    expect([0, 1, 2, 3, 4, 5].map((i) => table.change(i))).toEqual([
      "fixed",
      "broken",
      "both wrong, differently",
      "differs",
      "",
      "",
    ]);
  });

  it("is nothing where the bytes are none, and an error where they are others", async () => {
    expect(await inflated(null)).toBeNull();
    await expect(inflated(wire(Uint8Array.of(1, 0, 0, 0, 5, 5, 5, 5)))).rejects.toThrow();
  });
});

describe("orders and filters", () => {
  it("sorts by surprise: the loss, and the entropy where no class is known", async () => {
    expect([...all(await open(ROWS))]).toEqual([4, 1, 5, 2, 3, 0]);
  });

  it("sorts by doubt, by class and as in the data set, equals by their numbers", async () => {
    const table = await open(ROWS);
    expect([...ordered(table, "margin")]).toEqual([2, 4, 5, 1, 3, 0]);
    expect([...ordered(table, "entropy")]).toEqual([0, 1, 2, 4, 5, 3]);
    expect([...ordered(table, "class")]).toEqual([1, 5, 0, 2, 4, 3]);
    expect([...ordered(table, "order")]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("leaves out what is not answered", async () => {
    const table = await open([...ROWS, { truth: 1, prediction: -1 }]);
    expect(all(table).includes(6)).toBe(false);
  });

  it("sorts as a plain sort would, whatever the numbers", async () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({
      ...{ truth: i % 3, prediction: (i * 7) % 3, loss: ((i * 7919) % 997) / 31 },
    }));
    const table = await open(rows);
    const plain = rows.map((_, i) => i).sort((a, b) => table.surprise(b) - table.surprise(a) || a - b);
    expect([...all(table)]).toEqual(plain);
  });

  it("keeps what passes all filters", async () => {
    const table = await open(ROWS);
    const keep = (some: Partial<Filters>, names: string[] = []) => [
      ...filtered(all(table), table, { ...ALL, ...some }, names),
    ];
    expect(keep({ wrong: true })).toEqual([4, 1, 5]);
    expect(keep({ unsure: true })).toEqual([4, 2]);
    expect(keep({ truth: 0, prediction: 1 })).toEqual([1, 5]);
    expect(keep({ prediction: 1, unsure: true, wrong: true })).toEqual([4]);
    expect(keep({ text: " CAT" }, ["a/cat.png", "dog.png"])).toEqual([0]);
  });

  it("counts cells, pairs and predictions", async () => {
    const table = await open(ROWS);
    expect([...confusion(table, 3)]).toEqual([1, 2, 0, 0, 1, 0, 0, 1, 0]);
    expect(worstPairs(table, 3, 9)).toEqual([
      { truth: 0, prediction: 1, count: 2, share: 2 / 3 },
      { truth: 2, prediction: 1, count: 1, share: 1 },
    ]);
    expect(worstPairs(table, 3, 1)).toHaveLength(1);
    expect(mostPredicted(table, 2).map(({ prediction, count }) => [prediction, count])).toEqual([
      [1, 4],
      [0, 1],
    ]);
  });
});

describe("words", () => {
  const name = (i: number) => "479"[i]!;
  it("name a cell and a picture", async () => {
    const table = await open(ROWS);
    expect(cellName(name, 0, 2)).toBe("4 → 9");
    expect(cellName(name, 0, 0)).toBe("4, right");
    expect(cellName(name, 0, -1)).toBe("true class 4");
    expect(cellName(name, -1, 2)).toBe("predicted 9");
    expect(pictureName(table, 1, name)).toBe("4, predicted as 7 (.75)");
    expect(pictureName(table, 0, name)).toBe("4, predicted rightly (.75)");
    expect(pictureName(table, 3, name)).toBe("predicted 9 (.75)");
  });
});

describe("sheets", () => {
  let decoder: ReturnType<typeof stubBitmaps>;
  beforeEach(() => {
    decoder = stubBitmaps();
    stubCanvas();
  });
  const make = (count: number, changed = () => {}) => {
    const atlas = new Atlas();
    const sheets = new Sheets(atlas, changed);
    sheets.resize(count);
    atlas.setSide(32);
    return { atlas, sheets };
  };
  const bytes = (blobs: number[][]) => blobs.map((blob) => wire(Uint8Array.from(blob)));
  const want = (...some: number[]) => Uint32Array.from(some);

  it("are decoded only while one wants a picture of them, and closed again", async () => {
    const { atlas, sheets } = make(9);
    sheets.add(bytes(sheetOf([0, 1, 2], 1)));
    sheets.add(bytes(sheetOf([3, 4, 5], 2)));
    expect(sheets.want(want(1, 8), want())).toEqual([8]);
    await vi.waitFor(() => expect(atlas.has(1)).toBe(true));
    expect(decoder.bitmaps.map(({ from }) => from)).toEqual([1]);
    expect(decoder.open()).toHaveLength(0);
    expect([0, 2, 3].some((picture) => atlas.has(picture))).toBe(false);
    expect(atlas.at(1)).toMatchObject({ x: 0, y: 0, width: 28, height: 28 });
  });

  it("are decoded first where most of what is in sight is, and two at a time", async () => {
    decoder.held = true;
    const { sheets } = make(9);
    sheets.add(bytes(sheetOf([0, 1], 1)));
    sheets.add(bytes(sheetOf([2, 3, 4], 2)));
    sheets.add(bytes(sheetOf([5, 6, 7, 8], 3)));
    sheets.want(want(0, 2, 3), want(5, 6, 7, 8));
    await vi.waitFor(() => expect(decoder.waiting()).toEqual([2, 1]));
  });

  it("tell of what has come that is in sight", async () => {
    const changed = vi.fn();
    const { atlas, sheets } = make(4, changed);
    sheets.add(bytes(sheetOf([0], 1)));
    sheets.add(bytes(sheetOf([1], 2)));
    sheets.want(want(0), want(1));
    await vi.waitFor(() => expect(atlas.has(1)).toBe(true));
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("are decoded one after the other, and wait for nobody to want more", async () => {
    const { atlas, sheets } = make(8);
    for (let number = 0; number < 8; number++) sheets.add(bytes(sheetOf([number], number + 1)));
    sheets.want(want(0, 1, 2, 3, 4, 5, 6, 7), want());
    await vi.waitFor(() => expect([0, 7].every((picture) => atlas.has(picture))).toBe(true));
    expect(decoder.open()).toHaveLength(0);
  });

  it("that cannot be decoded are not tried again", async () => {
    const { atlas, sheets } = make(2);
    sheets.add(bytes(sheetOf([0], 255)));
    sheets.want(want(0), want());
    await new Promise((done) => setTimeout(done, 20));
    sheets.want(want(0), want());
    await new Promise((done) => setTimeout(done, 20));
    expect(atlas.has(0)).toBe(false);
    expect(decoder.bitmaps).toHaveLength(0);
  });

  it("leave others, unless they arrange them anew", async () => {
    const { atlas, sheets } = make(4);
    sheets.add(bytes(sheetOf([0, 1], 1)));
    sheets.add(bytes(sheetOf([1, 0], 2)));
    sheets.add(bytes(sheetOf([3, 1], 3)), true);
    sheets.want(want(0, 1, 3), want());
    await vi.waitFor(() => expect([0, 1, 3].every((picture) => atlas.has(picture))).toBe(true));
    expect(decoder.bitmaps.map(({ from }) => from).sort()).toEqual([1, 3]);
  });

  it.each([
    ["as they came", [0, 1, 2], [1]],
    ["as they were arranged again", [0, 3, 6], [11]],
  ] as const)("are those on which the pictures in sight lie together: %s", async (_name, sight, decoded) => {
    const { atlas, sheets } = make(9);
    [0, 3, 6].forEach((first, i) => void sheets.add(bytes(sheetOf([first, first + 1, first + 2], 1 + i))));
    [0, 1, 2].forEach(
      (first, i) => void sheets.add(bytes(sheetOf([first, first + 3, first + 6], 11 + i)), true),
    );
    sheets.want(want(...sight), want());
    await vi.waitFor(() => expect(sight.every((picture) => atlas.has(picture))).toBe(true));
    expect(decoder.bitmaps.map(({ from }) => from)).toEqual(decoded);
  });

  it("come as a pack, too", async () => {
    const { sheets } = make(4);
    sheets.addAll(pack([...sheetOf([0], 1), ...sheetOf([3], 2)]));
    expect([0, 1, 2, 3].map((picture) => sheets.has(picture))).toEqual([true, false, false, true]);
  });
});

describe("an atlas", () => {
  beforeEach(() => void stubCanvas());
  const from = {} as CanvasImageSource;

  it("has room for so many, and gives the place of what is not wanted to what is", () => {
    const atlas = new Atlas();
    atlas.resize(20000);
    atlas.setSide(32);
    const { capacity } = atlas;
    expect(capacity).toBe(40 * 256);
    const first = Uint32Array.from({ length: capacity }, (_, i) => i);
    atlas.want(first);
    for (const picture of first) atlas.put(picture, from, 0, 0, 28, 28);
    expect(first.every((picture) => atlas.has(picture))).toBe(true);
    atlas.put(15000, from, 0, 0, 28, 28);
    expect(atlas.has(15000)).toBe(false);
    atlas.want(first.subarray(5), Uint32Array.of(15000));
    atlas.put(15000, from, 0, 0, 28, 28);
    expect(atlas.has(15000)).toBe(true);
    expect(first.subarray(5).every((picture) => atlas.has(picture))).toBe(true);
    expect([0, 1, 2, 3, 4].filter((picture) => !atlas.has(picture))).toHaveLength(1);
  });

  it("gives each its own place", () => {
    const atlas = new Atlas();
    atlas.resize(600);
    atlas.setSide(64);
    const pictures = Uint32Array.from({ length: 600 }, (_, i) => i);
    atlas.want(pictures);
    for (const picture of pictures) atlas.put(picture, from, 0, 0, 64, 48);
    const canvases = new Map<unknown, number>();
    const places = new Set<string>();
    for (const picture of pictures) {
      const { canvas, x, y } = atlas.at(picture)!;
      if (!canvases.has(canvas)) canvases.set(canvas, canvases.size);
      places.add(`${canvases.get(canvas)} ${x} ${y}`);
      expect(Math.max(x, y)).toBeLessThanOrEqual(512 - 64);
    }
    expect(places.size).toBe(600);
    expect(canvases.size).toBe(Math.ceil(600 / 64));
  });
});
