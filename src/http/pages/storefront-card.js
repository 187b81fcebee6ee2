// One product as a card: picture, price, what is in stock, and why it stands where it stands.

import { counted, make, marked, money } from "./storefront-dom.js";
import { picture } from "./storefront-pictures.js";

const FEW_LEFT = 3;
// A contribution that would be written as 0.00 is not shown.
const LEAST_SHOWN = 0.005;

const FACTORS = {
  lexical: "Words", coverage: "Words met", semantic: "Meaning", semantic_one_word: "Meaning",
  exclusion: "What is left out", brand_named: "Brand named", category_named: "Category named",
  values_named: "Values named", exact_form: "Written the same", proximity: "Words together",
  main_part: "Says what it is", feedback: "Like the best answers", category_share: "Category of the best answers",
  reach: "Behind the chosen ones", identifier: "Identifier", price_wish: "Price asked for", popularity: "Popularity",
  rating: "Rating", stock: "Availability", brand_affinity: "Your brands", category_affinity: "Your categories",
  size_affinity: "Your size", color_affinity: "Your colours", price_affinity: "Your prices",
  taste_affinity: "Your taste", repeat: "Bought before", dismissed: "Not for you",
  personal_cap: "Limit on the personal part", held_back: "One act is no taste", size_lead: "What fits leads",
  personalisation: "For you", diversity: "Variety", exploration: "Shown by chance",
};
const PERSONAL = new Set([
  "brand_affinity", "category_affinity", "size_affinity", "color_affinity", "price_affinity", "taste_affinity",
  "repeat", "dismissed", "personal_cap", "held_back", "size_lead", "personalisation",
]);

const within = (product, words) => [product.category ?? []].flat().some((level) => words.test(level));

/** A size as shoppers say it: `EU 44` for shoes, else as the catalogue writes it. */
export function sizeName(product, size) {
  const shoe = within(product, /shoes|boots|sneakers|sandals/i);
  return shoe && /^\d{2}(\.\d)?$/.test(size) ? `EU ${size}` : size;
}

