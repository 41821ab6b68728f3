// Prints, as JSON, the names of the traits that each view declares in its traits.ts.
import { existsSync, readdirSync } from "node:fs";
import * as esbuild from "esbuild";

const names = {};
for (const view of readdirSync("src").filter((name) => existsSync(`src/${name}/index.ts`))) {
  const { outputFiles } = await esbuild.build({
    ...{ entryPoints: [`src/${view}/traits.ts`], bundle: true, format: "esm", write: false },
  });
  const module = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
  );
  names[view] = Object.keys(module.traits);
}
process.stdout.write(JSON.stringify(names));
