// Bundles every view, a folder src/NAME with an index.ts: it becomes cfwidgets/widgets/static/NAME.js, and its style.css
// NAME.css.
// The digest of the sources stands in each bundle's first line: hatch_build.py and the tests see by it whether
// a bundle is up to date (file times say nothing after a clone).
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as esbuild from "esbuild";

const OUT = "../cfwidgets/widgets/static";
const CONFIGURATION = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"];

/** sha256 over all that the bundles are made from, in name order: the same recipe as hatch_build.py. */
function digest() {
  const sources = readdirSync("src", { recursive: true })
    .filter((name) => /\.(ts|css)$/.test(name))
    .map((name) => `src/${name.replaceAll("\\", "/")}`);
  const hash = createHash("sha256");
  for (const name of [...sources, ...CONFIGURATION].sort())
    hash.update(`${name}\0`).update(readFileSync(name)).update("\0");
  return hash.digest("hex");
}

const views = readdirSync("src").filter((name) => existsSync(`src/${name}/index.ts`));
const watch = process.argv.includes("--watch");
// A bundle made while watching is not minified and soon out of date: without a digest, the next build replaces it.
const banner = watch ? "/* built by npm run watch */" : `/* sources sha256 ${digest()} */`;
const options = {
  entryPoints: views.flatMap((name) => [
    { in: `src/${name}/index.ts`, out: name },
    { in: `src/${name}/style.css`, out: name },
  ]),
  outdir: OUT,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !watch,
  legalComments: "none",
  banner: { js: banner, css: banner },
  logLevel: "info",
};

if (watch) await (await esbuild.context(options)).watch();
else await esbuild.build(options);
