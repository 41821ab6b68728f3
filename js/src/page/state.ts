/** What Python has put into the page. */
import type { IManagerState } from "@jupyter-widgets/base-manager";
import type { Beside } from "./beside";

/** A question that a view asks, and what its answer is computed from besides the traits. */
export interface Travelled {
  /** Which view it is, and so who answers: a name in `answers/`. */
  readonly kind: string;
  /** The traits whose change is a question. */
  readonly answers: readonly string[];
  /** The network that is asked: a name in `networks`. */
  readonly network: string;
  /** Numbers by name, deflated and in base64. */
  readonly arrays: Readonly<Record<string, Packed>>;
  // biome-ignore lint/suspicious/noExplicitAny: each kind knows its own
  readonly values: Readonly<Record<string, any>>;
}

export interface Packed {
  readonly type: "uint8" | "float32";
  readonly shape: readonly number[];
  readonly data: string;
}

export interface TravelledNetwork {
  readonly activation: "softmax" | "sigmoid" | "none";
  /** The element that holds the ONNX model: in planes, gzipped, in base64; see worker.ts. */
  readonly element: string;
  readonly length: number;
  readonly width: number;
}

export interface Page {
  readonly state: IManagerState;
  /** The bytes in the state of each model, which are put there when it is made. */
  readonly buffers: Readonly<Record<string, readonly { path: string[]; data: string }[]>>;
  readonly travelled: Readonly<Record<string, Travelled>>;
  readonly networks: Readonly<Record<string, TravelledNetwork>>;
  /** The file with what evaluates the networks; null where that is in the page. */
  readonly beside: Beside | null;
}

/** A text in the page. */
export function textOf(id: string): string {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page lacks ${id}`);
  return element.textContent;
}

interface Model {
  // biome-ignore lint/suspicious/noExplicitAny: each model knows its own
  state: Record<string, any>;
  buffers?: Page["buffers"][string];
}

/** Reads the state; a text that many widgets share stands in the page once. */
export function readPage(): Page {
  const page = { ...JSON.parse(textOf("page-state")), buffers: {} };
  for (const [id, model] of Object.entries<Model>(page.state.state)) {
    for (const name of ["_esm", "_css"])
      if (typeof model.state[name] === "number") model.state[name] = page.texts[model.state[name]];
    page.buffers[id] = model.buffers;
    delete model.buffers;
  }
  return page;
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Unpacks numbers: pictures of bytes become values from 0 to 1. */
export async function unpack({ type, data }: Packed): Promise<Float32Array<ArrayBuffer>> {
  const stream = new Blob([bytesOf(data)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  return type === "float32"
    ? new Float32Array(buffer)
    : Float32Array.from(new Uint8Array(buffer), (level) => level / 255);
}

/** Unpacks numbers by their names, when they are first asked for. */
export function unpackAll(
  arrays: Readonly<Record<string, Packed>>,
): () => Promise<ReadonlyMap<string, Float32Array<ArrayBuffer>>> {
  let all: Promise<ReadonlyMap<string, Float32Array<ArrayBuffer>>> | undefined;
  return () => {
    all ??= Promise.all(
      Object.entries(arrays).map(async ([name, packed]) => [name, await unpack(packed)] as const),
    ).then((entries) => new Map(entries));
    return all;
  };
}
