// A server with the sample shop in a fresh folder, and calls of it beside the browser.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ended, started } from "./webdriver.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** The program under test: `VITRINE`, else what was built last. */
export function program() {
  const built = ["target/debug/vitrine", "target/release/vitrine"].map((path) => join(ROOT, path));
  const found = process.env.VITRINE ?? built.find(existsSync);
  if (!found) throw new Error("no program to test: build one, or name it in VITRINE");
  return found;
}

/** Where screenshots are kept. */
export const SCREENSHOTS = join(ROOT, "target/screenshots");

const BANNER = '<img src=x onerror="window.hacked=true"><script>window.hacked=true</script>';

/** Whoever shows this as HTML runs its script. */
export const MARKUP = BANNER;

const HOSTILE = {
  id: "hostile",
  title: `Zibbidy ${BANNER}`,
  brand: "<b>Bold</b>",
  category: ["Shoes"],
  price: 12.5,
  currency: "EUR",
  stock: 3,
};

export class Shop {
  /** Imports the sample shop, or the first products of it, and starts the server; `needsKeys` makes it ask for keys. */
  static async start({ needsKeys = false, products_max = Infinity } = {}) {
    const folder = await mkdtemp(join(tmpdir(), "vitrine-console-"));
    const config = join(folder, "server.toml");
    // Vectors of hashed words are made in no time, and rank well enough to look at.
    await writeFile(config, 'embedder = "hashing"\n[log]\nfilter = "info"\n');
    const data = join(folder, "data");
    const products = join(folder, "products.jsonl");
    const lines = (await readFile(join(ROOT, "data/products.jsonl"), "utf8")).trimEnd().split("\n");
    await writeFile(products, lines.slice(0, products_max).join("\n"));
    const options = { env: { ...process.env, RUST_BACKTRACE: "1" } };
    await run(program(), ["import", "--data-dir", data, "--index", "shop", "--config", config, products], options);
    let key = "";
    if (needsKeys)
      key = (
        await run(program(), ["keys", "create", "--data-dir", data, "--scope", "admin", "--name", "chief"], options)
      ).stdout
        .trim()
        .split(/\s+/)
        .at(-1);
    const args = [
      "serve",
      "--data-dir",
      data,
      "--config",
      config,
      "--listen",
      "127.0.0.1:0",
      ...(needsKeys ? [] : ["--dev"]),
    ];
    const { child, found } = await started(program(), args, /(127\.0\.0\.1:\d+)/, options);
    const address = `http://${found[1]}`;
    const shop = new Shop(address, child, folder, key);
    if (process.env.CONSOLE === "source") await shop.showSource();
    await shop.call("POST", "/v1/indexes/shop/products?wait=true", [HOSTILE]);
    return shop;
  }

  constructor(address, child, folder, key) {
    Object.assign(this, { address, child, folder, key });
  }

  /** Puts the console as it is in the source in place of what the program has built in. */
  async showSource() {
    const { serve } = await import("../dev.mjs");
    this.proxy = await serve(this.address, 0);
    this.address = `http://127.0.0.1:${this.proxy.address().port}`;
  }

  async stop() {
    this.proxy?.close();
    this.proxy?.closeAllConnections();
    await ended(this.child);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Makes a call as somebody beside the console. */
  async call(method, path, body) {
    const headers = {
      "Content-Type": "application/json",
      ...(this.key ? { Authorization: `Bearer ${this.key}` } : {}),
    };
    const reply = await fetch(this.address + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Whether the program knows a call. */
  async knows(method, path, body) {
    const reply = await fetch(this.address + path, { method, body: body && JSON.stringify(body) });
    return reply.status !== 404 && reply.status !== 405;
  }

  /** The ids that a search finds, as the storefront gets them. */
  async ids(q) {
    const { hits } = await this.call("POST", "/v1/indexes/shop/search", { q });
    return hits.map(({ id }) => id);
  }

  admin(view = "search", params = "") {
    return `${this.address}/admin#/shop/${view}${params}`;
  }
}

/** Keeps a picture of what is seen. */
export async function keep(browser, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await writeFile(join(SCREENSHOTS, `${name}.png`), await browser.screenshot());
}
