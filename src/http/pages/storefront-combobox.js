// Autocomplete: a text field with a list of suggestions, after the ARIA combobox pattern.

import { suggest } from "./storefront-calls.js";
import { byId, make, marked } from "./storefront-dom.js";

const PAUSE_MS = 90;
const KINDS = { category: "Category", brand: "Brand", product: "Product", recent: "Searched before" };

const field = byId("q");
const list = byId("suggestions");
let shown = [];
let active = -1;
let typed = "";
let pending = new AbortController();
let timer = 0;

/** Closes the list and forgets what is under way. */
export function close() {
  clearTimeout(timer);
  pending.abort();
  shown = [];
  active = -1;
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function option(suggestion, place, choose) {
  const within = suggestion.kind === "query" && suggestion.category ? `in ${suggestion.category}` : "";
  return make(
    "li",
    {
      id: `suggestion-${place}`,
      role: "option",
      "aria-selected": "false",
      // Before the field loses its focus, which would close the list.
      onpointerdown: (event) => { event.preventDefault(); choose(suggestion); },
    },
    make("span", {}, marked(suggestion.highlight || "")),
    make("span", { class: "kind" }, within || KINDS[suggestion.kind] || ""),
  );
}

function show(suggestions, choose) {
  shown = suggestions;
  active = -1;
  list.replaceChildren(...suggestions.map((one, place) => option(one, place, choose)));
  list.hidden = suggestions.length === 0;
  field.setAttribute("aria-expanded", String(suggestions.length > 0));
  field.removeAttribute("aria-activedescendant");
}

/** Moves to a suggestion; one step beyond either end is the typed text. */
function move(step) {
  const places = shown.length + 1;
  active = (active + 1 + step + places) % places - 1;
  for (const [place, item] of [...list.children].entries()) {
    item.setAttribute("aria-selected", String(place === active));
  }
  if (active < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", `suggestion-${active}`);
  field.value = active < 0 ? typed : shown[active].text;
}

async function ask(shopper, choose) {
  pending.abort();
  pending = new AbortController();
  const { signal } = pending;
  try {
    const suggestions = await suggest(typed.slice(0, 128), shopper(), signal);
    if (!signal.aborted && document.activeElement === field) show(suggestions, choose);
  } catch {
    // Suggestions are a help; without them the field still searches.
    if (!signal.aborted) close();
  }
}

function onKey(event, choose) {
  const open = !list.hidden;
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (open && event.key === "Enter" && active >= 0) {
    event.preventDefault();
    choose(shown[active]);
  } else if (open && event.key === "Escape") {
    event.preventDefault();
    field.value = typed;
    close();
  }
}

/** Wires the field: `shopper()` says who types, `chosen(suggestion)` takes a choice. */
export function start(shopper, chosen) {
  const choose = (suggestion) => { close(); chosen(suggestion); };
  const askSoon = () => {
    typed = field.value;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS, shopper, choose);
  };
  field.addEventListener("input", askSoon);
  field.addEventListener("focus", () => { typed = field.value; });
  field.addEventListener("keydown", (event) => {
    if (list.hidden && event.key === "ArrowDown") askSoon();
    else onKey(event, choose);
  });
  field.addEventListener("blur", close);
}
