/**
 * The one script that runs within a page. It runs the others, which stand there as texts, from an address each: so a
 * browser compiles them beside the page. It refuses one that is not as its sum says.
 */
import { pause } from "./breath";
import { tellFault } from "./fault";
import { textOf } from "./state";

declare global {
  /** Written before this script: the sums of the scripts, by the ids of their texts. */
  var cfwidgetsSums: Readonly<Record<string, string>>;
  /** Scripts as they are run, by the same ids. */
  var cfwidgetsRun: ReadonlyMap<string, Promise<void>>;
}

async function run(id: string, sum: string): Promise<void> {
  const script = document.createElement("script");
  script.src = URL.createObjectURL(new Blob([textOf(id)], { type: "text/javascript" }));
  script.integrity = sum;
  script.async = false; // in their order
  const done = new Promise<void>((done, failed) => {
    script.onload = () => done();
    script.onerror = () => failed(new Error(`${id} is not as it was when the page was made`));
  });
  document.head.append(script);
  await done.finally(() => URL.revokeObjectURL(script.src));
}

let before = Promise.resolve();
globalThis.cfwidgetsRun = new Map(
  Object.entries(globalThis.cfwidgetsSums).map(([id, sum]) => {
    const ran = before.then(() => run(id, sum));
    before = before.then(pause);
    ran.catch((error) => tellFault(error));
    return [id, ran] as const;
  }),
);
