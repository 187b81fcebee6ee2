// The storefront: its state lives in the address, every change of it searches again.

import * as calls from "./storefront-calls.js";
import { card } from "./storefront-card.js";
import * as combobox from "./storefront-combobox.js";
import { byId, counted, debounced, make } from "./storefront-dom.js";
import { drawFacets, facetFields, notices, productView, profileView } from "./storefront-panels.js";

const NOBODY = "";
const SHOPPERS = [[NOBODY, "Nobody"], ["s001", "Jonas Weber"], ["s002", "Mia Keller"]];
const PER_PAGE = 24;
const PER_PAGE_SIDE_BY_SIDE = 10;
const FILTER_PAUSE_MS = 120;
const TOAST_MS = 5000;
const MOVE_MS = 450;

/** Bounds in the address are `min_price` and `max_price`; other filters repeat their field. */
function readAddress() {
  const given = new URLSearchParams(location.search);
  const filters = {};
  for (const field of facetFields) {
    const values = given.getAll(field);
    if (values.length) filters[field] = values;
  }
  const bounds = Object.entries({ gte: given.get("min_price"), lte: given.get("max_price") })
    .filter(([, text]) => text !== null && text !== "" && Number.isFinite(Number(text)))
    .map(([key, text]) => [key, Number(text)]);
  if (bounds.length) filters.price = Object.fromEntries(bounds);
  return {
    q: given.get("q") ?? "",
    sort: given.get("sort") ?? "",
    page: Math.max(1, Number.parseInt(given.get("page"), 10) || 1),
    filters,
    shoppers: [given.get("shopper") ?? NOBODY, ...(given.has("versus") ? [given.get("versus")] : [])],
    explain: given.has("explain"),
  };
}

function writeAddress(state, push) {
  const now = new URLSearchParams(location.search);
  const next = new URLSearchParams();
  if (now.has("index")) next.set("index", now.get("index"));
  if (state.q) next.set("q", state.q);
  if (state.shoppers[0]) next.set("shopper", state.shoppers[0]);
  if (state.shoppers.length > 1) next.set("versus", state.shoppers[1]);
  if (state.sort) next.set("sort", state.sort);
  for (const [field, value] of Object.entries(state.filters)) {
    if (Array.isArray(value)) value.forEach((one) => next.append(field, one));
    else {
      if (value.gte !== undefined) next.set(`min_${field}`, value.gte);
      if (value.lte !== undefined) next.set(`max_${field}`, value.lte);
    }
  }
  if (state.page > 1) next.set("page", state.page);
  const address = `${location.pathname}${next.size ? `?${next}` : ""}`;
  history[push ? "pushState" : "replaceState"](null, "", address);
}

let state = readAddress();
let pending = new AbortController();
let columns = [];

const sideBySide = () => state.shoppers.length > 1;
const nameOf = (shopper) => SHOPPERS.find(([id]) => id === shopper)?.[1] ?? shopper;

function toast(text) {
  byId("toast").textContent = text;
  hideToast();
}
const hideToast = debounced(() => { byId("toast").textContent = ""; }, TOAST_MS);

/** Changes the state and searches; a change of anything but the page goes back to page 1. */
function change(part) {
  state = { ...state, page: 1, ...part };
  writeAddress(state, true);
  return refresh();
}

// Columns: one list of products per shopper.

function pickShopper(slot, shopper) {
  const shoppers = [...state.shoppers];
  shoppers[slot] = shopper;
  columns[slot].opened.clear();
  change({ shoppers, page: state.page });
}

