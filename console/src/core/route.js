// Where in the console one is: `#/index/view/thing?name=value`. Nothing secret is ever in it.

import { cell } from "./cell.js";

function parse() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [index = "", view = "", ...rest] = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { index, view, thing: rest.join("/"), params: new URLSearchParams(query ?? "") };
}

/** The present place. */
export const route = cell(parse());

addEventListener("hashchange", () => route.set(parse()));

/** The address of a place. */
export function to(index, view, thing = "", params = {}) {
  const given = Object.entries(params).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = new URLSearchParams(given).toString();
  const path = [index, view, ...(thing ? [thing] : [])].map(encodeURIComponent).join("/");
  return `#/${path}${query ? `?${query}` : ""}`;
}

/** Goes to a place; with `replace` the way back skips the present one. */
export function go(address, { replace = false } = {}) {
  if (location.hash === address) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  route.set(parse());
}
addEventListener("popstate", () => route.set(parse()));
