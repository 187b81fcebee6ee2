// The parts beside the products: filters, notices, a shopper's profile and a product's details.

import { counted, make, money, safeAddress } from "./storefront-dom.js";
import { sizeName } from "./storefront-card.js";
import { picture, tint } from "./storefront-pictures.js";

const VALUES_SHOWN = 7;
const FACETS = [["category", "Category"], ["brand", "Brand"], ["price", "Price"], ["color", "Colour"], ["size", "Size"]];
const expanded = new Set();

/** The fields that the page counts. */
export const facetFields = FACETS.map(([field]) => field);

function swatch(value) {
  const dot = make("span", { class: "swatch", "aria-hidden": "true" });
  dot.style.setProperty("--tint", tint(value));
  return dot;
}

function choice(field, { value, count }, chosen, change) {
  const id = `facet-${field}-${value}`;
  return make(
    "li",
    {},
    make("input", {
      type: "checkbox", id, checked: chosen.includes(value),
      onchange: (event) => change(field, event.target.checked
        ? [...chosen, value] : chosen.filter((other) => other !== value)),
    }),
    make("label", { for: id }, field === "color" ? swatch(value) : null, make("span", {}, value),
      make("span", { class: "count" }, count === null ? "" : count.toLocaleString("en"))),
  );
}

function choices(field, counts, chosen, change, redraw) {
  const known = new Set(counts.map((one) => one.value));
  const gone = chosen.filter((value) => !known.has(value)).map((value) => ({ value, count: null }));
  const all = [...gone, ...counts];
  const open = expanded.has(field);
  const shown = all.filter((one, place) => open || place < VALUES_SHOWN || chosen.includes(one.value));
  const toggle = () => { if (!expanded.delete(field)) expanded.add(field); redraw(); };
  return [
    make("ul", {}, shown.map((one) => choice(field, one, chosen, change))),
    all.length > VALUES_SHOWN
      ? make("button", { type: "button", class: "link", id: `more-${field}`, onclick: toggle },
        open ? "Show fewer" : "Show more")
      : null,
  ];
}

function histogram(buckets) {
  const most = Math.max(...buckets.map((bucket) => bucket.count), 1);
  return make("div", { class: "histogram", "aria-hidden": "true" }, buckets.map((bucket) => {
    const column = make("span", {});
    column.style.height = `${bucket.count ? Math.max(6, (bucket.count / most) * 100) : 0}%`;
    return column;
  }));
}

function range(field, spread, bounds, change) {
  const end = (key, label, edge) => make(
    "label",
    {},
    make("span", { class: "unseen" }, `${label} ${field}`),
    make("input", {
      id: `facet-${field}-${key}`, type: "number", min: 0, step: "any", inputmode: "decimal",
      placeholder: edge === undefined ? label : String(key === "gte" ? Math.floor(edge) : Math.ceil(edge)),
      value: bounds?.[key] ?? null,
      onchange: (event) => {
        const next = { ...bounds };
        if (event.target.value === "") delete next[key];
        else next[key] = Number(event.target.value);
        change(field, Object.keys(next).length ? next : []);
      },
    }),
  );
  return [
    spread?.buckets ? histogram(spread.buckets) : null,
    make("div", { class: "range" }, end("gte", "Lowest", spread?.min), make("span", { "aria-hidden": "true" }, "to"),
      end("lte", "Highest", spread?.max)),
  ];
}

/** Draws the filters. `change(field, value)` takes a list of values, or bounds, of a field. */
export function drawFacets(target, facets, filters, change) {
  const focused = target.contains(document.activeElement) ? document.activeElement.id : "";
  const redraw = () => drawFacets(target, facets, filters, change);
  const groups = FACETS.map(([field, label]) => {
    const counts = facets[field];
    const chosen = filters[field];
    const listed = Array.isArray(counts);
    if (field !== "price" && (!listed || counts.length === 0) && !chosen?.length) return null;
    return make("fieldset", { class: `facet facet-${field}` }, make("legend", {}, label), field === "price"
      ? range(field, counts, chosen, change)
      : choices(field, listed ? counts : [], chosen ?? [], change, redraw));
  });
  const any = Object.keys(filters).length > 0;
  const clear = make("button", { type: "button", class: "link", id: "facets-clear", onclick: () => change(null) }, "Clear all filters");
  target.replaceChildren(...groups.filter(Boolean), ...(any ? [clear] : []));
  if (focused) document.getElementById(focused)?.focus();
}

function banner(content) {
  const text = typeof content === "string" ? content : content?.text ?? content?.title ?? content?.message;
  if (!text) return null;
  const address = safeAddress(content.url ?? content.link);
  return make("p", { class: "notice banner" }, text, " ", address ? make("a", { href: address }, "More") : null);
}

