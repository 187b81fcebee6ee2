// Drawings that stand in for product photos: one shape per kind of product, in the product's colour.

import { draw } from "./storefront-dom.js";

const TINTS = {
  black: "#34363c", grey: "#9a9da3", blue: "#3f78c9", white: "#f4f3ef", green: "#4f8f63", navy: "#2b3a66",
  beige: "#d9c7a8", red: "#c8453f", silver: "#c3c8ce", pink: "#e39ab0", orange: "#e08a3c", brown: "#80583c",
  yellow: "#e6c14a", burgundy: "#7a2a3c", terracotta: "#c4714f", purple: "#7d5ba6", cognac: "#a8642f",
  "light blue": "#9cc4e4", "rose gold": "#d9a59a", "dark blue": "#2d4a82", gold: "#cfa84a",
};
const UNTINTED = "#b9aa94";

/** The colour that a colour's name stands for. */
export const tint = (color) => TINTS[String(color ?? "").toLowerCase()] ?? UNTINTED;

// On 64 × 64: `b` is the body in the product's colour, `d` a darker part, `l` a line.
const SHAPES = {
  shoe: [["b", "M6 42c0-6 2-15 4-19 4 4 9 4 12-1 4 7 10 12 18 14 10 2 18 4 18 9v3H6z"], ["d", "M5 48h54v3a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3z"], ["l", "M26 28l-5 4M30 32l-5 4M35 35l-4 4"]],
  boot: [["b", "M18 8h20v24c0 4 4 5 9 6 7 1 11 4 11 10v2H18z"], ["d", "M16 50h42v6H30l-3-2-2 2h-9z"], ["l", "M38 16h-7M38 22h-7M38 28h-7"]],
  heel: [["b", "M6 18c6 0 9 3 13 9 7 10 14 17 39 19v4H34C22 50 14 40 10 30v22H7z"], ["l", "M20 28c8 12 20 17 36 18"]],
  sandal: [["d", "M5 46c16-5 38-5 54 0v5H5z"], ["b", "M12 44c2-14 12-19 20-18 9 1 16 9 18 17h-7c-3-7-8-10-13-10s-9 4-11 11z"]],
  jacket: [["b", "M24 8h16l12 6 6 34-8 2-5-20v28H19V30l-5 20-8-2 6-34z"], ["d", "M24 8l8 8 8-8-2-2H26z"], ["l", "M32 16v42M24 42h4M36 42h4"]],
  top: [["b", "M23 10l9 5 9-5 15 8-6 12-6-3v29H20V27l-6 3-6-12z"], ["l", "M23 10c2 7 16 7 18 0"]],
  trousers: [["b", "M19 7h26l5 50H37l-5-34-5 34H14z"], ["d", "M19 7h26l.6 6H18.4z"], ["l", "M32 13v10"]],
  dress: [["b", "M24 6l3 6h10l3-6 3 1-3 18 12 32H12l12-32-3-18z"], ["l", "M24 26h16"]],
  sock: [["b", "M24 6h16v26c0 4 2 6 6 9 6 5 4 15-5 15-5 0-10-4-15-9-3-3-2-8-2-13z"], ["d", "M24 6h16v8H24z"]],
  bag: [["b", "M12 24h40l4 32H8z"], ["l", "M22 30V18a10 10 0 0 1 20 0v12"]],
  backpack: [["b", "M16 24a16 16 0 0 1 32 0v30a3 3 0 0 1-3 3H19a3 3 0 0 1-3-3z"], ["d", "M20 38h24v14H20z"], ["l", "M26 9a6 6 0 0 1 12 0M26 44h12"]],
  hat: [["b", "M14 40a18 20 0 0 1 36 0z"], ["d", "M10 40h44v8H10z"], ["b", "M28 12a4 4 0 1 1 8 0 4 4 0 0 1-8 0z"]],
  laptop: [["b", "M12 14h40a2 2 0 0 1 2 2v28H10V16a2 2 0 0 1 2-2z"], ["d", "M4 46h56c0 4-2 6-5 6H9c-3 0-5-2-5-6z"], ["l", "M16 20h32v18H16z"]],
  screen: [["b", "M6 12h52a2 2 0 0 1 2 2v30H4V14a2 2 0 0 1 2-2z"], ["d", "M26 44h12l2 8H24z"], ["l", "M10 18h44v20H10z"]],
  phone: [["b", "M22 6h20a4 4 0 0 1 4 4v44a4 4 0 0 1-4 4H22a4 4 0 0 1-4-4V10a4 4 0 0 1 4-4z"], ["l", "M23 14h18v34H23zM30 53h4"]],
  audio: [["l", "M12 40V34a20 20 0 0 1 40 0v6"], ["b", "M8 38h8a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4a6 6 0 0 1-6-6v-8zM48 38h8l2 2v8a6 6 0 0 1-6 6h-4a2 2 0 0 1-2-2V40a2 2 0 0 1 2-2z"]],
  watch: [["d", "M24 4h16l2 14H22zM22 46h20l-2 14H24z"], ["b", "M22 16h20a4 4 0 0 1 4 4v24a4 4 0 0 1-4 4H22a4 4 0 0 1-4-4V20a4 4 0 0 1 4-4z"], ["l", "M32 25v8l5 4"]],
  camera: [["b", "M8 20h12l4-6h16l4 6h12a2 2 0 0 1 2 2v28a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V22a2 2 0 0 1 2-2z"], ["d", "M32 24a11 11 0 1 1 0 22 11 11 0 0 1 0-22z"], ["l", "M32 29a6 6 0 1 1 0 12 6 6 0 0 1 0-12"]],
  cable: [["b", "M20 28h24v18a8 8 0 0 1-8 8h-8a8 8 0 0 1-8-8z"], ["l", "M26 28V14M38 28V14M32 54v6"]],
  lamp: [["b", "M22 8h20l10 24H12z"], ["d", "M20 54h24v4H20z"], ["l", "M32 32v22M42 32v8"]],
  chair: [["b", "M10 26a5 5 0 0 1 10 0v8h24v-8a5 5 0 0 1 10 0v20H10z"], ["d", "M18 12h28a4 4 0 0 1 4 4v5c-5 0-8 3-8 7v3H22v-3c0-4-3-7-8-7v-5a4 4 0 0 1 4-4z"], ["l", "M15 46v6M49 46v6"]],
  bed: [["b", "M6 32h52v14H6z"], ["d", "M10 22h18a3 3 0 0 1 3 3v7H7v-7a3 3 0 0 1 3-3zM36 22h18a3 3 0 0 1 3 3v7H33v-7a3 3 0 0 1 3-3z"], ["l", "M8 46v8M56 46v8M6 39h52"]],
  pan: [["b", "M6 26h36v10a10 10 0 0 1-10 10H16A10 10 0 0 1 6 36z"], ["d", "M42 27h18v5H42z"], ["l", "M18 20c-3-4 3-5 0-9M30 20c-3-4 3-5 0-9"]],
  appliance: [["b", "M14 8h36v12H36v6H24v-6H14z"], ["d", "M14 52h36v6H14z"], ["b", "M22 32h22a10 14 0 0 1-22 20z"], ["l", "M14 20v34M44 36c8 0 8 10 0 10"]],
  tool: [["b", "M42 8a13 13 0 0 1 12 18l-6-6-6 1-1 6 6 6a13 13 0 0 1-16-3L16 52a5 5 0 0 1-7-7l21-16A13 13 0 0 1 42 8z"], ["l", "M13 48h.1"]],
  plant: [["d", "M18 40h28l-4 18H22z"], ["b", "M32 38C18 36 14 26 15 14c11 2 17 10 17 24zM33 38c0-12 5-19 16-21 1 11-5 20-16 21z"], ["l", "M32 40V28"]],
  bottle: [["b", "M27 6h10v11c0 4 7 6 7 14v23a4 4 0 0 1-4 4H24a4 4 0 0 1-4-4V31c0-8 7-10 7-14z"], ["d", "M20 34h24v14H20z"], ["l", "M27 12h10"]],
  cup: [["b", "M10 24h36v18a12 12 0 0 1-12 12H22a12 12 0 0 1-12-12z"], ["l", "M46 28c12-2 12 14 0 14M20 18c-3-4 3-5 0-9M32 18c-3-4 3-5 0-9"]],
  food: [["b", "M14 16h36v36a6 6 0 0 1-6 6H20a6 6 0 0 1-6-6z"], ["d", "M16 8h32a2 2 0 0 1 2 2v8H14v-8a2 2 0 0 1 2-2z"], ["l", "M22 30h20v14H22z"]],
  sweet: [["b", "M14 10h36v44H14z"], ["l", "M26 10v44M38 10v44M14 24h36M14 38h36"]],
  paw: [["b", "M32 30c8 0 15 9 15 17 0 6-5 8-9 7-4-2-8-2-12 0-4 1-9-1-9-7 0-8 7-17 15-17z"], ["d", "M12 24a5 7 0 1 1 0 14 5 7 0 0 1 0-14zM24 10a6 8 0 1 1 0 16 6 8 0 0 1 0-16zM40 10a6 8 0 1 1 0 16 6 8 0 0 1 0-16zM52 24a5 7 0 1 1 0 14 5 7 0 0 1 0-14z"]],
  ball: [["b", "M32 7a25 25 0 1 1 0 50 25 25 0 0 1 0-50z"], ["l", "M32 20l11 8-4 13H25l-4-13zM32 7v13M43 28l13-4M39 41l8 11M25 41l-8 11M21 28L8 24"]],
  bike: [["l", "M16 32a12 12 0 1 1 0 24 12 12 0 0 1 0-24zM48 32a12 12 0 1 1 0 24 12 12 0 0 1 0-24z"], ["t", "M16 44l8-22h18l6 22M24 22l10 22h-18M34 44l8-22M20 18h8M42 22l-2-7h8"]],
  tent: [["b", "M32 10l28 44H4z"], ["d", "M32 28l12 26H20z"], ["l", "M32 10V5"]],
  weight: [["d", "M14 29h36v6H14z"], ["b", "M12 18h6v28h-6zM46 18h6v28h-6zM5 24h6v16H5zM53 24h6v16h-6z"]],
  racket: [["t", "M36 6c12-3 22 10 14 22s-20 12-25 6 0-25 11-28zM25 34L9 56"], ["l", "M30 16l18 14M38 8l14 12M24 26l14 10M46 8L26 32M52 16L34 36"]],
  ski: [["t", "M20 58V16c0-6 2-9 6-10M40 58V16c0-6 2-9 6-10"], ["l", "M16 40h8M36 40h8"]],
  box: [["b", "M8 22l24-12 24 12v24L32 58 8 46z"], ["d", "M32 34l24-12v24L32 58z"], ["l", "M8 22l24 12 24-12M20 16l24 12"]],
};

