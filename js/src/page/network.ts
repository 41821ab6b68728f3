import type { Page, TravelledNetwork } from "./state";
import { textOf } from "./state";
import type { Reply, Request } from "./worker";

export type Network = ReturnType<typeof createNetwork>;
export type Networks = ReadonlyMap<string, Network>;

/** The networks of the page, each in a worker of its own, which opens it at once and does not keep the page waiting. */
export function openNetworks(page: Page): Networks {
  return new Map(Object.entries(page.networks).map(([name, travelled]) => [name, createNetwork(travelled)]));
}

function createNetwork({ activation, element, length, width }: TravelledNetwork) {
  // A worker that is no module, from one text: others are refused in a file opened from disk.
  const script = new Blob([textOf("page-worker")], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(script));
  const waiting = new Map<number, { done(outputs: Float32Array[]): void; failed(error: Error): void }>();
  let asked = 0;
  const call = (request: Omit<Request, "id">, move: Transferable[] = []) =>
    new Promise<Float32Array[]>((done, failed) => {
      asked += 1;
      waiting.set(asked, { done, failed });
      worker.postMessage({ id: asked, ...request }, move);
    });
  worker.onmessage = ({ data: { id, outputs, error } }: MessageEvent<Reply>) => {
    const question = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) question?.done(outputs!);
    else question?.failed(new Error(error));
  };
  worker.onerror = ({ message }) => {
    for (const { failed } of waiting.values())
      failed(new Error(`the network did not start ${message ?? ""}`));
    waiting.clear();
  };
  // The texts go over as they are: to unpack them here would block the page.
  const runtime = textOf("page-runtime");
  const ready = call({ open: { runtime, model: textOf(element), length, width } });
  ready.then(
    () => {
      document.documentElement.dataset.network = "ready";
    },
    (error: unknown) => {
      document.documentElement.dataset.network = String(error);
    },
  );
  /** All outputs for one input, which is given away. */
  const run = async (values: Float32Array<ArrayBuffer>, dims: readonly number[]) => {
    await ready;
    return call({ values, dims }, [values.buffer]);
  };
  return {
    run,
    read: (raw: Float32Array) => toProbabilities(raw, activation),
    /** The probabilities of the classes for one picture, red, green and blue in planes, values from 0 to 1. */
    async probabilities(pixels: Float32Array<ArrayBuffer>, [height, width]: readonly [number, number]) {
      const [raw] = await run(pixels, [1, 3, height, width]);
      return toProbabilities(raw!, activation);
    },
  };
}

/** As cfwidgets/models/backends/outputs.py does it: a single unit stands for two classes. */
export function toProbabilities(raw: Float32Array, activation: TravelledNetwork["activation"]): number[] {
  const values = [...raw];
  if (activation === "softmax") {
    const most = Math.max(...values);
    const exponents = values.map((value) => Math.exp(value - most));
    const sum = exponents.reduce((total, value) => total + value, 0);
    return exponents.map((value) => value / sum);
  }
  const each = activation === "sigmoid" ? values.map((value) => 1 / (1 + Math.exp(-value))) : values;
  return each.length === 1 ? [1 - each[0]!, each[0]!] : each;
}
