/**
 * A file beside the page with what evaluates its networks, which pages of one folder share. cfwidgets/export/beside.py
 * writes it.
 */
import { pause } from "./breath";

/** Where it is, and the sum of its text. */
export interface Beside {
  readonly name: string;
  readonly sum: string;
}

/** A piece of the runtime: how many bytes it has, and its text; see dense.ts. */
type Piece = readonly [count: number, text: string];

declare global {
  /** Set by the file. */
  var cfwidgetsBeside: { readonly pieces: readonly Piece[] } | undefined;
}

/** The pieces in the file, if it is there and as it was when the page was made. */
export async function readBeside({ name, sum }: Beside): Promise<readonly Piece[]> {
  // From disk Chromium runs no file whose sum is asked for, so that it is compared here, before anything is used.
  const compares = location.protocol !== "file:";
  const ran = await run(name, compares ? sum : "");
  const content = globalThis.cfwidgetsBeside;
  globalThis.cfwidgetsBeside = undefined;
  if (!ran || !content || !(compares || (await sumOf(content)) === sum))
    throw new Error(`the file ${name} must lie in the same folder as this page, as it was written there`);
  return content.pieces;
}

/** Runs a script, beside all else; false where there is none, or it is not as the sum says. */
function run(name: string, integrity: string): Promise<boolean> {
  const script = document.createElement("script");
  Object.assign(script, { src: name, integrity });
  return new Promise((done) => {
    script.onload = () => done(true);
    script.onerror = () => done(false);
    document.head.append(script);
  });
}

/** The sum of the text that sets this content. */
async function sumOf(content: object): Promise<string> {
  await pause();
  const text = `cfwidgetsBeside=${JSON.stringify(content)}`;
  await pause();
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(sum)))}`;
}
