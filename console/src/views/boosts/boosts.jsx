// Preferences of the shop that hold for every query.

import { useState } from "preact/hooks";
import { call, inIndex } from "../../core/api.js";
import { useEditable, useLoaded } from "../../core/drafts.js";
import { counted } from "../../core/format.js";
import { Button, Field, IconButton, NumberInput, Select, Slider } from "../../parts/controls.jsx";
import { FilterEditor, filterText, isComplete } from "../../parts/filter.jsx";
import { PreviewPanel } from "../../parts/moves.jsx";
import { Loading, Note, Problem, SaveBar } from "../../parts/notices.jsx";
import { Effect, NumericEffect } from "./effect.jsx";

const FIELDS = [
  ["margin", "Margin"],
  ["stock", "Stock"],
  ["rating", "Rating"],
  ["popularity", "Popularity"],
  ["price", "Price"],
  ["created_at", "Newness"],
];
const MORE_FIELDS = [
  ["stock_cover_days", "Days that the stock lasts"],
  ["sales_per_day", "Sales per day"],
  ["conversion_rate", "Share of visits that buy"],
  ["discount", "Discount"],
  ["season", "Season"],
  ["attribute", "An attribute …"],
];

const SHAPES = [
  ["share", "By rank in the shop"],
  ["linear", "In proportion"],
  ["log", "In proportion, logarithmic"],
  ["recency", "By age, halving"],
  ["step", "All from a number on"],
];
const FIRST = {
  share: { kind: "share" },
  linear: { kind: "linear" },
  log: { kind: "log" },
  recency: { kind: "recency", half_life_days: 30 },
  step: { kind: "step", from: 1 },
};
const SAID = {
  share: "The product with the highest value gets all of it, the median one half.",
  linear: "From the 5th to the 95th percentile, in equal steps.",
  log: "For numbers of which few are very high.",
  recency: "All of it for what is new; half of it after each half-life.",
  step: "All of it from this number on, nothing below.",
};

function endpoints(index) {
  const path = inIndex(index, "boosts");
  return {
    read: () => call("GET", path),
    write: (body, version) => call("PUT", path, { body, version }),
  };
}

const whole = (boosts) =>
  boosts.attributes.every(({ filter }) => isComplete(filter)) &&
  boosts.numeric.every(({ field }) => field !== "attributes.");

export function BoostsView({ index }) {
  const { read, write } = endpoints(index);
  const editable = useEditable(`${index}.boosts`, read, write);
  const boosts = editable.value;
  const [q, setQ] = useState("shoes");
  const [shopper, setShopper] = useState("");
  const effect = useEffectOf(index, boosts);
  if (!boosts)
    return (
      <div class="page">
        {editable.error ? (
          <Problem error={editable.error} retry={editable.load} />
        ) : (
          <Loading what="Reading the boosts" />
        )}
      </div>
    );
  const set = (part) => editable.set({ ...boosts, ...part });
  return (
    <div class="page split">
      <header class="page-head">
        <div>
          <h1>Boosts</h1>
          <p class="muted">What the shop prefers, for every query. Rules come on top of it.</p>
        </div>
      </header>
      <div class="split-main">
        <Numeric
          boosts={boosts}
          onNumeric={(numeric) => set({ numeric })}
          effect={effect.data}
          isExtended={effect.isThere}
        />
        <Attributes
          index={index}
          boosts={boosts}
          onAttributes={(attributes) => set({ attributes })}
          effect={effect.data}
        />
        <section class="panel">
          <Slider
            label="All boosts of a product together change its score by at most"
            min={0}
            max={100}
            value={boosts.percent_max}
            unit="%"
            onValue={(percent) => set({ percent_max: percent })}
          />
        </section>
        <SaveBar editable={editable} what="Boosts" isInvalid={!whole(boosts)} />
      </div>
      <div class="split-side">
        {effect.isThere && <Effect effect={effect.data} error={effect.error} isLoading={effect.isLoading} />}
        <PreviewPanel
          index={index}
          draft={whole(boosts) ? { boosts } : null}
          q={q}
          onQ={setQ}
          shopper={shopper}
          onShopper={setShopper}
        />
      </div>
    </div>
  );
}

/** What the boosts do to the products of the shop; not there on a server that does not know the call. */
function useEffectOf(index, boosts) {
  const wanted = boosts && whole(boosts) ? boosts : null;
  const { data, error, isLoading } = useLoaded(
    async (signal) => {
      if (!wanted) return null;
      return (await call("POST", inIndex(index, "boosts", "effect"), { body: wanted, signal })).data;
    },
    [index, JSON.stringify(wanted)],
    200,
  );
  const isUnknown = error?.status === 404 || error?.isUnknownCall;
  return {
    data: isUnknown ? null : data,
    error: isUnknown ? null : error,
    isLoading,
    isThere: !isUnknown && (data !== null || Boolean(error)),
  };
}

