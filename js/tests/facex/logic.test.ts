// @vitest-environment node
import { describe, expect, it } from "vitest";
import { outlineOf } from "../../src/facex/closeup";
import { facesIn, ranked, rankedCount, rowsOf } from "../../src/facex/rows";
import { amountOf, colourOf, differenceScaleOf, scaleOf } from "../../src/facex/scale";
import { Scores } from "../../src/facex/scores";
import { type Traits, traits } from "../../src/facex/traits";
import * as words from "../../src/facex/words";
import { readTraits } from "../../src/shared/wire";
import { fakeModel } from "../fake";
import { facexState, measured, otherRegions, region, regions } from "./fake";

describe("rows", () => {
  it("are the regions of one model or of two, each once", () => {
    const rows = rowsOf(regions(), [...otherRegions(), region("neck", "neck", 0.2)]);
    expect(rows.map(({ name }) => name)).toEqual(["background", "l_eye", "r_eye", "u_lip", "hat", "neck"]);
    expect(rows[1]!.by.map((entry) => entry!.ior)).toEqual([0.62, 0.7]);
    expect(rows[1]!.difference).toBeCloseTo(0.08);
    expect([rows[4]!.difference, rows[5]!.difference]).toEqual([null, null]);
    expect(rows[5]!.by[0]).toBeNull();
    expect(rowsOf(regions(), [])[0]!.by).toHaveLength(1);
  });

  it("stand by their score, those without one last", () => {
    const rows = ranked(rowsOf(regions(), []));
    expect(rows.map(({ name }) => name)).toEqual(["u_lip", "l_eye", "r_eye", "background", "hat"]);
    expect(rankedCount(rows, 0)).toBe(4);
    expect(facesIn(rows, 0)).toBe(1000);
  });
});

describe("colours", () => {
  const rows = rowsOf(regions(), otherRegions());
  const grey = [
    [0, 0, 0],
    [200, 200, 200],
  ] as const;

  it("span the scores of all models", () => {
    expect(scaleOf(rows)).toEqual({ low: 0.05, high: 0.81 });
    expect(scaleOf(rowsOf([region("hat", "hat", null)], []))).toBeNull();
    expect(scaleOf([])).toBeNull();
  });

  it("of differences have zero in the middle", () => {
    const scale = differenceScaleOf(rows)!;
    expect(scale.high).toBeCloseTo(0.4);
    expect(amountOf(0, scale)).toBeCloseTo(0.5);
    expect(differenceScaleOf(rowsOf(regions(), []))).toBeNull();
  });

  it("go from the low end to the high one", () => {
    const scale = { low: 0.2, high: 0.6 };
    expect(colourOf(0.2, scale, grey)).toBe("rgb(0 0 0)");
    expect(colourOf(0.4, scale, grey)).toBe("rgb(100 100 100)");
    expect(colourOf(0.6, scale, grey)).toBe("rgb(200 200 200)");
    expect(colourOf(null, scale, grey)).toBeNull();
    expect(colourOf(0.4, scale, [])).toBe("gray");
    // All the same: in the middle, not divided by nothing.
    expect(colourOf(0.4, { low: 0.4, high: 0.4 }, grey)).toBe("rgb(100 100 100)");
  });
});

describe("words", () => {
  it("count places", () => {
    expect([1, 2, 3, 4, 11, 12, 13, 19, 21, 22, 101, 111].map(words.ordinal)).toEqual(
      "1st 2nd 3rd 4th 11th 12th 13th 19th 21st 22nd 101st 111th".split(" "),
    );
  });

  it("sign differences by more than colour", () => {
    expect([0.21, -0.05, 0.001, -0.004].map(words.signed)).toEqual(["+.21", "−.05", "0", "0"]);
  });

  it("say a region", () => {
    const rows = rowsOf(regions(), []);
    const all = () => true;
    expect(words.spoken(rows[1]!, rows, ["m"], all, "effect")).toBe(
      "left eye: .62, 95 % from .58 to .66, rank 2 of 4, on 812 faces",
    );
    expect(words.spoken(rows[4]!, rows, ["m"], all, "effect")).toBe("hat: no face has it");
    const both = rowsOf(regions(), otherRegions());
    expect(words.spoken(both[1]!, both, ["a", "b"], all, "effect")).toBe(
      "left eye: a .62, 95 % from .58 to .66, rank 2 of 4, on 812 faces; b .70, 95 % from .66 to .74, rank 1 of 4, on 812 faces; difference +.08",
    );
  });

  it("say the other quantity, too, and numbers beyond 1", () => {
    const rows = rowsOf(measured(), []);
    const said = words.spoken(rows[1]!, rows, ["m"], () => true, "effect");
    expect(said).toBe("left eye: .62, 95 % from .58 to .66, rank 2 of 4, on 812 faces, effect 1.2, 3rd of 4");
    expect([0.62, 1.234, 9.94, 12.3].map(words.score)).toEqual([".62", "1.2", "9.9", "12"]);
    expect([-12.1, 2.1].map(words.signed)).toEqual(["−12", "+2.1"]);
  });

  it("say what is not evaluated yet", () => {
    const later = otherRegions().map((region) => ({ ...region, ior: null, low: null, high: null, count: 0 }));
    const both = rowsOf(regions(), later);
    expect(words.spoken(both[1]!, both, ["a", "b"], (model) => model === 0, "effect")).toBe(
      "left eye: a .62, 95 % from .58 to .66, rank 2 of 4, on 812 faces; b not evaluated yet",
    );
  });

  it("say patches and faces", () => {
    expect([
      words.patchWords(20, 5),
      words.patchWords(1, 5),
      words.patchWords(0, 5),
      words.patchWords(0, 0),
    ]).toEqual(["top 20 patches", "the top patch", "no patch", ""]);
    const patch = { tile: 0, image: 7, name: "7.jpg", value: 41.256 };
    expect(words.describePatch(patch, 2)).toBe("patch 3: 7.jpg, attention 41.3");
    expect(words.describePatch({ ...patch, name: "", value: Number.NaN }, 0)).toBe("patch 1: face 7");
    expect(words.onFaces(regions()[1]!, 1000, "attention")).toBe("on 812 of 1,000 faces");
    expect(words.onFaces(null, 1000, "attention")).toBe("no face has it");
  });
});

