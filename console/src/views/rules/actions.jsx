// What a rule does.

import { Check, Field, IconButton, JsonField, NumberInput, Slider, TextInput } from "../../parts/controls.jsx";
import { Menu } from "../../parts/dialog.jsx";
import { FilterEditor } from "../../parts/filter.jsx";
import { Picture, ProductFinder, useProducts } from "../../parts/product.jsx";

const KINDS = {
  pin: { title: "Pin a product", first: { do: "pin", product_id: "", position: 1 }, Editor: Pin },
  boost: { title: "Boost products", first: { do: "boost", filter: {}, percent: 30 }, Editor: Lift },
  bury: { title: "Bury products", first: { do: "bury", filter: {}, percent: 30 }, Editor: Lift },
  hide: { title: "Hide products", first: { do: "hide", filter: {} }, Editor: Filtered },
  filter: { title: "Show only products", first: { do: "filter", filter: {} }, Editor: Filtered },
  replace: { title: "Replace words", first: { do: "replace", words: "", with: "" }, Editor: Replace },
  remove: { title: "Remove words", first: { do: "remove", words: "" }, Editor: Remove },
  redirect: { title: "Send to a page", first: { do: "redirect", url: "/" }, Editor: Redirect },
  banner: { title: "Show a banner", first: { do: "banner", content: { text: "", url: "" } }, Editor: Banner },
};

export function ActionsForm({ index, then, onThen }) {
  const set = (place, action) => onThen(then.map((old, at) => (at === place ? action : old)));
  const swap = (place, other) => {
    const next = [...then];
    [next[place], next[other]] = [next[other], next[place]];
    onThen(next);
  };
  return (
    <section class="panel" aria-label="Actions">
      <header class="panel-head">
        <h2>Then</h2>
      </header>
      {then.map((action, place) => {
        const { title, Editor } = KINDS[action.do] ?? { title: action.do, Editor: Unknown };
        return (
          <div class="part" key={place} role="group" aria-label={title}>
            <div class="part-head">
              <h3>{title}</h3>
              <IconButton icon="up" label="Earlier" disabled={place === 0} onClick={() => swap(place, place - 1)} />
              <IconButton
                icon="down"
                label="Later"
                disabled={place === then.length - 1}
                onClick={() => swap(place, place + 1)}
              />
              <IconButton
                icon="close"
                label={`Remove: ${title}`}
                onClick={() => onThen(then.filter((_, at) => at !== place))}
              />
            </div>
            <div class="part-body">
              <Editor index={index} action={action} onAction={(next) => set(place, next)} />
            </div>
          </div>
        );
      })}
      <Menu
        label="Add an action"
        text="Add an action"
        icon="plus"
        kind="quiet small"
        items={Object.values(KINDS).map(({ title, first }) => ({
          label: title,
          run: () => onThen([...then, structuredClone(first)]),
        }))}
      />
    </section>
  );
}

function Pin({ index, action, onAction }) {
  const product = useProducts(index, [action.product_id]).get(action.product_id);
  return (
    <>
      {action.product_id && (
        <p class="chosen">
          {product && <Picture product={product} />}
          <span class="compact-title">{product?.title ?? action.product_id}</span>
        </p>
      )}
      <ProductFinder
        index={index}
        label="Product to pin"
        placeholder={action.product_id ? "Another product …" : "Which product? Title, brand or id"}
        onFound={({ id }) => onAction({ ...action, product_id: id })}
      />
      <label class="bound">
        <span>at position</span>
        <NumberInput
          min={1}
          max={1_000}
          step={1}
          value={action.position}
          onValue={(position) => onAction({ ...action, position: Math.trunc(position ?? 1) })}
        />
      </label>
      <Check checked={action.keep === true} onValue={(keep) => onAction({ ...action, keep })}>
        also when the shopper sorts
      </Check>
    </>
  );
}

function Lift({ index, action, onAction }) {
  return (
    <div class="stack">
      <FilterEditor index={index} filter={action.filter} onFilter={(filter) => onAction({ ...action, filter })} />
      <Slider
        label="Strength"
        min={0}
        max={100}
        value={action.percent}
        unit="%"
        onValue={(percent) => onAction({ ...action, percent })}
      />
    </div>
  );
}

function Filtered({ index, action, onAction }) {
  return <FilterEditor index={index} filter={action.filter} onFilter={(filter) => onAction({ ...action, filter })} />;
}

function Replace({ action, onAction }) {
  return (
    <>
      <TextInput
        aria-label="Words of the query"
        placeholder="these words"
        value={action.words}
        onValue={(words) => onAction({ ...action, words })}
      />
      <span class="muted">by</span>
      <TextInput
        aria-label="What is searched for instead"
        placeholder="other words"
        value={action.with}
        onValue={(text) => onAction({ ...action, with: text })}
      />
    </>
  );
}

function Remove({ action, onAction }) {
  return (
    <TextInput
      aria-label="Words of the query"
      placeholder="these words"
      value={action.words}
      onValue={(words) => onAction({ ...action, words })}
    />
  );
}

function Redirect({ action, onAction }) {
  return (
    <TextInput
      aria-label="Address"
      placeholder="/sale or https://…"
      value={action.url}
      onValue={(url) => onAction({ ...action, url })}
    />
  );
}

const isSimple = (content) =>
  content !== null &&
  typeof content === "object" &&
  !Array.isArray(content) &&
  Object.entries(content).every(([name, value]) => ["text", "url"].includes(name) && typeof value === "string");

/** A text with a link, as the storefront shows it; anything else as JSON. */
function Banner({ action, onAction }) {
  const { content } = action;
  const set = (next) => onAction({ ...action, content: next });
  if (typeof content === "string")
    return <TextInput aria-label="Text of the banner" value={content} onValue={set} spellcheck />;
  if (isSimple(content)) {
    return (
      <div class="stack grow">
        <Field label="Text" wide>
          {(id) => (
            <TextInput id={id} value={content.text ?? ""} onValue={(text) => set({ ...content, text })} spellcheck />
          )}
        </Field>
        <Field label="Link" wide>
          {(id) => (
            <TextInput
              id={id}
              value={content.url ?? ""}
              placeholder="/sale or https://…"
              onValue={(url) => set({ ...content, url })}
            />
          )}
        </Field>
      </div>
    );
  }
  return <JsonField label="What the storefront needs to show it, as JSON" value={content} onValue={set} />;
}

function Unknown() {
  return <p class="muted">This page does not know the action; the JSON view shows it.</p>;
}
