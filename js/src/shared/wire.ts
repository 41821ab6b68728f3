/**
 * What comes over the wire from the kernel, whose shape nothing guarantees. A view names its traits once, in a table of
 * readers: what is missing or is something else counts as empty. The types of the traits derive from the table.
 */
import type { AnyModel } from "@anywidget/types";
import type { Wire } from "./bytes";

/** Makes of any value one of the type that it names. */
export type Reader<T> = (value: unknown) => T;
// biome-ignore lint/suspicious/noExplicitAny: a table holds readers of all types, and each keeps its own
export type Table = Readonly<Record<string, Reader<any>>>;
export type TraitsOf<T extends Table> = { [K in keyof T]: ReturnType<T[K]> };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Whatever it is. */
export const anything = (): Reader<unknown> => (value) => value;
export const text =
  (otherwise = ""): Reader<string> =>
  (value) =>
    typeof value === "string" ? value : otherwise;
export const bool =
  (otherwise = false): Reader<boolean> =>
  (value) =>
    typeof value === "boolean" ? value : otherwise;
/** Null for anything else. */
export const yesOrNo = (): Reader<boolean | null> => (value) => (typeof value === "boolean" ? value : null);
export function number(): Reader<number>;
export function number<T>(otherwise: T): Reader<number | T>;
export function number(otherwise: unknown = 0): Reader<unknown> {
  return (value) => (isNumber(value) ? value : otherwise);
}
export function integer(): Reader<number>;
export function integer<T>(otherwise: T): Reader<number | T>;
export function integer(otherwise: unknown = 0): Reader<unknown> {
  return (value) => (Number.isInteger(value) ? value : otherwise);
}
export const bytes = (): Reader<Wire> => (value) =>
  value instanceof DataView || value instanceof ArrayBuffer || value instanceof Uint8Array ? value : null;
export const oneOf =
  <const T extends string>(known: readonly T[], otherwise: NoInfer<T>): Reader<T> =>
  (value) =>
    known.find((one) => one === value) ?? otherwise;
export const list =
  <T>(of: Reader<T>): Reader<readonly T[]> =>
  (value) =>
    listOf(value).map(of);
/** So many values, each of its own type. */
export const tuple =
  <const T extends readonly Reader<unknown>[]>(...of: T): Reader<{ [K in keyof T]: ReturnType<T[K]> }> =>
  (value) =>
    of.map((read, i) => read(listOf(value)[i])) as { [K in keyof T]: ReturnType<T[K]> };
/** An object; null where there is none, or where it lacks the field that it is nothing without. */
export const record =
  <T extends Table>(fields: T, needs?: keyof T & string): Reader<TraitsOf<T> | null> =>
  (value) => {
    if (!isObject(value) || (needs !== undefined && value[needs] == null)) return null;
    return Object.fromEntries(
      Object.entries(fields).map(([name, read]) => [name, read(value[name])]),
    ) as TraitsOf<T>;
  };
/** Objects; what is none is left out. */
export const records = <T extends Table>(
  fields: T,
  needs?: keyof T & string,
): Reader<readonly TraitsOf<T>[]> => {
  const read = record(fields, needs);
  return (value) =>
    listOf(value)
      .map(read)
      .filter((entry) => entry !== null);
};
/** Values by names that only the kernel knows. */
export const dictionary =
  <T>(of: Reader<T>): Reader<Readonly<Record<string, T>>> =>
  (value) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, of(entry)]))
      : {};

/**
 * The traits of a model as they are now. What a trait gives stays the same object until the trait changes, so that `===`
 * tells whether something is new.
 */
export function readTraits<T extends Table>(model: AnyModel<TraitsOf<T>>, table: T): Readonly<TraitsOf<T>> {
  const traits = {};
  for (const [name, read] of Object.entries(table)) {
    let raw: unknown;
    let value = read(raw);
    Object.defineProperty(traits, name, {
      enumerable: true,
      get() {
        const now: unknown = model.get(name);
        if (now !== raw) {
          raw = now;
          value = read(now);
        }
        return value;
      },
    });
  }
  return traits as TraitsOf<T>;
}
