import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openPack } from "../../src/shared/pack";
import { createFrames, type Source } from "../../src/transitions/frames";
import { numbered, pack } from "../fake";
import { stubBitmaps, stubCanvas } from "../pictures";

let decoder: ReturnType<typeof stubBitmaps>;
const changed = vi.fn();

beforeEach(() => {
  changed.mockClear();
  decoder = stubBitmaps();
  stubCanvas(77);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Frames of 2 by 3 pixels: 24 bytes each, and 12 for the maps. */
function source(count: number, changes: Partial<Source> = {}): Source {
  return {
    at: Array.from({ length: count }, (_, i) => i),
    frames: openPack(numbered(count))!,
    maps: null,
    ...{ width: 3, height: 2, scale: 1 },
    ...changes,
  };
}
const settled = () => new Promise<void>((done) => setTimeout(done, 5));
const live = () =>
  decoder
    .open()
    .map(({ from }) => from)
    .sort((a, b) => a - b);

describe("frames", () => {
  it("decode what is wanted, and tell", async () => {
    const frames = createFrames(1e6, changed);
    frames.open(source(20, { maps: openPack(numbered(20, 50)) }), false);
    expect(frames.look(7)).toEqual({ look: null, exact: false });
    frames.seek(7);
    await settled();
    expect(changed).toHaveBeenCalled();
    const { look, exact } = frames.look(7);
    expect([look!.phase, exact, [...look!.maps!]]).toEqual([7, true, Array(12).fill(77)]);
    // The maps are kept as numbers, not as bitmaps.
    expect(decoder.bitmaps.filter(({ from }) => from >= 50).every(({ closed }) => closed)).toBe(true);
    frames.end();
  });

  it("look ahead in the direction of movement, and less behind", async () => {
    const frames = createFrames(1e6, changed);
    frames.open(source(100), false);
    frames.seek(50);
    await settled();
    frames.seek(46);
    await settled();
    expect(live()).toEqual([22, 26, 30, 34, 38, 42, 46, 47, 48, 50]);
    frames.end();
  });

  it("decode landmarks only when nothing has moved for a while", async () => {
    vi.useFakeTimers();
    const frames = createFrames(1e6, changed);
    frames.open(source(200), false);
    frames.seek(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(Math.max(...live())).toBeLessThan(20);
    await vi.advanceTimersByTimeAsync(100);
    expect(live()).toContain(199);
    expect(frames.count).toBeGreaterThan(45);
    frames.end();
  });

  it("show the nearest decoded frame while the wanted one is not there, then that", async () => {
    const frames = createFrames(1e6, changed);
    frames.open(source(200), false);
    frames.seek(0);
    await settled();
    decoder.held = true;
    frames.seek(150);
    await settled();
    expect(frames.look(150)).toMatchObject({ exact: false, look: { phase: Math.max(...live()) } });
    changed.mockClear();
    decoder.release(150);
    await settled();
    expect(changed).toHaveBeenCalledTimes(1);
    expect(frames.look(150)).toMatchObject({ exact: true, look: { phase: 150 } });
    frames.end();
  });

  it("keep within their memory, and close what they drop, those used last longest", async () => {
    const limit = 24 * 10;
    const frames = createFrames(limit, changed);
    frames.open(source(100), false);
    for (let phase = 0; phase < 100; phase++) {
      frames.seek(phase);
      frames.look(0);
      await settled();
      expect(frames.bytes).toBeLessThanOrEqual(limit);
      expect(24 * decoder.open().length).toBe(frames.bytes);
      expect(frames.look(phase).exact).toBe(true);
    }
    // Looked at each time: never the longest unused.
    expect(live()).toContain(0);
    expect(live()).not.toContain(50);
    frames.end();
    expect(live()).toEqual([]);
  });

  it("keep one frame even where it alone is too large", async () => {
    const frames = createFrames(1, changed);
    frames.open(source(5), false);
    for (const phase of [1, 3]) {
      frames.seek(phase);
      await settled();
      expect(frames.look(phase).exact).toBe(true);
      expect(live()).toEqual([phase]);
    }
    frames.end();
  });

  it("drop what is decoded for a path that is gone", async () => {
    const frames = createFrames(1e6, changed);
    decoder.held = true;
    frames.open(source(3), false);
    frames.seek(0);
    await settled();
    frames.open(source(3, { frames: openPack(numbered(3, 30))! }), false);
    frames.seek(0);
    await settled();
    decoder.held = false;
    decoder.release();
    await settled();
    expect(live()).toEqual([30, 31, 32]);
    decoder.held = true;
    frames.open(source(3, { frames: openPack(numbered(3, 60))! }), false);
    expect(live()).toEqual([]);
    frames.seek(0);
    await settled();
    frames.end();
    decoder.release();
    await settled();
    expect(live()).toEqual([]);
  });

  it("of a coarse path stand in while it is refined, and are not decoded again", async () => {
    const frames = createFrames(1e6, changed);
    frames.open(source(2, { at: [0, 10] }), false);
    frames.seek(4);
    await settled();
    expect(frames.look(4)).toMatchObject({ exact: true, look: { phase: 0 } });
    decoder.held = true;
    frames.open(source(11), true);
    frames.seek(4);
    await settled();
    expect(frames.look(4)).toMatchObject({ exact: false, look: { phase: 0 } });
    expect(frames.look(10).exact).toBe(true);
    decoder.release(4);
    await settled();
    expect(frames.look(4)).toMatchObject({ exact: true, look: { phase: 4 } });
    frames.end();
  });

  it("are decoded again where a refined path has another scale", async () => {
    const frames = createFrames(1e6, changed);
    frames.open(source(11), false);
    frames.seek(4);
    await settled();
    frames.open(source(11, { scale: 2 }), true);
    expect(frames.look(4)).toMatchObject({ exact: false, look: { phase: 4 } });
    frames.seek(4);
    await settled();
    expect(frames.look(4).exact).toBe(true);
    expect(live().filter((from) => from === 4)).toEqual([4]);
    frames.end();
  });

  it("that are no pictures are said to be none, and are not tried again and again", async () => {
    const frames = createFrames(1e6, changed);
    frames.open(source(3, { frames: openPack(pack([[0], [255], [2]]))! }), false);
    frames.seek(1);
    await settled();
    expect([0, 1, 2].map((phase) => frames.failed(phase))).toEqual([false, true, false]);
    expect(frames.look(1).look).not.toBeNull();
    const tried = decoder.bitmaps.length;
    frames.seek(1);
    await settled();
    expect(decoder.bitmaps.length).toBe(tried);
    frames.end();
  });
});
