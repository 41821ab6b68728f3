import { describe, expect, it } from "vitest";
import { givingWay, rivals } from "../../src/pareto/groups";
import { fitPair } from "../../src/pareto/pair";
import { inRegions, lookAt } from "../../src/pareto/region";
import { traits as table } from "../../src/pareto/traits";
import { nearest, span } from "../../src/pareto/wire";
import * as words from "../../src/pareto/words";
import { readTraits } from "../../src/shared/wire";
import { fakeModel } from "../fake";
import { members, paretoState } from "./fake";

describe("regions", () => {
  it("leave all where nothing is brushed", () => {
    expect(inRegions(members(), [null, null, null])).toBeNull();
  });

  it("hold what is within both spans, ends included", () => {
    // Across is the intensity, up the success.
    expect(
      inRegions(members(), [
        [
          [0.5, 1.6],
          [Math.log(0.4), 0],
        ],
        null,
        null,
      ]),
    ).toEqual([1, 2]);
    expect(
      inRegions(members(), [
        [
          [5, 6],
          [-9, 0],
        ],
        null,
        null,
      ]),
    ).toEqual([]);
  });

  it("of several charts all count", () => {
    const [one, two] = [
      [
        [0.5, 1.6],
        [-9, 0],
      ],
      [
        [0, 0.5],
        [-9, 0],
      ],
    ] as const;
    expect(inRegions(members(), [one, null, null])).toEqual([1, 2, 3]);
    expect(inRegions(members(), [null, two, null])).toEqual([0, 1, 2]);
    expect(inRegions(members(), [one, two, null])).toEqual([1, 2]);
    expect(
      inRegions(members(), [
        null,
        null,
        [
          [0, 1],
          [0.2, 0.2],
        ],
      ]),
    ).toEqual([1]);
  });
});

describe("without a best pick", () => {
  it("the most plausible flip stands out, without a critic the smallest, else the closest", () => {
    const [one, two, three, four] = members();
    expect(lookAt([one!, two!, { ...three!, plausibility: 2 }, four!])).toBe(3);
    const blind = [one!, three!, four!].map((member) => ({ ...member, plausibility: null }));
    expect(lookAt(blind)).toBe(1);
    expect(lookAt([blind[0]!, { ...blind[1]!, intensity: 9 }, blind[2]!])).toBe(2);
    expect(lookAt([one!, two!])).toBe(1);
    expect(lookAt([])).toBe(-1);
    expect(words.title(2, members(), "none", true)).toBe("most plausible flip, 3 of 4");
    expect(words.title(1, blind, "none", true)).toBe("smallest flip, 2 of 3");
    expect(words.title(0, blind, "none", true)).toBe("counterfactual 1 of 3");
    expect(words.title(2, members(), "best", false)).toBe("☆ best pick, 3 of 4");
    expect(words.title(4, members(), "simplest", false)).toBe("★ simplest flip");
  });
});