describe("traits whose shape nothing guarantees", () => {
  const read = (changes: object) =>
    readTraits(fakeModel(facexState(changes) as unknown as Traits).model, traits);

  it.each([null, undefined, 5, "x", {}, [null, 5, "x", {}, { name: 7 }]])("are empty: %j", (value) => {
    const now = read({
      ...{ regions: value, other: value, grouped: value, patches: value, other_patches: value },
      ...{ face: value, opened: value, chosen: null, group: value },
    });
    expect([now.regions, now.other, now.patches.u_lip]).toEqual([[], [], undefined]);
    expect([now.chosen, now.group]).toEqual(["", value === 5 ? 5 : 0]);
    expect(now.face).toBeNull();
    expect(now.opened).toBe(value === 5 ? 5 : -1);
    expect(read({ models: value, groups: value }).models).toHaveLength(Array.isArray(value) ? 5 : 0);
  });

  it("lose what is no number", () => {
    const now = read({
      regions: [{ name: "nose", ior: Number.NaN, low: "x", count: null, rank: undefined }],
      patches: { nose: [{ tile: "x", image: 3 }] },
      face: { image: 3, size: [5], box: null, answer: [["a", 0.5], null, ["b", "x"]] },
    });
    expect(now.regions).toEqual([
      {
        ...{
          name: "nose",
          label: "nose",
          ior: null,
          low: null,
          high: null,
          count: 0,
          rank: null,
          null: null,
        },
        ...{
          effect: null,
          effect_low: null,
          effect_high: null,
          effect_count: 0,
          effect_rank: null,
          push: null,
        },
      },
    ]);
    expect(now.patches.nose).toEqual([{ tile: -1, image: 3, name: "", value: Number.NaN }]);
    expect(now.face).toMatchObject({ size: [5, 0], box: [0, 0, 0] });
    expect(now.face!.answer).toEqual([
      ["a", 0.5],
      ["b", Number.NaN],
    ]);
  });

  it("are those of effect where that is chosen, with attention as the other ones", () => {
    const scores = new Scores(read({ regions: measured(), quantity: "effect" }));
    scores.read();
    expect(scores.rows.map(({ name }) => name)).toEqual(["r_eye", "u_lip", "l_eye", "background", "hat"]);
    expect(scores.row("l_eye")!.by[0]).toMatchObject({
      ior: 1.2,
      rank: 3,
      count: 64,
      null: null,
      effect: 0.62,
    });
    expect([scores.choice, scores.end, scores.otherQuantity]).toEqual([true, 12.5, "attention"]);
    expect(read({ quantity: "zork" }).quantity).toBe("attention");
  });

  it("are those of the chosen group", () => {
    const score = (group: number) => {
      const scores = new Scores(read({ grouped: [regions(), otherRegions()], group }));
      scores.read();
      return scores.row("l_eye")!.by[0]!.ior;
    };
    expect([score(1), score(7)]).toEqual([0.7, 0.62]);
  });
});

describe("the outline of a region", () => {
  it("is where its mask ends, in parts of the picture", () => {
    const grey = Uint8Array.from([0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0]);
    const points = outlineOf({ grey, width: 4, height: 4 }).flatMap((line) => [...line]);
    expect(Math.min(...points)).toBeCloseTo(0.25);
    expect(Math.max(...points)).toBeCloseTo(0.75);
  });

  it("closes at the end of the picture, but does not frame the ground", () => {
    const all = outlineOf({ grey: new Uint8Array(4).fill(255), width: 2, height: 2 });
    expect(all.flatMap((line) => [...line]).every((v) => v >= 0 && v <= 1)).toBe(true);
    expect(all.length).toBeGreaterThan(0);
    expect(outlineOf({ grey: new Uint8Array(4), width: 2, height: 2 })).toEqual([]);
  });
});