// The first word found in the category path, from its most special level up, decides.
const KINDS = [
  [/heels/, "heel"], [/sandals|slippers/, "sandal"], [/boots|rain boots/, "boot"], [/insoles|socks/, "sock"],
  [/shoes|sneakers|trainers/, "shoe"], [/laptop bags|handbags|^bags/, "bag"], [/backpack|suitcase|hiking|travel/, "backpack"],
  [/hats|caps|beanies|scarves|gloves/, "hat"], [/jackets|coats|blazers|suits/, "jacket"],
  [/dress|skirt|nightwear/, "dress"], [/jeans|trousers|leggings|shorts|tights/, "trousers"],
  [/shirts|tops|knitwear|sweat|underwear|swimwear|running clothes|^running|fashion/, "top"],
  [/headphones|speakers|audio/, "audio"], [/monitors|tv|video|projector/, "screen"],
  [/laptops|computers|tablets/, "laptop"], [/phones/, "phone"], [/watch|wearables/, "watch"],
  [/photo|camera/, "camera"], [/charg|cable|electronics|network|printers/, "cable"], [/lamps|lighting/, "lamp"],
  [/bedroom|pillow|duvet|linen|towel|bathroom/, "bed"], [/furniture|living|sofa|chair|rugs/, "chair"],
  [/kitchen appliances|coffee machines/, "appliance"], [/kitchen|pans/, "pan"], [/tools/, "tool"],
  [/garden|plants/, "plant"], [/coffee|tea$|^tea/, "cup"], [/drinks|juice|cleaning|household|baby/, "bottle"],
  [/sweets|chocolate|biscuit/, "sweet"], [/pets|dog|cat food/, "paw"], [/groceries|pantry|breakfast/, "food"],
  [/cycling|bikes/, "bike"], [/camping|tents/, "tent"], [/fitness|yoga|weights/, "weight"],
  [/racket|tennis|badminton/, "racket"], [/winter sports|ski/, "ski"], [/team sports|balls|sports/, "ball"],
];

function kind({ category, title }) {
  const levels = [category ?? []].flat().map((level) => String(level).toLowerCase()).reverse();
  for (const level of levels) {
    // "Running clothes" may be anything to wear; the title says which.
    const told = level.endsWith("clothes") ? `${title}`.toLowerCase() : level;
    const found = KINDS.find(([words]) => words.test(told));
    if (found) return found[1];
  }
  return "box";
}

function drawing(product) {
  const parts = SHAPES[kind(product)].map(([part, path]) => draw("path", { class: `p-${part}`, d: path }));
  return draw("svg", { viewBox: "0 0 64 64", "aria-hidden": "true", focusable: "false" }, ...parts);
}

/** A product's picture: its own where it has one, else a drawing. */
export function picture(product, color) {
  const frame = document.createElement("div");
  frame.className = "picture";
  frame.style.setProperty("--tint", tint(color ?? product.color));
  frame.append(drawing(product));
  if (typeof product.image_url === "string" && /^(https:|data:image\/|\/)/.test(product.image_url)) {
    const photo = new Image();
    photo.alt = "";
    // The drawing stays where the photo cannot be had.
    photo.addEventListener("load", () => frame.replaceChildren(photo), { once: true });
    photo.src = product.image_url;
  }
  return frame;
}
