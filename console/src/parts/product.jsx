// Products: pictures, highlighted titles, and a field that finds one.

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { picture } from "../../../src/http/pages/storefront-pictures.js";
import { call, inIndex } from "../core/api.js";
import { useLoaded } from "../core/drafts.js";
import { money } from "../core/format.js";
import { look } from "../core/search.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'" };
const plain = (escaped) => escaped.replace(/&(?:amp|lt|gt|quot|#39|#x27);/g, (name) => ENTITIES[name]);

/** An escaped text whose found words stand between `<mark>` and `</mark>`: as elements, never as HTML. */
export function Marked({ text }) {
  const parts = text.split(/<mark>([^]*?)<\/mark>/);
  return <>{parts.map((part, place) => (place % 2 ? <mark key={place}>{plain(part)}</mark> : plain(part)))}</>;
}

/** A product's picture, or a drawing where it has none. */
export function Picture({ product, color }) {
  const frame = useRef(null);
  useEffect(() => {
    frame.current.replaceChildren(picture(product, color));
  }, [product.id, product.image_url, color]);
  return <span class="picture-frame" ref={frame} aria-hidden="true" />;
}

const FOUND_MAX = 6;

/** A field that finds a product by its words or its id. */
export function ProductFinder({ index, label, onFound, placeholder = "Title, brand or id" }) {
  const [q, setQ] = useState("");
  const id = useId();
  const { data } = useLoaded(
    async (signal) => {
      if (!q.trim()) return [];
      const body = { q, per_page: FOUND_MAX, mode: "lexical", personalize: 0 };
      const found = (await look(index, body, signal)).hits.map(({ product }) => product);
      if (found.some((product) => product.id === q.trim()) || /\s/.test(q.trim())) return found;
      const named = await call("GET", inIndex(index, "products", q.trim()), { signal }).catch(() => null);
      return named ? [named.data, ...found] : found;
    },
    [index, q],
    200,
  );
  const choose = (product) => {
    setQ("");
    onFound(product);
  };
  return (
    <div class="finder">
      <label for={id} class="unseen">
        {label}
      </label>
      <input
        id={id}
        type="search"
        value={q}
        placeholder={placeholder}
        autocomplete="off"
        onInput={(event) => setQ(event.currentTarget.value)}
      />
      {q && data && (
        <ul class="finder-list" aria-label="Found products">
          {data.length === 0 && <li class="muted">Nothing found</li>}
          {data.map((product) => (
            <li key={product.id}>
              <button type="button" onClick={() => choose(product)}>
                <Picture product={product} />
                <span class="finder-title">{product.title}</span>
                <span class="muted">{money(product.price, product.currency)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const known = new Map();
const placeOf = (index, id) => `${index}/${id}`;

/** Keeps a product that was shown, so that it need not be asked for again. */
export const remember = (index, product) => known.set(placeOf(index, product.id), product);

/** The products of ids: by themselves where the key may read them, else those that a search finds. */
async function fetched(index, ids, signal) {
  const one = (id) => call("GET", inIndex(index, "products", id), { signal });
  const answers = await Promise.allSettled(ids.map(one));
  const refused = answers.some(({ reason }) => reason?.status === 403);
  if (!refused) return answers.filter(({ value }) => value).map(({ value }) => value.data);
  const body = { q: "", filters: { id: ids }, per_page: 100, personalize: 0 };
  return (await look(index, body, signal)).hits.map(({ product }) => product);
}

/** The products of ids, as far as the key may read them. */
export function useProducts(index, ids) {
  const wanted = [...new Set(ids)].filter(Boolean);
  const { data } = useLoaded(
    async (signal) => {
      const missing = wanted.filter((id) => !known.has(placeOf(index, id)));
      if (missing.length > 0) for (const product of await fetched(index, missing, signal)) remember(index, product);
      return new Map(wanted.map((id) => [id, known.get(placeOf(index, id))]));
    },
    [index, wanted.join("\n")],
  );
  return data ?? new Map();
}