function picker(slot) {
  const shopper = state.shoppers[slot];
  const known = SHOPPERS.some(([id]) => id === shopper);
  const choice = ([id, name]) => make("label", { class: "pick" },
    make("input", { type: "radio", name: `shopper-${slot}`, value: id, checked: id === shopper,
      onchange: () => pickShopper(slot, id) }),
    make("span", {}, name));
  const other = make("input", { type: "text", class: "other", placeholder: "Any id",
    "aria-label": "Shop as any shopper id", maxlength: 64, spellcheck: "false", value: known ? null : shopper,
    onchange: (event) => pickShopper(slot, event.target.value.trim()) });
  return make("fieldset", { class: "picker" }, make("legend", {}, "Shop as"), SHOPPERS.map(choice), other);
}

function columnOf(slot) {
  const list = make("ol", { class: "hits" });
  const notes = make("div", { class: "notes" });
  const head = make("header", { class: "column-head" });
  const root = make("section", { class: `column column-${slot}`, "aria-busy": "true" }, head, notes, list);
  return { root, head, list, notes, opened: new Set(), answer: null };
}

function drawHead(slot) {
  const shopper = state.shoppers[slot];
  const { head, root, answer } = columns[slot];
  root.setAttribute("aria-label", `Products for ${nameOf(shopper)}`);
  const focused = head.contains(document.activeElement) ? document.activeElement.value : null;
  const time = answer && sideBySide() ? `${counted(answer.total, "product")} · ${milliseconds(answer.took_ms)}` : "";
  head.replaceChildren(
    picker(slot),
    make("p", { class: "column-line" },
      shopper
        ? make("button", { type: "button", class: "link", onclick: () => showProfile(shopper) },
          "What the shop knows about me")
        : make("span", { class: "muted" }, "Only this visit counts"),
      make("span", { class: "muted" }, time)),
  );
  if (focused !== null) head.querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
}

function arrangeColumns() {
  if (columns.length !== state.shoppers.length) {
    columns = state.shoppers.map((_, slot) => columns[slot] ?? columnOf(slot));
    byId("columns").replaceChildren(...columns.map((column) => column.root));
  }
  document.body.classList.toggle("side-by-side", sideBySide());
  columns.forEach((_, slot) => drawHead(slot));
}

const milliseconds = (took_ms) => `${took_ms < 1 ? took_ms.toFixed(1) : Math.round(took_ms)} ms`;

/** Shows where each card came from, so that a change of order can be followed by eye. */
function moveFrom(list, before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const item of list.children) {
    const old = before.get(item.dataset.id);
    const now = item.getBoundingClientRect();
    const frames = old
      ? [{ transform: `translate(${old.left - now.left}px, ${old.top - now.top}px)` }, { transform: "none" }]
      : [{ opacity: 0 }, { opacity: 1 }];
    item.animate(frames, { duration: MOVE_MS, easing: "cubic-bezier(.2, .7, .2, 1)" });
  }
}

/** Remembers which button of which product has the focus, to give it back after drawing anew. */
function focusKeeper(list) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const id = focused?.closest(".card")?.dataset.id;
  if (!id) return null;
  const button = `[data-id="${CSS.escape(id)}"] button.${focused.classList[0]}`;
  return () => (list.querySelector(button) ?? list.querySelector("button"))?.focus({ preventScroll: true });
}

function drawHits(slot, animate) {
  const column = columns[slot];
  const { answer, list, notes, opened } = column;
  const before = new Map([...list.children].map((item) => [item.dataset.id, item.getBoundingClientRect()]));
  const restore = focusKeeper(list);
  const first = (answer.page - 1) * answer.per_page + 1;
  const act = (kind, hit, place) => onAct(slot, kind, hit, place);
  notes.replaceChildren(...notices(answer, state.q));
  if (answer.hits.length === 0) {
    list.replaceChildren(make("li", { class: "empty" }, make("p", {}, "Nothing here fits."),
      make("p", { class: "muted" }, "Try fewer words or fewer filters.")));
  } else {
    list.replaceChildren(...answer.hits.map((hit, nth) =>
      card(hit, { place: first + nth, key: `${slot}-${nth}`, opened, act })));
  }
  restore?.();
  if (animate && before.size) moveFrom(list, before);
}

