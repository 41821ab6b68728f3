/** The worker of a page: opens one network, and evaluates pictures. It is a script of its own, bundled with the runtime. */
import * as ort from "onnxruntime-web/wasm";
import { readDense } from "./dense";

export interface Request {
  id: number;
  /** A piece of the runtime or of the model, which are compressed; see dense.ts. */
  piece?: { of: "runtime" | "model"; text: string; count: number };
  /** All pieces have come: the length of the model, and in how many planes it is. */
  open?: { length: number; width: number };
  values?: Float32Array;
  dims?: readonly number[];
}

export interface Reply {
  id: number;
  /** The outputs of the network, in its order. */
  outputs?: Float32Array[];
  error?: string;
}

let session: ort.InferenceSession | undefined;

/** Unpacks pieces while more of them come. */
function createUnpacking() {
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const all = new Response(stream.readable).arrayBuffer();
  // What is wrong with it is said when all is asked for.
  all.catch(() => {});
  return {
    add: (bytes: Uint8Array<ArrayBuffer>) => void writer.write(bytes).catch(() => {}),
    async end() {
      await writer.close();
      return all;
    },
  };
}

const given = { runtime: createUnpacking(), model: createUnpacking() };

/** Puts bytes back in order of which each first one of `width` came first, then each second one, … */
function inOrder(planes: Uint8Array, length: number, width: number): Uint8Array {
  const bytes = new Uint8Array(planes.length);
  const count = planes.length / width;
  for (let plane = 0; plane < width; plane += 1)
    for (let i = 0; i < count; i += 1) bytes[width * i + plane] = planes[plane * count + i]!;
  return bytes.subarray(0, length);
}

async function open({ length, width }: NonNullable<Request["open"]>): Promise<Float32Array[]> {
  // A page from disk is never isolated as threads would need it.
  Object.assign(ort.env.wasm, { numThreads: 1, proxy: false, wasmBinary: await given.runtime.end() });
  const bytes = inOrder(new Uint8Array(await given.model.end()), length, width);
  session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return [];
}

async function evaluate(values: Float32Array, dims: readonly number[]): Promise<Float32Array[]> {
  if (!session) throw new Error("the network is not open");
  const input = new ort.Tensor("float32", values, dims);
  const outputs = await session.run({ [session.inputNames[0]!]: input });
  return session.outputNames.map((name) => outputs[name]!.data as Float32Array);
}

self.onmessage = async ({ data: { id, piece, open: what, values, dims } }: MessageEvent<Request>) => {
  if (piece) return given[piece.of].add(readDense(piece.text, piece.count));
  let reply: Reply;
  try {
    reply = { id, outputs: what ? await open(what) : await evaluate(values!, dims!) };
  } catch (error) {
    reply = { id, error: String(error) };
  }
  self.postMessage(reply);
};
