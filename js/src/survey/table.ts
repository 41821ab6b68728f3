import { inflate, toBytes, type Wire } from "../shared/bytes";
import { CHANGES, type Change } from "./traits";

/** Stands for a number that is not known. */
export const NONE = 65535;
/** Steps of a nat, and of a probability. */
const NATS = 2048;
const SHARES = 65534;
/** Two classes that are less than this apart are nearly as likely. */
const UNSURE = 0.2 * SHARES;

/** The rows of a survey, as `table` of cfwidgets/widgets/survey/table.py writes them. */
export class Table {
  readonly truth: Int32Array;
  readonly prediction: Int32Array;
  readonly second: Int32Array | null;
  readonly #loss: Uint16Array;
  readonly #entropy: Uint16Array;
  readonly #margin: Uint16Array;
  readonly #confidence: Uint16Array;
  readonly #secondConfidence: Uint16Array | null;

  constructor(
    readonly count: number,
    hasSecond: boolean,
    data: ArrayBuffer,
  ) {
    let at = 0;
    const next = (bytes: number) => {
      at += bytes * count;
      return at - bytes * count;
    };
    const classes = () => new Int32Array(data, next(4), count);
    const numbers = () => new Uint16Array(data, next(2), count);
    this.truth = classes();
    this.prediction = classes();
    this.second = hasSecond ? classes() : null;
    this.#loss = numbers();
    this.#entropy = numbers();
    this.#margin = numbers();
    this.#confidence = numbers();
    this.#secondConfidence = hasSecond ? numbers() : null;
  }

  static bytes(count: number, hasSecond: boolean): number {
    return count * (hasSecond ? 22 : 16);
  }

  isAnswered(i: number): boolean {
    return this.prediction[i]! >= 0;
  }

  /** Whether the true class is known and not predicted. */
  isWrong(i: number): boolean {
    return this.truth[i]! >= 0 && this.prediction[i]! >= 0 && this.truth[i] !== this.prediction[i];
  }

  isUnsure(i: number): boolean {
    return this.#margin[i]! < UNSURE;
  }

  /** The way in which the second model differs; empty where it does not. */
  change(i: number): Change | "" {
    const [truth, first, second] = [this.truth[i]!, this.prediction[i]!, this.second?.[i] ?? -1];
    if (second < 0 || first < 0 || first === second) return "";
    if (truth < 0) return CHANGES[3];
    return second === truth ? CHANGES[0] : first === truth ? CHANGES[1] : CHANGES[2];
  }

  /** The sort keys: the largest come first. */
  surprise = (i: number) => (this.#loss[i] === NONE ? this.#entropy[i]! : this.#loss[i]!);
  entropyKey = (i: number) => this.#entropy[i]!;
  marginKey = (i: number) => NONE - this.#margin[i]!;

  loss = (i: number) => (this.#loss[i] === NONE ? null : this.#loss[i]! / NATS);
  entropy = (i: number) => this.#entropy[i]! / NATS;
  margin = (i: number) => this.#margin[i]! / SHARES;
  confidence = (i: number) => this.#confidence[i]! / SHARES;
  secondConfidence = (i: number) => (this.#secondConfidence?.[i] ?? 0) / SHARES;
}

/** Inflates what `deflated` of cfwidgets/widgets/survey/table.py wrote; null where there is nothing. */
export async function inflated(wire: Wire): Promise<Uint8Array | null> {
  const bytes = toBytes(wire);
  if (!bytes || bytes.length < 4) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return inflate(bytes.subarray(4), length);
}
