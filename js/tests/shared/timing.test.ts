// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createScope } from "../../src/shared/scope";
import { throttle } from "../../src/shared/throttle";
import { createWaiting } from "../../src/shared/waiting";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("throttle", () => {
  it("runs at once, then at most once a wait, and never forgets the last call", () => {
    const times: number[] = [];
    const start = performance.now();
    const run = throttle(() => times.push(performance.now() - start), 60);
    for (let t = 0; t < 150; t += 10) {
      run();
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(1000);
    expect(times).toEqual([0, 60, 120, 180]);
  });

  it("flushes what waits, once", () => {
    const work = vi.fn();
    const run = throttle(work, 60);
    run();
    run();
    expect([work.mock.calls.length, run.pending]).toEqual([1, true]);
    run.flush();
    run.flush();
    expect([work.mock.calls.length, run.pending]).toEqual([2, false]);
    vi.advanceTimersByTime(1000);
    expect(work).toHaveBeenCalledTimes(2);
  });
});

describe("waiting", () => {
  const there = { gone: () => false, silent: "nobody answers" };

  it("is silent at once where there is no kernel", () => {
    const waiting = createWaiting(createScope(), () => {}, { ...there, gone: () => true });
    waiting.update(true);
    expect(waiting.wait).toBe("silent");
    expect(waiting.words("asking", "the rest works")).toBe("nobody answers; the rest works");
    waiting.update(false);
    expect(waiting.wait).toBe("none");
    expect(waiting.words("asking", "the rest works")).toBe("");
  });

  it("says asking after 400 ms and silent after 5 s", () => {
    const seen: string[] = [];
    const waiting = createWaiting(createScope(), () => seen.push(waiting.wait), there);
    waiting.update(true);
    expect(waiting.wait).toBe("short");
    vi.advanceTimersByTime(399);
    waiting.update(true);
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual(["asking"]);
    vi.advanceTimersByTime(4599);
    expect(seen).toEqual(["asking"]);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual(["asking", "silent"]);
  });

  it("says nothing once the answer is there", () => {
    const changed = vi.fn();
    const waiting = createWaiting(createScope(), changed, there);
    waiting.update(true);
    waiting.update(false);
    vi.advanceTimersByTime(6000);
    expect([waiting.wait, changed.mock.calls.length]).toEqual(["none", 0]);
  });

  it("does not call a kernel silent that answers earlier questions", () => {
    const waiting = createWaiting(createScope(), () => {}, there);
    waiting.update(true);
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(1000);
      waiting.alive();
      expect(waiting.wait).toBe("asking");
    }
    vi.advanceTimersByTime(5000);
    expect(waiting.wait).toBe("silent");
    waiting.alive();
    expect(waiting.wait).toBe("asking");
  });

  it("is not woken by an answer nobody waits for", () => {
    const waiting = createWaiting(createScope(), () => {}, there);
    waiting.alive();
    vi.advanceTimersByTime(6000);
    expect(waiting.wait).toBe("none");
  });
});
