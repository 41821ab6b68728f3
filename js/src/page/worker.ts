/** The worker of a page: opens one network, and evaluates pictures. It is a script of its own, bundled with the runtime. */
import * as ort from "onnxruntime-web/wasm";

export interface Request {
  id: number;
  /** The runtime and the model, gzipped and in base64; the model in planes, its length, and how many planes. */
  open?: { runtime: string; model: string; length: number; width: number };
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

async function unpacked(base64: string): Promise<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Puts bytes back in order of which each first one of `width` came first, then each second one, … */
function inOrder(planes: Uint8Array, length: number, width: number): Uint8Array {
  const bytes = new Uint8Array(planes.length);
  const count = planes.length / width;
  for (let plane = 0; plane < width; plane += 1)
    for (let i = 0; i < count; i += 1) bytes[width * i + plane] = planes[plane * count + i]!;
  return bytes.subarray(0, length);
}

async function open({
  runtime,
  model,
  length,
  width,
}: NonNullable<Request["open"]>): Promise<Float32Array[]> {
  // A page from disk is never isolated as threads would need it.
  Object.assign(ort.env.wasm, { numThreads: 1, proxy: false, wasmBinary: await unpacked(runtime) });
  const bytes = inOrder(new Uint8Array(await unpacked(model)), length, width);
  session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return [];
}

async function evaluate(values: Float32Array, dims: readonly number[]): Promise<Float32Array[]> {
  if (!session) throw new Error("the network is not open");
  const input = new ort.Tensor("float32", values, dims);
  const outputs = await session.run({ [session.inputNames[0]!]: input });
  return session.outputNames.map((name) => outputs[name]!.data as Float32Array);
}

self.onmessage = async ({ data: { id, open: what, values, dims } }: MessageEvent<Request>) => {
  let reply: Reply;
  try {
    reply = { id, outputs: what ? await open(what) : await evaluate(values!, dims!) };
  } catch (error) {
    reply = { id, error: String(error) };
  }
  self.postMessage(reply);
};