function Numeric({ boosts, onNumeric, effect, isExtended }) {
  const { numeric } = boosts;
  const set = (place, boost) => onNumeric(numeric.map((old, at) => (at === place ? boost : old)));
  return (
    <section class="panel" aria-label="Boosts by number">
      <header class="panel-head">
        <h2>By number</h2>
        <span class="muted">high values are lifted; negative percents lower them</span>
      </header>
      {numeric.map((boost, place) => (
        <NumericBoost
          key={place}
          boost={boost}
          isExtended={isExtended}
          effect={effect?.numeric?.[place]}
          onBoost={(next) => set(place, next)}
          onRemove={() => onNumeric(numeric.filter((_, at) => at !== place))}
        />
      ))}
      {numeric.length === 0 && <p class="muted">None: margin, stock and the like do not change the order.</p>}
      <Button
        kind="quiet small"
        icon="plus"
        onClick={() => onNumeric([...numeric, { field: unused(numeric), percent: 10 }])}
      >
        Boost by a number
      </Button>
    </section>
  );
}

const unused = (numeric) =>
  FIELDS.map(([name]) => name).find((name) => !numeric.some(({ field }) => field === name)) ?? "margin";

function NumericBoost({ boost, isExtended, effect, onBoost, onRemove }) {
  const isAttribute = boost.field.startsWith("attributes.");
  const fields = isExtended ? [...FIELDS, ...MORE_FIELDS] : FIELDS;
  const known =
    fields.some(([name]) => name === boost.field) || isAttribute ? fields : [...fields, [boost.field, boost.field]];
  const shape = boost.shape ?? FIRST.share;
  const label = known.find(([name]) => name === boost.field)?.[1] ?? boost.field;
  const setShape = (next) => {
    const { shape: _, ...others } = boost;
    onBoost(next.kind === "share" ? others : { ...others, shape: next });
  };
  return (
    <div class="part" role="group" aria-label={`Boost by ${label}`}>
      <div class="part-head">
        <Select
          aria-label="Number"
          value={isAttribute ? "attribute" : boost.field}
          onValue={(field) => onBoost({ ...boost, field: field === "attribute" ? "attributes." : field })}
          options={known}
        />
        {isAttribute && (
          <input
            type="text"
            aria-label="Name of the attribute"
            placeholder="weight_g"
            value={boost.field.slice(11)}
            onInput={(event) => onBoost({ ...boost, field: `attributes.${event.currentTarget.value.trim()}` })}
          />
        )}
        <span class="grow" />
        <IconButton icon="close" label={`Remove the boost by ${label}`} onClick={onRemove} />
      </div>
      <Slider
        label="Strength"
        min={-100}
        max={100}
        value={boost.percent}
        unit="%"
        onValue={(percent) => onBoost({ ...boost, percent })}
      />
      {isExtended && (
        <div class="field-row">
          <Field label="Shape" hint={SAID[shape.kind]}>
            {(id) => <Select id={id} value={shape.kind} onValue={(kind) => setShape(FIRST[kind])} options={SHAPES} />}
          </Field>
          {shape.kind === "recency" && (
            <Field label="Half-life in days">
              {(id) => (
                <NumberInput
                  id={id}
                  min={0.01}
                  max={36_500}
                  value={shape.half_life_days}
                  onValue={(days) => days && setShape({ ...shape, half_life_days: days })}
                />
              )}
            </Field>
          )}
          {shape.kind === "step" && (
            <Field label="From">
              {(id) => (
                <NumberInput
                  id={id}
                  value={shape.from}
                  onValue={(from) => from !== null && setShape({ ...shape, from })}
                />
              )}
            </Field>
          )}
          {effect && <NumericEffect effect={effect} />}
        </div>
      )}
    </div>
  );
}

function Attributes({ index, boosts, onAttributes, effect }) {
  const { attributes } = boosts;
  const set = (place, part) => onAttributes(attributes.map((old, at) => (at === place ? { ...old, ...part } : old)));
  return (
    <section class="panel" aria-label="Boosts by attribute">
      <header class="panel-head">
        <h2>By attribute</h2>
        <span class="muted">brands, categories, tags …</span>
      </header>
      {attributes.map(({ filter, percent }, place) => (
        <div class="part" key={place} role="group" aria-label={`Boost by attribute ${place + 1}`}>
          <div class="part-head">
            <h3>{isComplete(filter) ? filterText(filter) : "Which products?"}</h3>
            <IconButton
              icon="close"
              label={`Remove boost by attribute ${place + 1}`}
              onClick={() => onAttributes(attributes.filter((_, at) => at !== place))}
            />
          </div>
          <FilterEditor index={index} filter={filter} onFilter={(next) => set(place, { filter: next })} />
          <Slider
            label="Strength"
            min={-100}
            max={100}
            value={percent}
            unit="%"
            onValue={(next) => set(place, { percent: next })}
          />
          {effect?.attributes?.[place] && (
            <p class="hint">
              {effect.attributes[place].problem ?? counted(effect.attributes[place].products, "product")}
            </p>
          )}
        </div>
      ))}
      {attributes.length === 0 && <p class="muted">None.</p>}
      <Button
        kind="quiet small"
        icon="plus"
        onClick={() => onAttributes([...attributes, { filter: { brand: [] }, percent: 10 }])}
      >
        Boost by an attribute
      </Button>
      {!whole(boosts) && (
        <Note icon="warn" kind="warn">
          Say which products a boost is for.
        </Note>
      )}
    </section>
  );
}
