// @vitest-environment node
import { describe, expect, it } from "vitest";
import { readDrawing } from "../../src/facex/drawing";
import { placeBeside, placesOf } from "../../src/facex/places";
import { SQUARES, shippedFace } from "./fake";

type Way = readonly [dx: number, dy: number];
const ARROWS: Record<"left" | "right" | "up" | "down", Way> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

function walk(value: unknown) {
  const drawing = readDrawing(value).drawing!;
  const places = placesOf(drawing);
  const at = (name: string) => places.filter(({ shape }) => drawing.shapes[shape]!.name === name);
  const to = (name: string, way: keyof typeof ARROWS) => {
    const found = placeBeside(places, at(name)[0]!, ...ARROWS[way]);
    return found && drawing.shapes[found.shape]!.name;
  };
  return { drawing, places, at, to };
}

describe("a drawing", () => {
  it("has its panels, each with what it takes up", () => {
    const { drawing, wrong } = readDrawing(SQUARES);
    expect(wrong).toBe("");
    expect(drawing!.panels).toEqual([
      { panel: 0, box: [0, 0, 100, 100] },
      { panel: 1, box: [120, 20, 30, 20] },
    ]);
  });

  it("says what of it cannot be read, and draws the rest", () => {
    const { drawing, wrong } = readDrawing({
      regions: [
        ...SQUARES.regions,
        { name: "nose", paths: ["zork"] },
        { name: "neck" },
        null,
        { paths: ["M0 0H1V1Z"] },
        { name: "cloth", paths: ["M0 0H1V1Z", 5], panel: "x" },
      ],
    });
    expect(drawing!.shapes.map(({ name }) => name)).toEqual([
      ...SQUARES.regions.map(({ name }) => name),
      "cloth",
    ]);
    expect(wrong).toBe("the drawing of nose, neck, cloth cannot be read");
  });

  it.each([null, undefined, {}, 5, { regions: "x" }, { regions: [] }])(
    "is none without regions: %j",
    (value) => {
      expect(readDrawing(value)).toEqual({ drawing: null, wrong: "" });
    },
  );

  it("is none where nothing can be read", () => {
    expect(readDrawing({ regions: [{ name: "nose", paths: ["x"] }] })).toEqual({
      drawing: null,
      wrong: "the drawing of nose cannot be read",
    });
    expect(readDrawing({ regions: [5] })).toEqual({ drawing: null, wrong: "the drawing cannot be read" });
  });
});

describe("places", () => {
  it("are the middles of pieces; of what is covered, the widest free place", () => {
    const { at } = walk(SQUARES);
    const [eye] = at("r_eye");
    expect(eye!.x).toBeCloseTo(30, -0.5);
    expect(eye!.y).toBeCloseTo(30, -0.5);
    // Two pieces of about the same size, and the small one below them that touches neither.
    expect(at("u_lip")).toHaveLength(2);
    const [ground] = at("background");
    expect(Math.min(ground!.x, 100 - ground!.x, ground!.y, 100 - ground!.y)).toBeGreaterThan(5);
    for (const name of ["r_eye", "l_eye", "u_lip"])
      for (const { x, y } of at(name)) expect(Math.hypot(x - ground!.x, y - ground!.y)).toBeGreaterThan(8);
  });

  it("are left by the arrow keys for the one in that direction", () => {
    const { to } = walk(SQUARES);
    expect(to("r_eye", "right")).toBe("l_eye");
    expect(to("l_eye", "left")).toBe("r_eye");
    expect(to("l_eye", "right")).toBe("hat");
    expect(to("hat", "right")).toBeNull();
  });

  it("in a direction are near before they are straight ahead, but not far to a side", () => {
    const from = { shape: 0, x: 0, y: 0 };
    const beside = (...others: [x: number, y: number][]) => {
      const places = others.map(([x, y], i) => ({ shape: i + 1, x, y }));
      return placeBeside([from, ...places], from, 1, 0)?.shape ?? 0;
    };
    expect(beside([100, 0], [20, 15])).toBe(2);
    expect(beside([40, 0], [20, 15])).toBe(1);
    expect([beside([10, 30]), beside([0, 10]), beside([-10, 0])]).toEqual([0, 0, 0]);
    // Other pieces of the same region are no neighbours.
    expect(placeBeside([from, { shape: 0, x: 10, y: 0 }], from, 1, 0)).toBeNull();
  });

  it("of the shipped face lead from each of the 19 regions to each other one", () => {
    const { drawing, places } = walk(shippedFace());
    expect(new Set(drawing.shapes.map(({ name }) => name)).size).toBe(19);
    expect(new Set(places.map(({ shape }) => shape)).size).toBe(19);
    for (const start of places) {
      const reached = new Set([start]);
      for (const place of reached)
        for (const way of Object.values(ARROWS)) {
          const next = placeBeside(places, place, ...way);
          if (next) reached.add(next);
        }
      expect(new Set([...reached].map(({ shape }) => shape)).size, drawing.shapes[start.shape]!.name).toBe(
        19,
      );
    }
  });

  it("of the shipped face lie where one looks for them", () => {
    const { at, to } = walk(shippedFace());
    for (const part of ["eye", "brow", "ear"]) {
      const [left, right] = [at(`l_${part}`)[0]!, at(`r_${part}`)[0]!];
      // The person's left stands on the picture's right, as far from the middle as the other.
      expect(left.x).toBeGreaterThan(right.x);
      expect(left.x + right.x).toBeCloseTo(440, -1);
      expect(left.y).toBeCloseTo(right.y, 0);
    }
    expect([to("r_eye", "right"), to("l_eye", "right"), to("l_eye", "up")]).toEqual([
      "l_eye",
      "l_ear",
      "l_brow",
    ]);
    expect([to("nose", "down"), to("u_lip", "down"), to("mouth", "down")]).toEqual([
      "u_lip",
      "mouth",
      "l_lip",
    ]);
    expect([to("hat", "down"), to("eye_g", "up")]).toEqual(["eye_g", "hat"]);
  });
});
