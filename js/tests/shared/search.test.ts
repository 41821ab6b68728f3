// @vitest-environment node
import { describe, expect, it } from "vitest";
import { findClasses } from "../../src/shared/search";

const LABELS = ["tiger shark", "Egyptian cat", "wildcat", "tiger", "tabby, tabby cat", "cat", "Siamese cat"];
const names = (typed: string, limit?: number) => findClasses(LABELS, typed, limit).map((i) => LABELS[i]);

describe("findClasses", () => {
  it("puts the very name first, then names that begin so, then words, then parts of words", () => {
    expect(names("cat")).toEqual(["cat", "Egyptian cat", "tabby, tabby cat", "Siamese cat", "wildcat"]);
    expect(names("tiger")).toEqual(["tiger", "tiger shark"]);
  });

  it("wants every word, in any order and case", () => {
    expect(names("CAT egy")).toEqual(["Egyptian cat"]);
    expect(names("cat shark")).toEqual([]);
  });

  it("takes a number for an index", () => {
    expect(names("2")).toEqual(["wildcat"]);
    expect(names("77")).toEqual([]);
  });

  it("finds nothing for nothing, and not more than asked", () => {
    expect(names("  ")).toEqual([]);
    expect(names("a", 3)).toHaveLength(3);
  });
});
