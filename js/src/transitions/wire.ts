import type { AnyModel } from "@anywidget/types";
import type { Candidate, ClassProbability, Ends, RegionsAnswer, Traits } from "./traits";

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const ends = (value: unknown): Ends => {
  const [wrong, correct] = list(value);
  return isNumber(wrong) && isNumber(correct) ? [wrong, correct] : [];
};

/** Reads those traits whose shape nothing guarantees: what is missing or is something else counts as empty. */
export function readTraits(model: AnyModel<Traits>) {
  const get = <K extends keyof Traits>(key: K) => model.get(key) as Traits[K] | null | undefined;
  return {
    labels: () => list(get("labels")).map(String),
    /** Width and height; 0 while they are not known. */
    size(): readonly [width: number, height: number] {
      const [height, width] = list(get("size"));
      return isNumber(width) && isNumber(height) && width > 0 && height > 0 ? [width, height] : [0, 0];
    },
    whole: () =>
      list(get("whole")).filter(
        (pair): pair is ClassProbability => Array.isArray(pair) && isNumber(pair[0]) && isNumber(pair[1]),
      ),
    gallery: () =>
      list(get("gallery")).filter(
        (entry): entry is Candidate => !!entry && isNumber((entry as Partial<Candidate>).id),
      ),
    /** The ends that are to be shown. */
    ends: () => ends(get("following") ? get("best") : get("picked")),
    best: () => ends(get("best")),
    answer: (): Partial<RegionsAnswer> => get("answer") ?? {},
    trust() {
      const rows = list(get("trust")) as Traits["trust"];
      // The same list where all is well: a table that is drawn anew loses its selection.
      return rows.every(Boolean) ? rows : rows.filter(Boolean);
    },
    text: (key: "activity" | "counts" | "notes" | "error") => String(get(key) ?? ""),
    class: (key: "predicted" | "wrong" | "correct") => get(key) ?? -1,
  };
}
