// Products: pictures, highlighted titles, and a field that finds one.

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { picture } from "../../../src/http/pages/storefront-pictures.js";
import { call, inIndex } from "../core/api.js";
import { useLoaded } from "../core/drafts.js";
import { money } from "../core/format.js";

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
      const found = (await call("POST", inIndex(index, "search"), { body, signal })).data.hits.map(
        ({ product }) => product,
      );
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

/** The products of ids, as far as the key may read them. */
export function useProducts(index, ids) {
  const wanted = [...new Set(ids)];
  const { data } = useLoaded(
    async (signal) => {
      const missing = wanted.filter((id) => id && !known.has(`${index}/${id}`));
      await Promise.all(
        missing.map(async (id) => {
          const answer = await call("GET", inIndex(index, "products", id), { signal }).catch(() => null);
          if (answer) known.set(`${index}/${id}`, answer.data);
        }),
      );
      return new Map(wanted.map((id) => [id, known.get(`${index}/${id}`)]));
    },
    [index, wanted.join("\n")],
  );
  return data ?? new Map();
}
