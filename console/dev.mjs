// Serves the console as it is in the source, built anew at every reload, and hands every other call on
// to a running server: `node dev.mjs [http://127.0.0.1:7700] [port]`.

import { createServer, request } from "node:http";
import { fileURLToPath } from "node:url";
import { bundle } from "./build.mjs";

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css" };

// As in src/http/pages.rs, so that what the policy forbids is noticed while developing.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "img-src 'self' https: http: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

let files = new Map();

async function page(name, answer) {
  if (name.endsWith(".html") || files.size === 0) files = await bundle();
  const type = TYPES[name.split(".").at(-1)];
  answer.writeHead(200, { "Content-Type": `${type}; charset=utf-8`, "Content-Security-Policy": POLICY });
  answer.end(files.get(name));
}

function forward(server, asked, answer) {
  const { hostname, port: to } = server;
  const headers = { ...asked.headers, host: server.host };
  const call = request({ hostname, port: to, method: asked.method, path: asked.url, headers }, (reply) => {
    answer.writeHead(reply.statusCode, reply.headers);
    reply.pipe(answer);
  });
  call.on("error", (error) => answer.writeHead(502).end(error.message));
  asked.pipe(call);
}

/** Serves the source before a server; port 0 takes a free one. Answers the listening server of this process. */
export function serve(address, port) {
  const server = new URL(address);
  const proxy = createServer((asked, answer) => {
    const path = new URL(asked.url, server).pathname;
    const name = path === "/admin" ? "console.html" : path.replace("/assets/", "");
    if (!/^console\.(html|js|css)$/.test(name)) return forward(server, asked, answer);
    return page(name, answer).catch((error) => answer.writeHead(500).end(error.message));
  });
  return new Promise((resolve) => {
    proxy.listen(port, "127.0.0.1", () => resolve(proxy));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const address = process.argv[2] ?? "http://127.0.0.1:7700";
  const proxy = await serve(address, Number(process.argv[3] ?? 7701));
  console.log(`http://127.0.0.1:${proxy.address().port}/admin → ${address}`);
}
