// Bundles every view, a folder src/NAME with an index.ts: it becomes cfwidgets/widgets/static/NAME.js, and its style.css
// NAME.css. A host puts the sheets of all views into one page, so each is nested under its view's root, .cfw-NAME; what a
// chart.css has is nested under .cfw-NAME-chart, the class of charts that stand beside the view, and what shared/host.css
// has under .cfw-host, the class of what a host makes around a view: it is the same in all sheets.
// What an exported page needs is made into cfwidgets/export/static: begin.js, which runs the other scripts; jquery.js;
// page.js and page.css, which bring widgets back; notebook.js and notebook.css, which do so in a whole notebook, and know
// all that ipywidgets has;
// worker.js, which evaluates a network in a page; runtime.wasm.gz, with which it does; and the licences of what these
// hold of others. They are read only when a page is exported.
// The digest of the sources stands in each bundle's first line: hatch_build.py and the tests see by it whether
// a bundle is up to date (file times say nothing after a clone).
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { minify } from "@swc/core";
import * as esbuild from "esbuild";
import { licencesOf } from "./licences.mjs";

const OUT = "../cfwidgets/widgets/static";
const PAGE = "../cfwidgets/export/static";
const RUNTIME = "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm";
const CONFIGURATION = ["build.mjs", "licences.mjs", "package-lock.json", "package.json", "tsconfig.json"];
// The first browsers with nesting; subgrid is as young. In the form that they know, where no selector begins with an
// element's name: it is written `:is(p)`. To lower it would make the sheets a sixth longer.
const BROWSERS = ["chrome112", "firefox117", "safari16.5"];

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

/** A sheet, all of whose rules are nested under the class of its name. */
async function nested(file) {
  const { code, warnings } = await esbuild.transform(`.cfw-${basename(file.path, ".css")}{${file.text}}`, {
    ...{ loader: "css", target: BROWSERS, supported: { nesting: true }, minify: !watch, charset: "utf8" },
  });
  if (warnings.length > 0) throw new Error(`${file.path}: ${warnings.map(({ text }) => text).join("; ")}`);
  // What esbuild leaves in the values of custom properties.
  return code.replaceAll(/(?<=--[\w-]+:) |(?<=,) /g, "");
}

/**
 * A script made smaller once more: a fortieth, which leaves room for what several views share. Functions that take
 * something are not inlined: they become longer.
 */
async function smaller(text) {
  const compress = { passes: 3, inline: 1 };
  const { code } = await minify(text, { module: true, ecma: 2020, compress, mangle: true });
  return `${banner}\n${code}\n`;
}

/** Writes what was bundled: the scripts made smaller, the sheets nested, those of host and charts after that of the view. */
async function write({ outputFiles }) {
  mkdirSync(OUT, { recursive: true });
  const sheets = new Map();
  for (const file of outputFiles) {
    if (!file.path.endsWith(".css"))
      writeFileSync(file.path, watch ? file.contents : await smaller(file.text));
    else sheets.set(basename(file.path, ".css"), await nested(file));
  }
  for (const name of views)
    writeFileSync(
      `${OUT}/${name}.css`,
      [`${banner}\n`, ...[name, "host", `${name}-chart`].map((sheet) => sheets.get(sheet) ?? "")].join(""),
    );
}

const views = readdirSync("src").filter((name) => existsSync(`src/${name}/index.ts`));
const watch = process.argv.includes("--watch");
// A bundle made while watching is not minified and soon out of date: without a digest, the next build replaces it.
const banner = watch ? "/* built by npm run watch */" : `/* sources sha256 ${digest()} */`;
const options = {
  entryPoints: [{ in: "src/shared/host.css", out: "host" }].concat(
    views.flatMap((name) =>
      [
        { in: `src/${name}/index.ts`, out: name },
        { in: `src/${name}/style.css`, out: name },
        { in: `src/${name}/chart.css`, out: `${name}-chart` },
      ].filter((entry) => existsSync(entry.in)),
    ),
  ),
  outdir: OUT,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: !watch,
  legalComments: "none",
  banner: { js: banner },
  logLevel: "info",
  write: false,
  plugins: [
    { name: "write", setup: (build) => build.onEnd((result) => result.outputFiles && write(result)) },
  ],
};

/** Writes the files of an exported page. */
async function buildPage() {
  mkdirSync(PAGE, { recursive: true });
  const common = {
    ...{ outdir: PAGE, bundle: true, format: "iife", target: "es2022", minify: true, metafile: true },
    ...{ legalComments: "none", banner: { js: banner, css: banner }, logLevel: "info" },
  };
  const page = await esbuild.build({
    ...common,
    entryPoints: [
      { in: "src/page/main.ts", out: "page" },
      { in: "src/page/page.css", out: "page" },
      { in: "src/page/notebook.ts", out: "notebook" },
      { in: "src/page/notebook.css", out: "notebook" },
    ],
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    // Nothing in a page has descriptions in HTML, for which the manager would bring a parser.
    alias: {
      "sanitize-html": "./src/page/no-markup.ts",
      jquery: "./src/page/given-jquery.ts",
      "lodash/isEqual": "underscore/modules/isEqual.js",
    },
  });
  const first = await esbuild.build({
    ...common,
    entryPoints: ["src/page/begin.ts", "src/page/jquery.ts"],
  });
  const worker = await esbuild.build({
    ...common,
    entryPoints: ["src/page/worker.ts"],
    alias: { "onnxruntime-web/wasm": "./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs" },
    // It would fetch its other half from there; it gets it by hand.
    define: { "import.meta.url": '"https://runtime.invalid/"' },
  });
  writeFileSync(`${PAGE}/runtime.wasm.gz`, gzipSync(readFileSync(RUNTIME), { level: 9 }));
  writeFileSync(
    `${PAGE}/licences.txt`,
    `${banner}\n${licencesOf([first.metafile, page.metafile, worker.metafile])}`,
  );
}

if (watch) await (await esbuild.context(options)).watch();
else await Promise.all([esbuild.build(options), buildPage()]);
