// Who is at the console: what the key opens, and which indexes there are.

import { call, key, Refusal } from "./api.js";
import { cell } from "./cell.js";

/** `{state: "starting" | "signed-out" | "ready" | "unreachable", own, indexes, problem}`. */
export const session = cell({ state: "starting" });

/** What every key opens as long as the server does not tell. */
const ASSUMED = { name: "", scopes: ["admin"], indexes: [], assumed: true };

async function ownKey() {
  try {
    return (await call("GET", "/v1/keys/own")).data;
  } catch (error) {
    const isOlder = error instanceof Refusal && (error.status === 404 || error.isUnknownCall);
    if (isOlder) return ASSUMED;
    throw error;
  }
}

/** The indexes by name; those that the key names where it may not list them. */
async function indexesOf(own) {
  try {
    return (await call("GET", "/v1/indexes")).data.indexes.map(({ name }) => name);
  } catch (error) {
    if (error.status === 403) return own.indexes ?? [];
    throw error;
  }
}

/** Finds out what the present key opens. */
export async function begin() {
  try {
    const own = await ownKey();
    const indexes = await indexesOf(own);
    session.set({ state: "ready", own, indexes });
  } catch (error) {
    const isRefused = error.status === 401 || error.status === 403;
    const problem = isRefused && !key.get() ? null : error;
    if (isRefused) key.set("");
    session.set({ state: isRefused ? "signed-out" : "unreachable", problem });
  }
}

/** Begins anew with another key. */
export function signIn(given) {
  key.set(given.trim());
  return begin();
}

/** Asks for a key again, where the present one has ended; drafts stay. */
export function signInAgain() {
  key.set("");
  session.set({ state: "signed-out", problem: null });
}

/** Forgets the key and every draft made with it. */
export function signOut() {
  key.set("");
  sessionStorage.clear();
  session.set({ state: "signed-out", problem: null });
}

/** Whether the key has a scope, as far as is known. */
export function opens(own, scope) {
  const scopes = own?.scopes ?? [];
  return scopes.includes("admin") || scopes.includes(scope);
}
