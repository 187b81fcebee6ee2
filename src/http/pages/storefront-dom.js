// Small helpers for building the page out of elements, never out of HTML text.

/** An element with attributes, listeners (`on…`) and children; `null` children are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** An element of a drawing. */
export function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'" };

const unescape = (text) => text.replace(/&(?:amp|lt|gt|quot|#39|#x27);/g, (name) => ENTITIES[name]);

/** Nodes of an escaped text whose found words stand between `<mark>` and `</mark>`. */
export function marked(escaped) {
  const parts = escaped.split(/<mark>([^]*?)<\/mark>/);
  return parts.map((part, place) => (place % 2 ? make("mark", {}, unescape(part)) : unescape(part)));
}

/** Runs `action` when calls have paused for `pause_ms`. */
export function debounced(action, pause_ms) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(action, pause_ms, ...values);
  };
}

/** An address that is safe to link to, or null: own paths and the web, no scripts. */
export function safeAddress(address) {
  if (typeof address !== "string" || address === "") return null;
  try {
    const { protocol, href } = new URL(address, location.href);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

/** A count with its noun: `1 product`, `1,204 products`. */
export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** An amount of money. */
export function money(amount, currency) {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency: currency || "EUR" }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency}`;
  }
}
