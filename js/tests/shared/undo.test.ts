// @vitest-environment node
import { expect, it } from "vitest";
import { Undo } from "../../src/shared/undo";

it("gives back the newest first, and forgets the oldest beyond its limit", () => {
  const undo = new Undo<number>(3);
  for (const value of [1, 2, 3, 4]) undo.push(value);
  expect(undo.size).toBe(3);
  expect([undo.pop(), undo.pop(), undo.pop(), undo.pop()]).toEqual([4, 3, 2, undefined]);
});
