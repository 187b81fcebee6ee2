// Calls of the server. The key stays in this tab's session storage and goes into one header, never
// into an address.

import { cell } from "./cell.js";
import { tidied } from "./json.js";

const KEY = "vitrine.key";

const kept = () => {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
};

/** The key that calls are made with; an empty one on a development server. */
export const key = cell(kept());

key.follow((value) => {
  try {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing asks for the key again after a reload.
  }
});

/** What the server refused, in its own words. */
export class Refusal extends Error {
  constructor(status, { code = "", message = "", hint = "" } = {}) {
    super(message || `The server answered ${status}.`);
    Object.assign(this, { status, code, hint });
  }

  /** Whether this server does not know the call at all: it is older than this page. */
  get isUnknownCall() {
    return ["unknown_route", "wrong_method"].includes(this.code);
  }

  /** Whether somebody else changed the settings first. */
  get isClash() {
    return this.status === 409 && this.code === "settings_changed";
  }
}

const versionOf = (reply) => {
  const tag = /"(\d+)"/.exec(reply.headers.get("ETag") ?? "");
  return tag ? Number(tag[1]) : null;
};

async function read(reply) {
  try {
    return await reply.json();
  } catch {
    return {};
  }
}

/**
 * Makes a call and answers `{data, version}`; `version` is that of the settings, where the answer
 * shows some. A `version` among the options goes into `If-Match`.
 */
export async function call(method, path, { body, version, signal } = {}) {
  const headers = {};
  if (key.get()) headers.Authorization = `Bearer ${key.get()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined && version !== null) headers["If-Match"] = `"${version}"`;
  let reply;
  try {
    reply = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, {
      code: "unreachable",
      message: "The server cannot be reached.",
      hint: "Is it running? Try again.",
    });
  }
  const data = tidied(await read(reply));
  if (!reply.ok) throw new Refusal(reply.status, data.error);
  return { data, version: versionOf(reply) };
}

/** Refuses to make a rule under a name that another has already. */
export async function demandFreeName(index, id) {
  const taken = await call("GET", inIndex(index, "rules", id)).catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (!taken) return;
  const message = `There is a rule “${id}” already`;
  throw new Refusal(409, { code: "name_taken", message, hint: "choose another name, or edit that rule" });
}

/** The path of something in an index. */
export const inIndex = (index, ...parts) =>
  ["/v1/indexes", index, ...parts].map((part, place) => (place ? encodeURIComponent(part) : part)).join("/");

/** Whether an error is only that something newer was asked in the meantime. */
export const isAborted = (error) => error?.name === "AbortError";
