// What the storefront asks the server: searches, suggestions, profiles and events.

const KEY = "vitrine.key";
const SESSION = "vitrine.session";

const place = new URLSearchParams(location.search);

/** The index that the page sells from. */
export const index = place.get("index") || "shop";

/** Names this tab's visit, so that somebody without an account is served better, too. */
function session() {
  let id = sessionStorage.getItem(SESSION);
  if (!id) {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    id = `tab-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    sessionStorage.setItem(SESSION, id);
  }
  return id;
}

/** The visitor as requests name one: a known shopper, else this tab's session. */
const visitor = (shopper) => (shopper ? { shopper } : { session: session() });

/** What the server refused, in its own words. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error?.message || `the server answered ${status}`);
    this.status = status;
    this.hint = error?.hint || "";
  }
}

let askedKey = null;

/** Asks for a key once, however many calls wait for it. */
function askKey() {
  askedKey ??= new Promise((resolve) => {
    const dialog = document.getElementById("key");
    const field = document.getElementById("key-value");
    field.value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      askedKey = null;
      const given = dialog.returnValue === "use" ? field.value.trim() : "";
      if (given) sessionStorage.setItem(KEY, given);
      resolve(given !== "");
    }, { once: true });
    dialog.showModal();
  });
  return askedKey;
}

async function call(path, { method = "GET", body, signal } = {}) {
  const used = sessionStorage.getItem(KEY);
  const headers = {};
  if (used) headers.authorization = `Bearer ${used}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body), signal });
  if (answer.status === 401) {
    const newer = sessionStorage.getItem(KEY) !== used;
    if (newer || await askKey()) return call(path, { method, body, signal });
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, content.error);
  return content;
}

const indexPath = `/v1/indexes/${encodeURIComponent(index)}`;

/** One page of products for a shopper, with the reasons for their places. */
export function search(request, shopper, signal) {
  const body = { ...request, ...visitor(shopper), explain: true };
  return call(`${indexPath}/search`, { method: "POST", body, signal });
}

/** How the text typed so far may go on. */
export async function suggest(q, shopper, signal) {
  const parameters = new URLSearchParams({ q, ...visitor(shopper), limit: 8 });
  const answer = await call(`${indexPath}/suggest?${parameters}`, { signal });
  return answer.suggestions;
}

/** What is believed of a shopper. */
export function profile(shopper) {
  const parameters = new URLSearchParams({ index });
  return call(`/v1/shoppers/${encodeURIComponent(shopper)}?${parameters}`);
}

/** Tells what a shopper did; resolves once it is on disk. */
export function tell(shopper, event) {
  const body = [{ ...event, ...visitor(shopper), index }];
  return call("/v1/events", { method: "POST", body });
}