// Searching.

function request() {
  return {
    q: state.q.slice(0, 512), filters: state.filters, facets: facetFields, sort: state.sort ? [state.sort] : [],
    page: state.page, per_page: sideBySide() ? PER_PAGE_SIDE_BY_SIDE : PER_PAGE,
  };
}

/**
 * Counts for the filters. A filtered field is counted as if it were not filtered, or its other values
 * could not be chosen any more; that takes a search of its own, for the counts alone.
 */
async function countFacets(answer, signal) {
  const asked = request();
  const counts = await Promise.all(Object.keys(state.filters).map(async (field) => {
    const { [field]: _, ...filters } = asked.filters;
    const wider = { ...asked, filters, facets: [field], page: 1, per_page: 0 };
    const { facets } = await calls.search(wider, state.shoppers[0], signal);
    return [field, facets[field]];
  }));
  return { ...answer.facets, ...Object.fromEntries(counts) };
}

async function fill(slot, signal, animate) {
  const column = columns[slot];
  column.root.setAttribute("aria-busy", "true");
  try {
    const answer = await calls.search(request(), state.shoppers[slot], signal);
    if (slot === 0) answer.facets = await countFacets(answer, signal);
    if (signal.aborted) return;
    column.answer = answer;
    if (state.explain && slot === 0 && column.answer.hits.length) column.opened.add(column.answer.hits[0].id);
    drawHits(slot, animate);
    drawHead(slot);
  } catch (error) {
    if (signal.aborted) return;
    column.answer = null;
    column.list.replaceChildren();
    column.notes.replaceChildren(make("p", { class: "notice error", role: "alert" }, make("strong", {}, error.message),
      error.hint ? ` — ${error.hint}` : ""));
  }
  column.root.setAttribute("aria-busy", "false");
}

function drawSummary() {
  const answer = columns[0].answer;
  const total = byId("total");
  byId("paging").hidden = !answer || answer.total <= answer.per_page;
  if (!answer) { total.textContent = "\u00a0"; return; }
  total.textContent = sideBySide()
    ? `${state.q ? `“${state.q}”` : "The shop"} for two shoppers`
    : `${counted(answer.total, "product")} · ${milliseconds(answer.took_ms)}`;
  const pages = Math.max(1, Math.ceil(answer.total / Math.max(1, answer.per_page)));
  byId("place").textContent = `Page ${answer.page} of ${pages.toLocaleString("en")}`;
  byId("previous").disabled = answer.page <= 1;
  byId("next").disabled = answer.page >= pages;
  drawFacets(byId("facets"), answer.facets, state.filters, changeFilter);
}

/** Searches for every column; an older search still under way is dropped. */
async function refresh({ animate = false } = {}) {
  pending.abort();
  pending = new AbortController();
  const { signal } = pending;
  arrangeColumns();
  document.title = state.q ? `${state.q} · Vitrine` : "Vitrine";
  await Promise.all(columns.map((_, slot) => fill(slot, signal, animate)));
  if (signal.aborted) return;
  state.explain = false;
  drawSummary();
}

const refreshSoon = debounced(() => { writeAddress(state, true); refresh(); }, FILTER_PAUSE_MS);

function changeFilter(field, value) {
  const filters = field === null ? {} : { ...state.filters, [field]: value };
  if (Array.isArray(value) && value.length === 0) delete filters[field];
  state = { ...state, filters, page: 1 };
  if (columns[0].answer) drawFacets(byId("facets"), columns[0].answer.facets, filters, changeFilter);
  refreshSoon();
}

function searchFor(q) {
  const asked = q.trim();
  byId("q").value = asked;
  if (asked) {
    for (const shopper of new Set(state.shoppers)) {
      // A record of what was searched for is not worth a message when it fails.
      calls.tell(shopper, { type: "search", query: asked }).catch(() => {});
    }
  }
  change({ q: asked, filters: {} });
}

