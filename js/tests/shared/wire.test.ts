// @vitest-environment node
import { describe, expect, it } from "vitest";
import * as w from "../../src/shared/wire";
import { fakeModel, wire } from "../fake";

const WRONG = [undefined, null, "a", 1.5, Number.NaN, true, [1], { a: 1 }];

describe("readers", () => {
  it.each([
    ["text", w.text("-"), ["", "b"], "a"],
    ["number", w.number(7), [0, -2, 2.5], 1.5],
    ["integer", w.integer(7), [0, -2], undefined],
    ["bool", w.bool(), [false], true],
  ])("%s takes what it is, and nothing else", (_, read, good, among) => {
    for (const value of good) expect(read(value)).toBe(value);
    const otherwise = read(undefined);
    for (const value of WRONG)
      expect(read(value)).toBe(among !== undefined && value === among ? value : otherwise);
  });

  it("numbers may be missing", () => {
    expect([w.number(null)("1"), w.integer(null)(1.5), w.number()(Number.POSITIVE_INFINITY)]).toEqual([
      null,
      null,
      0,
    ]);
  });

  it("bytes are bytes in each of their forms", () => {
    const forms = [wire(Uint8Array.of(1)), new ArrayBuffer(1), new Uint8Array(1)];
    for (const form of forms) expect(w.bytes()(form)).toBe(form);
    for (const value of WRONG) expect(w.bytes()(value)).toBeNull();
  });

  it("one of some words", () => {
    const read = w.oneOf(["a", "b"], "b");
    expect([read("a"), read("c"), read(null)]).toEqual(["a", "b", "b"]);
  });

  it("lists keep their places, tuples their length", () => {
    expect(w.list(w.text())(["a", 1, "b"])).toEqual(["a", "", "b"]);
    expect(w.list(w.text())("ab")).toEqual([]);
    const read = w.tuple(w.text(), w.number());
    for (const [value, is] of [
      [
        ["a", 1, 2],
        ["a", 1],
      ],
      [["a"], ["a", 0]],
      [null, ["", 0]],
    ])
      expect(read(value)).toEqual(is);
  });

  it("objects have all of their fields, or are none", () => {
    const read = w.record({ a: w.number(null), b: w.text() }, "a");
    expect(read({ a: 1, c: 2 })).toEqual({ a: 1, b: "" });
    expect(read({ a: "x" })).toEqual({ a: null, b: "" });
    for (const value of [null, 1, {}, { a: null, b: "c" }]) expect(read(value)).toBeNull();
    expect(w.records({ a: w.number() })([{ a: 1 }, null, 5, {}])).toEqual([{ a: 1 }, { a: 0 }]);
    expect(w.dictionary(w.number())({ a: 1, b: "c" })).toEqual({ a: 1, b: 0 });
    expect(w.dictionary(w.number())([])).toEqual({});
  });
});

describe("the traits of a model", () => {
  const table = { rows: w.records({ a: w.number() }), name: w.text("none") };

  it("are what they are now, the same object until one changes", () => {
    const fake = fakeModel({ rows: [{ a: 1 }], name: "x" });
    const traits = w.readTraits(fake.model, table);
    const { rows } = traits;
    expect(rows).toEqual([{ a: 1 }]);
    fake.receive({ name: "y" });
    expect([traits.rows === rows, traits.name]).toEqual([true, "y"]);
    fake.receive({ rows: [{ a: 1 }] });
    expect(traits.rows).not.toBe(rows);
    expect(Object.keys(traits)).toEqual(["rows", "name"]);
  });

  it("are empty where the kernel has none of that name", () => {
    const traits = w.readTraits(fakeModel({} as { rows: { a: number }[]; name: string }).model, table);
    expect({ ...traits }).toEqual({ rows: [], name: "none" });
  });
});
