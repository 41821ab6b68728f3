import type { AnyModel } from "@anywidget/types";
import { toBytes } from "../shared/bytes";
import type { Edited, Importance, Member, Traits } from "./traits";

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && !!value;
const number = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;
const numbers = (value: unknown) => list(value).map((entry) => number(entry) ?? 0);

/** Two numbers, in any of the forms in which a chart hands them over; null for none. */
export function readSpan(value: unknown): readonly [low: number, high: number] | null {
  let ends: ArrayLike<unknown> | null = null;
  if (value instanceof DataView) {
    if (value.byteLength >= 16) ends = [value.getFloat64(0, true), value.getFloat64(8, true)];
  } else if (isObject(value) && "length" in value) ends = value as unknown as ArrayLike<unknown>;
  const [one, two] = [number(ends?.[0]), number(ends?.[1])];
  return one === null || two === null ? null : [Math.min(one, two), Math.max(one, two)];
}

/** Reads the traits, whose shape nothing guarantees: what is missing or is something else counts as empty. */
export function readTraits(model: AnyModel<Traits>) {
  const get = (key: keyof Traits) => model.get(key) as unknown;
  const integer = (key: keyof Traits, otherwise = -1) => number(get(key)) ?? otherwise;
  const names = () => list(get("names")).map(String);
  /** The changes of one counterfactual; all zero where it has none. */
  const deltas = (place: number): number[] => {
    const data = toBytes(get("deltas") as Traits["deltas"]);
    const count = names().length;
    const view = data && new DataView(data.buffer, data.byteOffset, data.byteLength);
    return Array.from({ length: count }, (_, i) => {
      const at = 4 * (place * count + i);
      const value = view && place >= 0 && at + 4 <= view.byteLength ? view.getFloat32(at, true) : 0;
      return Number.isFinite(value) ? value : 0;
    });
  };
  return {
    members(): Member[] {
      return list(get("members"))
        .filter(isObject)
        .map((entry) => ({
          p: number(entry.p) ?? Number.NaN,
          flips: entry.flips === true,
          label: String(entry.label ?? ""),
          plausibility: number(entry.plausibility),
          success: number(entry.success),
          intensity: number(entry.intensity),
          second: entry.second == null ? null : String(entry.second),
        }));
    },
    names,
    deltas,
    /** Which of the first `count` counterfactuals is most like these changes; -1 of none. */
    nearest(changes: readonly number[], count: number): number {
      let [found, least] = [-1, Number.POSITIVE_INFINITY];
      for (let place = 0; place < count; place++) {
        const distance = Math.hypot(...deltas(place).map((value, i) => value - (changes[i] ?? 0)));
        if (distance < least) [found, least] = [place, distance];
      }
      return found;
    },
    attributes: () => numbers(get("attributes")),
    frozen: () => list(get("frozen")).map(String),
    reach: () => number(get("reach")) || 1,
    labels: () => list(get("labels")).map(String),
    originalClass: () => integer("original_class"),
    before: () => number(get("before")),
    repaintedP: () => number(get("repainted_p")),
    crossing: () => integer("crossing"),
    chosen: () => integer("chosen"),
    brushed: () => numbers(get("brushed")),
    edit: () => numbers(get("edit")),
    edited(): Edited | null {
      const entry = get("edited");
      if (!isObject(entry) || number(entry.p) === null) return null;
      return {
        deltas: numbers(entry.deltas),
        top: list(entry.top)
          .filter((row): row is unknown[] => Array.isArray(row))
          .map(([label, p]) => [String(label), number(p) ?? Number.NaN]),
        p: entry.p as number,
        flips: entry.flips === true,
        critic: number(entry.critic),
        second: entry.second == null ? null : String(entry.second),
        picture: entry.picture as Edited["picture"],
      };
    },
    size(): readonly [width: number, height: number] {
      const [height, width] = numbers(get("size"));
      return [width ?? 0, height ?? 0];
    },
    /** The point that is marked in the charts; -1 for none. */
    marked(): number {
      const cursor = get("cursor");
      if (cursor instanceof DataView) return cursor.byteLength < 4 ? -1 : cursor.getUint32(0, true);
      return number((cursor as ArrayLike<unknown> | null)?.[0]) ?? -1;
    },
    /** Whether that comes from a chart: the views write plain lists. */
    picked: () => get("cursor") != null && !Array.isArray(get("cursor")),
    /** What the brush of a chart spans. */
    span: (key: keyof Traits) => readSpan(get(key)),
    importance(): Importance[] {
      return list(get("importance"))
        .filter(isObject)
        .map((entry) => ({
          name: String(entry.name ?? ""),
          success: number(entry.success) ?? 0,
          per_unit: number(entry.per_unit) ?? 0,
          change: number(entry.change) ?? 0,
        }));
    },
    trust() {
      const rows = list(get("trust")) as Traits["trust"];
      // The same list where all is well: a table that is drawn anew loses its selection.
      return rows.every(Boolean) ? rows : rows.filter(Boolean);
    },
    progress: () => number(get("progress")) ?? 0,
    state: () => (get("state") ?? "empty") as Traits["state"],
    text: (key: "model" | "repainted_label" | "activity" | "counts" | "notes" | "error") =>
      String(get(key) ?? ""),
  };
}