// What shoppers do.

const order = (slot) => (columns[slot]?.answer?.hits ?? []).map((hit) => hit.id).join();

async function onAct(slot, kind, hit, place, variant = hit.variant) {
  const shopper = state.shoppers[slot];
  const { product } = hit;
  const event = { type: kind === "open" ? "click" : kind, product_id: hit.id, position: place,
    query_id: columns[slot].answer?.query_id };
  if (kind === "open") showProduct(slot, hit, place);
  if (kind === "add_to_cart") {
    Object.assign(event, { quantity: 1, price: variant?.price ?? product.price, variant_sku: variant?.sku });
  }
  try {
    await calls.tell(shopper, event);
    if (kind === "open") return;
    const before = order(slot);
    await refresh({ animate: true });
    const moved = order(slot) === before ? "The order stays as it was." : "The page was ranked again.";
    const whose = shopper ? `${nameOf(shopper)}’s` : "your";
    toast(kind === "add_to_cart"
      ? `${product.title} is in ${whose} cart. ${moved}`
      : `Noted: not for ${shopper ? nameOf(shopper) : "you"}. ${moved}`);
  } catch (error) {
    toast(`That could not be recorded: ${error.message}`);
  }
}

function showProduct(slot, hit, place) {
  byId("product-title").textContent = hit.product.title;
  const add = (variant) => { byId("product").close(); onAct(slot, "add_to_cart", hit, place, variant); };
  byId("product-body").replaceChildren(...productView(hit.product, add));
  byId("product").showModal();
}

async function showProfile(shopper) {
  byId("profile-title").textContent = `What the shop knows about ${nameOf(shopper)}`;
  byId("profile-body").replaceChildren(make("p", { class: "muted" }, "Reading…"));
  byId("profile").showModal();
  try {
    byId("profile-body").replaceChildren(...profileView(await calls.profile(shopper)));
  } catch (error) {
    byId("profile-body").replaceChildren(make("p", { class: "notice error" }, `${error.message}. ${error.hint ?? ""}`));
  }
}

// Wiring.

function takeSuggestion(suggestion) {
  if (suggestion.kind === "category" || suggestion.kind === "brand") {
    byId("q").value = "";
    change({ q: "", filters: { [suggestion.kind]: [suggestion.category ?? suggestion.text] } });
    return;
  }
  searchFor(suggestion.text);
  if (suggestion.kind === "query" && suggestion.category) change({ filters: { category: [suggestion.category] } });
}

function showState() {
  byId("q").value = state.q;
  byId("sort").value = state.sort;
  byId("versus").checked = sideBySide();
}

function turnPage(step) {
  change({ page: state.page + step });
  byId("results").scrollIntoView({ block: "start" });
}

function toggleSideBySide(event) {
  const [first] = state.shoppers;
  const other = first === "s001" ? "s002" : "s001";
  const pair = first === NOBODY ? ["s001", "s002"] : [first, other];
  change({ shoppers: event.target.checked ? pair : [first] });
}

function wire() {
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    combobox.close();
    searchFor(byId("q").value);
  });
  byId("sort").addEventListener("change", (event) => change({ sort: event.target.value }));
  byId("versus").addEventListener("change", toggleSideBySide);
  byId("previous").addEventListener("click", () => turnPage(-1));
  byId("next").addEventListener("click", () => turnPage(1));
  byId("facets-toggle").addEventListener("click", (event) => {
    const open = event.currentTarget.getAttribute("aria-expanded") !== "true";
    event.currentTarget.setAttribute("aria-expanded", String(open));
  });
  for (const dialog of document.querySelectorAll("dialog.panel:not(#key)")) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  addEventListener("popstate", () => { state = readAddress(); showState(); refresh(); });
  combobox.start(() => state.shoppers[0], takeSuggestion);
}

wire();
showState();
refresh();
