// @vitest-environment node
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inflate, toBytes } from "../../src/shared/bytes";
import { wire } from "../fake";

describe("toBytes", () => {
  it("respects where a view begins and ends", () => {
    expect([...toBytes(wire(Uint8Array.of(7, 8, 9)))!]).toEqual([7, 8, 9]);
    expect([...toBytes(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))!]).toEqual([2, 3]);
    expect([...toBytes(Uint8Array.of(5, 6).buffer)!]).toEqual([5, 6]);
  });

  it("has nothing where nothing came yet", () => {
    for (const none of [null, undefined, new DataView(new ArrayBuffer(0))]) expect(toBytes(none)).toBeNull();
  });
});

describe("inflate", () => {
  const raw = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);

  it("gives back what was deflated", async () => {
    expect(await inflate(Uint8Array.from(deflateSync(raw)), 5000)).toEqual(raw);
  });

  it("refuses another length than the expected", async () => {
    await expect(inflate(Uint8Array.from(deflateSync(raw)), 4999)).rejects.toThrow(
      "more than the 4999 bytes",
    );
    await expect(inflate(Uint8Array.from(deflateSync(raw)), 5001)).rejects.toThrow("5000 bytes where 5001");
  });

  it("refuses what is no zlib data", async () => {
    await expect(inflate(Uint8Array.of(1, 2, 3, 4), 4)).rejects.toThrow();
  });
});