/** A size in a sentence: only what is worn has a "size"; a laptop has 256 GB. */
function sizeWords(product, size) {
  if (!size || /^one size$/i.test(size)) return "";
  const worn = within(product, /shoes|fashion|clothes|running/i);
  return `${worn ? "size " : ""}${sizeName(product, size)}`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The line on availability: text, and whether it is the shopper's own size. */
function availability(hit) {
  const { product, variant } = hit;
  const stock = variant?.stock ?? product.stock;
  const factors = hit.explain?.factors ?? [];
  const own = factors.some((one) => one.name === "size_affinity" && one.contribution > 0 && one.evidence);
  const size = sizeWords(product, variant?.size);
  if (stock === undefined || stock === null) return { text: capital(size), state: "" };
  if (stock <= 0) return { text: capital(size ? `${size} is sold out` : "sold out"), state: "out" };
  const left = stock <= FEW_LEFT ? `only ${stock} left` : "in stock";
  if (own && size) return { text: `Your ${size}: ${left}`, state: "own" };
  return { text: capital(size ? `${size}: ${left}` : left), state: "in" };
}

function rating(product) {
  if (typeof product.rating !== "number") return null;
  const count = product.rating_count ?? 0;
  const words = `Rated ${product.rating} of 5${count ? ` by ${counted(count, "shopper")}` : ""}`;
  return make(
    "p",
    { class: "rating", title: words },
    make("span", { class: "unseen" }, words),
    make("span", { "aria-hidden": "true" }, make("span", { class: "star" }, "★"), ` ${product.rating.toFixed(1)}`),
    count ? make("span", { class: "muted", "aria-hidden": "true" }, ` (${count.toLocaleString("en")})`) : null,
  );
}

/** Where zero lies on the bars, 0–100, and how far one unit of score reaches. */
function scale(factors) {
  const parts = factors.map((one) => one.contribution);
  const most = Math.max(0, ...parts);
  const least = Math.min(0, ...parts);
  const reach = 100 / Math.max(most - least, Number.EPSILON);
  return { zero: -least * reach, reach };
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

function factorRow(factor, { zero, reach }) {
  const width = Math.abs(factor.contribution) * reach;
  const bar = make("span", { class: factor.contribution < 0 ? "bar-fill less" : "bar-fill" });
  bar.style.width = `${width}%`;
  bar.style.left = `${factor.contribution < 0 ? zero - width : zero}%`;
  return make(
    "li",
    { class: "factor" },
    make("span", { class: "factor-name" }, FACTORS[factor.name] ?? factor.name.replaceAll("_", " ")),
    make("span", { class: "bar-track", "aria-hidden": "true" }, bar),
    make("span", { class: "factor-value" }, signed(factor.contribution)),
    factor.evidence ? make("span", { class: "evidence" }, factor.evidence) : null,
  );
}

function factorGroup(title, factors, bars, kind) {
  if (factors.length === 0) return null;
  const sum = factors.reduce((total, one) => total + one.contribution, 0);
  return make("section", { class: kind }, make("h4", {}, title, make("span", { class: "factor-value" }, signed(sum))),
    make("ul", {}, factors.map((one) => factorRow(one, bars))));
}

function ranks(explain) {
  const row = (label, rank) => make("div", {}, make("dt", {}, label), make("dd", {}, String(rank)));
  return make(
    "dl",
    { class: "ranks" },
    row("Place now", explain.rank),
    row("Without personalisation", explain.rank_without_personalisation),
    explain.rank_without_rules === explain.rank ? [] : row("Without rules", explain.rank_without_rules),
  );
}

function explanation(hit) {
  const { explain } = hit;
  const factors = [...explain.factors].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const bars = scale(factors);
  const shown = factors.filter((one) => Math.abs(one.contribution) >= LEAST_SHOWN);
  const personal = shown.filter((one) => PERSONAL.has(one.name));
  const general = shown.filter((one) => !PERSONAL.has(one.name));
  return [
    ranks(explain),
    make("div", { class: "factors" },
      factorGroup("For this search", general, bars, "general"),
      factorGroup("For you", personal, bars, "personal")),
    make("p", { class: "score" }, `Score ${hit.score.toFixed(2)}: the sum of all parts`),
    explain.rules?.length ? make("ul", { class: "rules" }, explain.rules.map((rule) => make("li", {}, rule))) : null,
  ].filter(Boolean);
}

/** A button that opens the reasons, and the reasons. */
function why(hit, key, opened) {
  if (!hit.explain) return [null, null];
  const id = `why-${key}`;
  const panel = make("div", { class: "why", id, hidden: !opened.has(hit.id) }, explanation(hit));
  const button = make("button", { type: "button", class: "why-button quiet", "aria-controls": id,
    "aria-expanded": String(opened.has(hit.id)), "aria-label": `Why is ${hit.product.title} here?`,
    onclick: () => {
      panel.hidden = opened.delete(hit.id);
      if (!panel.hidden) opened.add(hit.id);
      button.setAttribute("aria-expanded", String(!panel.hidden));
    } }, "Why here?");
  return [button, panel];
}

/** How far personalisation moved the product, where it did. */
function movement(explain) {
  const from = explain?.rank_without_personalisation;
  if (!from || from === explain.rank) return null;
  const up = from > explain.rank;
  return make(
    "span",
    { class: up ? "moved up" : "moved down", title: `Place ${from} without personalisation` },
    make("span", { "aria-hidden": "true" }, up ? "↑" : "↓"),
    make("span", { class: "unseen" }, up ? "up" : "down"),
    ` from ${from}`,
  );
}

/**
 * A card. `place` is its position on the list from 1; `key` tells this card's elements from those of
 * other lists; `opened` holds the ids whose reasons are open; `act(kind, hit, place)` tells what the
 * shopper does: `open`, `add_to_cart` or `dismiss`.
 */
export function card(hit, { place, key, opened, act }) {
  const { product } = hit;
  const price = hit.variant?.price ?? product.price;
  const stock = availability(hit);
  const title = hit.highlights?.title ? marked(hit.highlights.title) : [product.title];
  const [whyButton, whyPanel] = why(hit, key, opened);
  const button = (kind, look, label) => make("button", { type: "button", class: look,
    "aria-label": `${label}: ${product.title}`, onclick: () => act(kind, hit, place) }, label);
  return make(
    "li",
    { class: "card", "data-id": hit.id },
    picture(product, hit.variant?.color),
    make(
      "div",
      { class: "facts" },
      make("p", { class: "brand" }, make("span", { class: "place" }, String(place)),
        [product.brand, hit.variant?.color ?? product.color].filter(Boolean).join(" · "), movement(hit.explain)),
      make("h3", {}, make("button", { type: "button", class: "title", onclick: () => act("open", hit, place) }, title)),
      make("div", { class: "line" },
        make("p", { class: "price" }, typeof price === "number" ? money(price, product.currency) : ""), rating(product)),
      make("p", { class: `stock ${stock.state}` }, stock.text),
      make("div", { class: "actions" }, button("add_to_cart", "primary", "Add to cart"),
        button("dismiss", "dismiss quiet", "Not for me"), whyButton),
    ),
    whyPanel,
  );
}