describe("attributes that exclude each other", () => {
  // Bald, black, blond and brown hair; bald and bangs. The image has brown hair.
  const groups = [
    [0, 1, 2, 3],
    [0, 4],
  ];
  const has = [0, 0, 0, 1, 0, 1];
  const moved = (changes: number[], index: number, reach = 1) =>
    givingWay(changes, index, groups, has, reach);

  it("are known by their places", () => {
    expect([rivals(groups, 0), rivals(groups, 2), rivals(groups, 4), rivals(groups, 5)]).toEqual([
      [1, 2, 3, 4],
      [0, 1, 3],
      [0],
      [],
    ]);
  });

  it("give way to the one that is raised: the image's own to what it leaves, others that were raised wholly", () => {
    expect(moved([0, 0, 0.96, 0, 0, 0], 2)).toEqual([0, 0, 0.96, -0.96, 0, 0]);
    expect(moved([0, 0, 0.3, 0, 0.7, -1], 2)).toEqual([0, 0, 0.3, -0.3, 0.7, -1]);
    expect(moved([0, 0.6, 0.3, -0.6, 0, 0], 2)).toEqual([0, 0, 0.3, -0.6, 0, 0]);
    expect(moved([0.7, 0, 0.8, -0.9, 0.69, 0.2], 0)).toEqual([0.7, 0, 0, -0.9, 0, 0.2]);
    expect(moved([0, 0, 1.5, 0, 0, 0], 2, 2)).toEqual([0, 0, 1.5, -1, 0, 0]);
  });

  it("stay where one is lowered, and where it has no group", () => {
    expect(moved([0, 0, -0.5, 0, 0.4, 0], 2)).toEqual([0, 0, -0.5, 0, 0.4, 0]);
    expect(moved([0, 0.5, 0, -0.5, 0, -1], 5)).toEqual([0, 0.5, 0, -0.5, 0, -1]);
  });

  it("give way to the image's own when that comes back", () => {
    expect(moved([0, 0, 0.9, -0.4, 0, 0], 3)).toEqual([0, 0, 0.4, -0.4, 0, 0]);
    expect(moved([0, 0, 0.9, 0, 0, 0], 3)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("give way no further than the reach", () => {
    expect(moved([0, 0, 0.5, 0, 0, 0], 2, 0.25)).toEqual([0, 0, 0.5, -0.25, 0, 0]);
  });
});

describe("spans", () => {
  it("are read in every form in which charts hand them over", () => {
    const view = new DataView(new ArrayBuffer(16));
    view.setFloat64(0, 2.5, true);
    view.setFloat64(8, -1, true);
    for (const value of [[2.5, -1], Float64Array.of(2.5, -1), view]) expect(span(value)).toEqual([-1, 2.5]);
    for (const value of [null, undefined, [], [1], "ab", [1, Number.NaN], new DataView(new ArrayBuffer(8))])
      expect(span(value)).toBeNull();
  });
});

describe("the two pictures", () => {
  it("stand at a whole-number zoom, at least 180 px, and below each other where it is narrow", () => {
    expect(fitPair(64, 64, 540)).toEqual([256, 256]);
    expect(fitPair(64, 64, 700)).toEqual([320, 320]);
    expect(fitPair(64, 64, 465)).toEqual([192, 192]);
    expect(fitPair(64, 64, 300)).toEqual([256, 256]);
    expect(fitPair(64, 64, 250)).toEqual([192, 192]);
    expect(fitPair(16, 16, 540)).toEqual([256, 256]);
    expect(fitPair(128, 128, 520)).toEqual([254, 254]);
    expect(fitPair(128, 192, 2000)).toEqual([320, 480]);
    expect(fitPair(128, 128, 350)).toEqual([320, 320]);
  });
});

describe("words", () => {
  it("name attributes and amounts", () => {
    expect(words.attribute("Mouth_Slightly_Open")).toBe("mouth slightly open");
    expect([0.8, -0.05, 0.001, -0.001].map(words.signed)).toEqual(["+0.80", "−0.05", "0.00", "0.00"]);
    expect(words.changes(["A_b", "C", "D", "E"], [0.2, -0.9, 0.05, 0.3], 2)).toBe("c −0.90, e +0.30");
  });

  it("know the other class", () => {
    expect(words.otherLabel(["female", "Male"], 1)).toBe("female");
    expect(words.otherLabel(["a", "b", "c"], 1)).toBeNull();
    expect(words.otherLabel(["a", "b"], -1)).toBeNull();
  });

  it("put a class of several words in quotes within a sentence", () => {
    expect(["Male", "not Male"].map(words.quoted)).toEqual(["Male", "“not Male”"]);
    expect(words.answered(0.8, false, "not Male", "not Male")).toBe(
      "changed by hand: probability of “not Male” .80, still predicted not Male",
    );
    expect(words.buys("not Male")).toContain("log-probability of “not Male” that comes back");
  });

  it("tell of a counterfactual", () => {
    expect(words.spoken(2, members()[2]!, 4, "Male", "best", "blond hair +0.75")).toBe(
      "counterfactual 3 of 4: probability of Male .40, predicted female, best pick; blond hair +0.75",
    );
    expect(words.spoken(4, members()[2]!, 4, "Male", "simplest", "blond hair +0.75")).toBe(
      "simplest flip: probability of Male .40, predicted female; blond hair +0.75",
    );
  });

  it("tell what an attribute takes the place of", () => {
    expect(words.excluding("blond hair", ["brown hair", "bald"])).toBe(
      "blond hair: takes the place of brown hair, bald",
    );
    expect(words.excluding("young", [])).toBe("young");
  });
});

describe("the most like", () => {
  it("is the nearest of those that there are", () => {
    const read = (count: number) =>
      readTraits(fakeModel(paretoState({ members: members().slice(0, count) })).view(), table);
    expect(nearest(read(4), [0.75, -0.5, 0])).toBe(2);
    expect(nearest(read(4), [1, -0.7, 0.4])).toBe(3);
    expect(nearest(read(2), [1, -0.7, 0.4])).toBe(1);
    expect(nearest(read(0), [0, 0, 0])).toBe(-1);
  });
});