/** What the answer has to say about itself: correction, relaxation, banners, a redirect. */
export function notices(answer, q) {
  const { corrected, relaxed } = answer.query ?? {};
  const target = safeAddress(answer.redirect);
  return [
    target ? make("p", { class: "notice banner" }, `The shop answers “${q}” with a page of its own: `,
      make("a", { href: target }, answer.redirect)) : null,
    ...(answer.banners ?? []).map(banner),
    corrected ? make("p", { class: "notice" }, "Showing results for ", make("strong", {}, corrected),
      make("span", { class: "muted" }, ` (corrected from “${q}”)`)) : null,
    relaxed ? make("p", { class: "notice" }, make("span", { class: "muted" }, "Not every word could be met: "), relaxed) : null,
  ].filter(Boolean);
}

function meter(share) {
  const fill = make("span", { class: "bar-fill" });
  fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return make("span", { class: "bar-track plain", "aria-hidden": "true" }, fill);
}

const SYSTEMS = { shoe_eu: "EU shoe sizes", letters: "letter sizes" };

/** The last level of a category path, or a size system in words. */
const placeName = (name) => SYSTEMS[name] ?? name.split(" > ").at(-1).replaceAll("_", " ");

function beliefs(title, list) {
  if (!list?.length) return null;
  return make("section", {}, make("h3", {}, title), make("ul", { class: "beliefs" }, list.slice(0, 8).map((one) => make(
    "li",
    { title: one.name },
    make("span", {}, placeName(one.name),
      one.within ? make("span", { class: "muted" }, ` in ${placeName(one.within)}`) : null),
    meter(one.confidence),
    make("span", { class: "muted" }, [
      one.choices ? counted(one.choices, "choice") : "",
      one.rejections ? counted(one.rejections, "rejection") : "",
    ].filter(Boolean).join(", ")),
  ))));
}

function priceLine({ category, typical, from, to }) {
  const spread = to - from > 0.01 ? ` (${money(from)} to ${money(to)})` : "";
  return make("li", { title: category }, `${placeName(category)}: about ${money(typical)}${spread}`);
}

function paragraph(title, text) {
  return text ? make("section", {}, make("h3", {}, title), make("p", {}, text)) : null;
}

/** A profile as a person reads it, and the JSON behind it. */
export function profileView(answer) {
  const view = answer.profile ?? {};
  const stated = view.stated ?? {};
  const sizes = Object.entries(stated.sizes ?? {}).map(([system, all]) => `${system} ${all.join(", ")}`);
  const said = [...sizes, ...(stated.liked_brands ?? []).map((brand) => `likes ${brand}`),
    ...(stated.blocked_brands ?? []).map((brand) => `no ${brand}`)].join(" · ");
  const prices = (view.prices ?? []).slice(0, 6).map(priceLine);
  // A brand is also judged within each category; over the whole shop is enough to read.
  const brands = (view.brands ?? []).filter((one) => !one.within);
  return [
    make("p", { class: "muted" }, `Learnt from ${counted(view.events ?? 0, "event")}. The bars show how sure the shop is.`),
    paragraph("Said by the shopper", said),
    make("div", { class: "profile-grid" },
      beliefs("Sizes", view.sizes), beliefs("Brands", brands),
      beliefs("Colours", view.colors), beliefs("Categories", view.categories),
      prices.length ? make("section", {}, make("h3", {}, "Prices usually chosen"),
        make("ul", { class: "plain" }, prices)) : null,
      paragraph("Searched for", (view.searches ?? []).slice(0, 8).join(" · ")),
      paragraph("Bought", view.bought?.length ? counted(view.bought.length, "product") : ""),
      paragraph("Turned down or sent back", (view.turned_down ?? []).map((one) => one.product_id).join(", "))),
    make("details", { class: "raw" }, make("summary", {}, "As JSON"),
      make("pre", { tabindex: "0" }, JSON.stringify(answer, null, 2))),
  ].filter(Boolean);
}

/** A product's details; `add(variant)` puts it, or one size of it, into the cart. */
export function productView(product, add) {
  const pieces = (product.variants ?? []).filter((one) => one.size);
  const size = (one) => make(
    "button",
    { type: "button", disabled: one.stock <= 0, onclick: () => add(one) },
    sizeName(product, one.size),
    make("span", { class: "unseen" }, one.stock > 0 ? ", add to cart" : ", sold out"),
  );
  return [
    make("div", { class: "product" }, picture(product), make("div", {},
      make("p", { class: "brand" }, product.brand ?? ""),
      make("p", { class: "price" }, typeof product.price === "number" ? money(product.price, product.currency) : ""),
      make("p", {}, product.description ?? ""),
      make("p", { class: "muted" }, [product.category ?? []].flat().join(" › ")),
      pieces.length
        ? [make("h3", {}, "Add a size to the cart"), make("div", { class: "sizes" }, pieces.map(size))]
        : make("button", { type: "button", class: "primary", onclick: () => add(null) }, "Add to cart"))),
  ];
}
