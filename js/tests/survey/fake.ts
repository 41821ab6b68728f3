import { deflateSync } from "node:zlib";
import type { Traits } from "../../src/survey/traits";
import { DONE, EMPTY, pack, wire } from "../fake";

const NONE = 65535;

export interface Row {
  truth: number;
  prediction: number;
  /** In nats; left out where the true class is not known. */
  loss?: number;
  entropy?: number;
  margin?: number;
  confidence?: number;
  second?: number;
}

function deflated(bytes: Uint8Array): Uint8Array {
  const data = deflateSync(bytes);
  const found = new Uint8Array(4 + data.length);
  new DataView(found.buffer).setUint32(0, bytes.length, true);
  found.set(data, 4);
  return found;
}

/** A table as the kernel writes it. */
export function tableOf(rows: readonly Row[]): DataView {
  const hasSecond = rows.some(({ second }) => second !== undefined);
  const classes = [rows.map((row) => row.truth), rows.map((row) => row.prediction)];
  if (hasSecond) classes.push(rows.map((row) => row.second ?? -1));
  const steps = (value: number | undefined, of: number) =>
    value === undefined ? NONE : Math.round(value * of);
  const numbers = [
    rows.map(({ loss }) => steps(loss, 2048)),
    rows.map(({ entropy = 0.5 }) => steps(entropy, 2048)),
    rows.map(({ margin = 0.5 }) => steps(margin, 65534)),
    rows.map(({ confidence = 0.75 }) => steps(confidence, 65534)),
  ];
  if (hasSecond) numbers.push(rows.map(() => steps(0.5, 65534)));
  const parts = [
    ...classes.map((column) => new Uint8Array(Int32Array.from(column).buffer)),
    ...numbers.map((column) => new Uint8Array(Uint16Array.from(column).buffer)),
  ];
  return wire(deflated(Uint8Array.from(parts.flatMap((part) => [...part]))));
}

export const pathsOf = (names: readonly string[]) =>
  wire(deflated(new TextEncoder().encode(names.join("\n"))));

/** The blobs of a sheet, whose picture is one byte that says which it is. */
export function sheetOf(numbers: readonly number[], picture: number, size = 28): number[][] {
  return [
    [...new Uint8Array(Uint32Array.from(numbers).buffer)],
    numbers.flatMap(() => [size, size]),
    [picture],
  ];
}

/** Six pictures of three classes: the errors are 1, 4 and 5; what one of them is nobody knows. */
export const ROWS: readonly Row[] = [
  { truth: 0, prediction: 0, loss: 0.1, margin: 0.9 },
  { truth: 0, prediction: 1, loss: 2, margin: 0.4 },
  { truth: 1, prediction: 1, loss: 0.3, margin: 0.1 },
  { truth: -1, prediction: 2, entropy: 0.2, margin: 0.8 },
  { truth: 2, prediction: 1, loss: 5, margin: 0.15 },
  { truth: 0, prediction: 1, loss: 1, margin: 0.3 },
];

export function surveyState(changes: Partial<Traits> = {}): Traits {
  return {
    ...{ model: "digits", second: "", labels: ["4", "9", "<b>7</b>"], labelled: true },
    sentence: "digits predicts the true class of 2 of 5 pictures.",
    pictures: 6,
    table: tableOf(ROWS),
    paths: EMPTY,
    ...{ side: 32, exact: true },
    kept: pack([...sheetOf([4, 1, 5], 7), ...sheetOf([2, 3, 0], 8)]),
    ...{ skipped: [], skipped_count: 0, chosen: -1 },
    filters: null,
    ...{ ...DONE, counts: "6 pictures" },
    trust: [{ name: "accuracy", value: ".40", note: "the commonest class .60", help: "share", ok: false }],
    ...changes,
  };
}
