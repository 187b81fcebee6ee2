// Builds the console into the files that the server embeds: `node build.mjs`.
// `--check` writes nothing and fails where the committed files are not what the source builds to.

import { readFile, writeFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = new URL("./", import.meta.url);
const OUT = new URL("../src/http/pages/console/", HERE);

/** Browsers of the last two years: `light-dark()` and CSS nesting are used as they are. */
const TARGET = ["chrome123", "firefox120", "safari17.5"];

/** What is bundled keeps its licence, whole. */
async function licences() {
  const { dependencies } = JSON.parse(await readFile(new URL("package.json", HERE), "utf8"));
  const texts = Object.entries(dependencies).map(async ([name, version]) => {
    const text = await readFile(new URL(`node_modules/${name}/LICENSE`, HERE), "utf8");
    return `/*! Includes ${name} ${version}:\n\n${text.trim()}\n*/`;
  });
  return (await Promise.all(texts)).join("\n");
}

/** The built files: name → bytes. */
export async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(HERE),
    entryPoints: { console: "src/main.jsx" },
    outdir: "out",
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: TARGET,
    charset: "utf8",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    banner: { js: await licences() },
  });
  const files = new Map(outputFiles.map((file) => [file.path.split("/").at(-1), Buffer.from(file.contents)]));
  files.set("console.html", await readFile(new URL("src/console.html", HERE)));
  return files;
}

async function main(check) {
  await mkdir(OUT, { recursive: true });
  const stale = [];
  for (const [name, bytes] of await bundle()) {
    const path = new URL(name, OUT);
    if (!check) await writeFile(path, bytes);
    else if (!bytes.equals(await readFile(path).catch(() => Buffer.alloc(0)))) stale.push(name);
    if (!check) console.log(`${name}: ${bytes.length} bytes`);
  }
  if (stale.length === 0) return;
  console.error(`src/http/pages/console/ is not what console/ builds to: ${stale.join(", ")}`);
  console.error("run `npm run build` in console/ and commit what it writes");
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes("--check"));
