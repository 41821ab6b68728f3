import { type Ring, ringsOf } from "./paths";

/** Left, top, width and height. */
export type Box = readonly [x: number, y: number, width: number, height: number];

export interface Shape {
  name: string;
  paths: string[];
  /** The rings of each path. */
  rings: Ring[][];
  panel: number;
}

/** A drawing of regions. */
export interface Drawing {
  shapes: Shape[];
  /** The panels and what each takes up, the figure itself first. */
  panels: { panel: number; box: Box }[];
}

/** Reads a drawing; says in words what of it cannot be read. */
export function readDrawing(value: unknown): { drawing: Drawing | null; wrong: string } {
  const entries = (value as { regions?: unknown } | null)?.regions;
  if (!Array.isArray(entries) || entries.length === 0) return { drawing: null, wrong: "" };
  const unread = new Set<string>();
  const shapes: Shape[] = [];
  for (const entry of entries as Partial<Shape>[]) {
    if (typeof entry?.name !== "string") continue;
    const { name } = entry;
    const shape: Shape = { name, paths: [], rings: [], panel: Number(entry.panel) || 0 };
    for (const path of Array.isArray(entry.paths) ? entry.paths : []) {
      const rings = typeof path === "string" ? ringsOf(path) : null;
      if (rings) {
        shape.paths.push(path);
        shape.rings.push(rings);
      } else unread.add(name);
    }
    if (shape.paths.length > 0) shapes.push(shape);
    else unread.add(name);
  }
  const panels = [...new Set(shapes.map(({ panel }) => panel))]
    .sort((a, b) => a - b)
    .map((panel) => ({ panel, box: boxOf(shapes.filter((shape) => shape.panel === panel)) }));
  const wrong = unread.size > 0 ? `the drawing of ${[...unread].join(", ")} cannot be read` : "";
  if (shapes.length > 0) return { drawing: { shapes, panels }, wrong };
  return { drawing: null, wrong: wrong || "the drawing cannot be read" };
}

function boxOf(shapes: readonly Shape[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of shapes.flatMap(({ rings }) => rings.flat()))
    for (let i = 0; i < ring.length; i += 2) {
      left = Math.min(left, ring[i]!);
      right = Math.max(right, ring[i]!);
      top = Math.min(top, ring[i + 1]!);
      bottom = Math.max(bottom, ring[i + 1]!);
    }
  return right > left && bottom > top ? [left, top, right - left, bottom - top] : [0, 0, 1, 1];
}
