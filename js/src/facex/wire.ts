import type { AnyModel } from "@anywidget/types";
import type { Face, Patch, Region, Skipped, Traits } from "./traits";

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && !!value;
const number = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

function regions(value: unknown): Region[] {
  return list(value)
    .filter(isObject)
    .filter(({ name }) => typeof name === "string")
    .map((entry) => ({
      name: String(entry.name),
      label: String(entry.label || entry.name),
      ...{ ior: number(entry.ior), low: number(entry.low), high: number(entry.high) },
      count: number(entry.count) ?? 0,
      rank: number(entry.rank),
      null: number(entry.null),
    }));
}

/** Reads the traits, whose shape nothing guarantees: what is missing or is something else counts as empty. */
export function readTraits(model: AnyModel<Traits>) {
  const get = (key: keyof Traits) => model.get(key) as unknown;
  return {
    regions(): Region[] {
      const group = number(get("group")) ?? 0;
      const grouped = list(get("grouped"))[group];
      return regions(Array.isArray(grouped) ? grouped : get("regions"));
    },
    other: () => regions(get("other")),
    /** Of all groups. */
    grouped: () => list(get("grouped")).flatMap(regions),
    models: () => list(get("models")).map(String),
    patches(key: "patches" | "other_patches", region: string): Patch[] {
      const all = get(key);
      return (isObject(all) ? list(all[region]) : [])
        .filter(isObject)
        .map((entry) => ({
          tile: number(entry.tile) ?? -1,
          image: number(entry.image) ?? -1,
          name: String(entry.name ?? ""),
          value: number(entry.value) ?? Number.NaN,
        }))
        .slice(0, 20);
    },
    groups: () => list(get("groups")).map(String),
    group: () => number(get("group")) ?? 0,
    chosen: () => String(get("chosen") ?? ""),
    opened: () => number(get("opened")) ?? -1,
    openedBy: () => number(get("opened_by")) ?? 0,
    /** The place that is marked in a chart; -1 for none. */
    marked(): number {
      const cursor = get("cursor");
      if (cursor instanceof DataView) return cursor.byteLength < 4 ? -1 : cursor.getUint32(0, true);
      return number((cursor as ArrayLike<unknown> | null)?.[0]) ?? -1;
    },
    /** Whether that comes from the chart, or is nothing: the views write plain lists. */
    picked: () => get("cursor") !== undefined && !Array.isArray(get("cursor")),
    skipped(): Skipped | null {
      const value = get("skipped");
      const count = isObject(value) ? number(value.count) : null;
      if (!isObject(value) || !count) return null;
      const faces = list(value.faces).filter((entry): entry is unknown[] => Array.isArray(entry));
      return {
        ...{ count, total: number(value.total) ?? 0 },
        faces: faces.map(([face, why]) => [number(face) ?? -1, String(why ?? "")]),
      };
    },
    /** The opened face that is here, which may be an earlier one; null for none. */
    face(): Face | null {
      const face = get("face");
      if (!isObject(face) || number(face.image) === null) return null;
      const numbers = (value: unknown, count: number) =>
        Array.from({ length: count }, (_, i) => number(list(value)[i]) ?? 0);
      return {
        image: face.image as number,
        model: number(face.model) ?? 0,
        name: String(face.name ?? ""),
        size: numbers(face.size, 2) as Face["size"],
        box: numbers(face.box, 3) as Face["box"],
        region: String(face.region ?? ""),
        answer: list(face.answer)
          .filter((row): row is unknown[] => Array.isArray(row))
          .map(([label, p]) => [String(label), number(p) ?? Number.NaN]),
        picture: face.picture as Face["picture"],
        map: face.map as Face["map"],
        region_mask: face.region_mask as Face["region_mask"],
      };
    },
    trust() {
      const rows = list(get("trust")) as Traits["trust"];
      // The same list where all is well: a table that is drawn anew loses its selection.
      return rows.every(Boolean) ? rows : rows.filter(Boolean);
    },
    progress: () => number(get("progress")) ?? 0,
    state: () => (get("state") ?? "empty") as Traits["state"],
    text: (key: "target" | "pointed" | "activity" | "counts" | "notes" | "error") => String(get(key) ?? ""),
  };
}
