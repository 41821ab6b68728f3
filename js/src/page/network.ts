import { type Beside, readBeside } from "./beside";
import { createBreath } from "./breath";
import { inWords, tellFault } from "./fault";
import type { Page, TravelledNetwork } from "./state";
import { textOf } from "./state";
import type { Reply, Request } from "./worker";

export type Network = ReturnType<typeof createNetwork>;
export type Networks = ReadonlyMap<string, Network>;

/** What the pieces of the runtime are of. */
const RUNTIME = "page-runtime";

/** The networks of the page, each in a worker of its own, which does not keep the page waiting. */
export function openNetworks(page: Page): Networks {
  const networks = Object.entries(page.networks).map(
    ([name, travelled]) => [name, createNetwork(travelled)] as const,
  );
  const all = networks.map(([, network]) => network);
  if (all.length > 0) void openAll(all, page.beside);
  return new Map(networks);
}

async function openAll(networks: readonly Network[], beside: Beside | null): Promise<void> {
  let state = "ready";
  try {
    await read(networks, beside);
    await Promise.all(networks.map((network) => network.ready));
  } catch (error) {
    state = inWords(error);
    for (const network of networks) network.fail(error);
    tellFault(error, "This page does not answer");
  }
  document.documentElement.dataset.network = state;
}

/** Hands the texts of the page on as they are, a piece after the other: to unpack them here would block the page. */
async function read(networks: readonly Network[], beside: Beside | null): Promise<void> {
  const runtime = beside ? readBeside(beside) : Promise.resolve([]);
  runtime.catch(() => {}); // it is told when it is its turn
  if (document.readyState === "loading")
    await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
  for (const network of networks) network.start();
  const breath = createBreath();
  for (const element of document.querySelectorAll<HTMLElement>("script[data-of]")) {
    const { of, bytes } = element.dataset;
    for (const network of networks) network.take(of!, element.textContent, Number(bytes));
    await breath();
  }
  for (const [count, text] of await runtime) {
    for (const network of networks) network.take(RUNTIME, text, count);
    await breath();
  }
  for (const network of networks) network.open();
}

function createNetwork({ activation, element, length, width }: TravelledNetwork) {
  let worker: Worker | undefined;
  const waiting = new Map<number, { done(outputs: Float32Array[]): void; failed(error: Error): void }>();
  let asked = 0;
  const send = (request: Request, move: Transferable[] = []) => worker!.postMessage(request, move);
  const call = (request: Omit<Request, "id">, move?: Transferable[]) =>
    new Promise<Float32Array[]>((done, failed) => {
      asked += 1;
      waiting.set(asked, { done, failed });
      send({ id: asked, ...request }, move);
    });
  let [open, fail]: [(answer: unknown) => void, (error: unknown) => void] = [() => {}, () => {}];
  const ready = new Promise<unknown>((done, failed) => {
    [open, fail] = [done, failed];
  });
  ready.catch(() => {}); // whoever asks is told
  /** All outputs for one input, which is given away. */
  const run = async (values: Float32Array<ArrayBuffer>, dims: readonly number[]) => {
    await ready;
    return call({ values, dims }, [values.buffer]);
  };
  return {
    start() {
      // A worker that is no module, from one text: others are refused in a file opened from disk.
      const script = new Blob([textOf("page-worker")], { type: "text/javascript" });
      worker = new Worker(URL.createObjectURL(script));
      worker.onmessage = ({ data: { id, outputs, error } }: MessageEvent<Reply>) => {
        const question = waiting.get(id);
        waiting.delete(id);
        if (error === undefined) question?.done(outputs!);
        else question?.failed(new Error(error));
      };
      worker.onerror = ({ message }) => {
        const error = new Error(`the network did not start ${message ?? ""}`);
        for (const { failed } of waiting.values()) failed(error);
        waiting.clear();
        fail(error);
      };
    },
    /** A piece of a text, if it is of this network. */
    take(name: string, text: string, count: number) {
      const of = name === RUNTIME ? "runtime" : name === element ? "model" : null;
      if (of) send({ id: 0, piece: { of, text, count } });
    },
    open: () => open(call({ open: { length, width } })),
    /** Says why no question is answered. */
    fail,
    ready,
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
