// Conditions on products, one row each: "brand is any of Nike, Puma", "price at most 100".

import { useId } from "preact/hooks";
import { useLoaded } from "../core/drafts.js";
import { look } from "../core/search.js";
import { fromLocalInput, localInput, number } from "../core/format.js";
import { Button, IconButton, NumberInput, Select, Tokens } from "./controls.jsx";

const NUMBERS = ["price", "stock", "rating", "rating_count", "popularity", "margin"];
const TEXTS = ["brand", "category", "color", "size", "tags", "id"];
const FIELDS = [...TEXTS, ...NUMBERS, "created_at", "in_stock"];
const SUGGESTED_MAX = 100;

const kindOf = (field) =>
  field === "in_stock" ? "flag" : field === "created_at" ? "time" : NUMBERS.includes(field) ? "number" : "text";

const isList = (condition) => Array.isArray(condition) || typeof condition !== "object";

/** What a condition says, in words. */
export function conditionText(field, condition) {
  const name = field.replaceAll("_", " ");
  if (typeof condition === "boolean") return condition ? name : `not ${name}`;
  if (isList(condition)) return `${name} ${[condition].flat().join(" or ")}`;
  const parts = [];
  const shown = (value) => (field === "created_at" ? new Date(value).toLocaleDateString() : number(value));
  if (condition.gte !== undefined) parts.push(`≥ ${shown(condition.gte)}`);
  if (condition.gt !== undefined) parts.push(`> ${shown(condition.gt)}`);
  if (condition.lte !== undefined) parts.push(`≤ ${shown(condition.lte)}`);
  if (condition.lt !== undefined) parts.push(`< ${shown(condition.lt)}`);
  if (condition.not?.length) parts.push(`not ${condition.not.join(" or ")}`);
  return `${name} ${parts.join(", ")}`;
}

/** What a filter says, in words. */
export const filterText = (filter) =>
  Object.entries(filter ?? {})
    .map(([field, condition]) => conditionText(field, condition))
    .join(" and ") || "all products";

function first(field) {
  return { flag: true, number: { gte: 0 }, time: { gte: Date.now() - 30 * 86_400_000 }, text: [] }[kindOf(field)];
}

function useValues(index, field) {
  const { data } = useLoaded(
    async (signal) => {
      if (!field || kindOf(field) !== "text" || field === "id") return [];
      const body = { q: "", per_page: 1, facets: [field] };
      const counts = (await look(index, body, signal)).facets[field];
      return Array.isArray(counts) ? counts.slice(0, SUGGESTED_MAX).map(({ value }) => String(value)) : [];
    },
    [index, field],
  );
  return data ?? [];
}

function TextCondition({ index, field, condition, onValue }) {
  const isNot = !isList(condition);
  const values = (isNot ? (condition.not ?? []) : [condition].flat()).map(String);
  const set = (list, not) => onValue(not ? { not: list } : list);
  return (
    <>
      <Select
        aria-label={`How ${field} is compared`}
        value={isNot ? "not" : "is"}
        onValue={(kind) => set(values, kind === "not")}
        options={[
          ["is", "is any of"],
          ["not", "is none of"],
        ]}
      />
      <Tokens
        label={`Values of ${field}`}
        values={values}
        placeholder="Type a value, then Enter"
        suggested={useValues(index, field)}
        onValues={(list) => set(list, isNot)}
      />
    </>
  );
}

const BOUNDS = { gte: "at least", lte: "at most", gt: "above", lt: "below" };

function BoundsCondition({ field, condition, onValue }) {
  const given =
    typeof condition === "object" && !Array.isArray(condition)
      ? condition
      : { gte: Number(condition) || 0, lte: Number(condition) || 0 };
  const set = (name, value) => {
    const { [name]: _, ...others } = given;
    onValue(value === null || value === undefined ? others : { ...others, [name]: value });
  };
  const shown = Object.keys(BOUNDS).filter((name) => name.endsWith("e") || given[name] !== undefined);
  const isTime = kindOf(field) === "time";
  return shown.map((name) => (
    <label class="bound" key={name}>
      <span>{BOUNDS[name]}</span>
      {isTime ? (
        <input
          type="datetime-local"
          value={localInput(given[name])}
          onInput={(event) => {
            const text = fromLocalInput(event.currentTarget.value);
            set(name, text ? Date.parse(text) : null);
          }}
        />
      ) : (
        <NumberInput value={given[name]} onValue={(value) => set(name, value)} />
      )}
    </label>
  ));
}

function Condition(props) {
  const { field, condition, onValue } = props;
  if (kindOf(field) === "flag" || typeof condition === "boolean") {
    return (
      <Select
        aria-label={field}
        value={String(condition === true)}
        onValue={(text) => onValue(text === "true")}
        options={[
          ["true", "yes"],
          ["false", "no"],
        ]}
      />
    );
  }
  const isRange = !isList(condition) && !condition.not;
  return kindOf(field) === "text" && !isRange ? <TextCondition {...props} /> : <BoundsCondition {...props} />;
}

/** Edits a filter. All rows must hold. */
export function FilterEditor({ index, filter, onFilter }) {
  const list = useId();
  const entries = Object.entries(filter);
  const rest = FIELDS.filter((field) => !(field in filter));
  const set = (field, condition) => onFilter({ ...filter, [field]: condition });
  const rename = (old, field) => {
    if (!field || field in filter) return;
    onFilter(
      Object.fromEntries(
        entries.map(([name, condition]) => (name === old ? [field, first(field)] : [name, condition])),
      ),
    );
  };
  return (
    <div class="filter">
      {entries.map(([field, condition]) => (
        <div class="filter-row" key={field}>
          <input
            type="text"
            class="filter-field"
            aria-label="Field"
            value={field}
            list={list}
            onChange={(event) => rename(field, event.currentTarget.value.trim())}
          />
          <Condition index={index} field={field} condition={condition} onValue={(value) => set(field, value)} />
          <IconButton
            icon="close"
            label={`Remove the condition on ${field}`}
            onClick={() => {
              const { [field]: _, ...others } = filter;
              onFilter(others);
            }}
          />
        </div>
      ))}
      <datalist id={list}>
        {FIELDS.map((field) => (
          <option key={field} value={field} />
        ))}
      </datalist>
      <Button kind="quiet small" icon="plus" disabled={rest.length === 0} onClick={() => set(rest[0], first(rest[0]))}>
        {entries.length ? "and …" : "Which products"}
      </Button>
    </div>
  );
}

/** Whether a filter names something in each of its rows. */
export const isComplete = (filter) =>
  Object.keys(filter ?? {}).length > 0 &&
  Object.values(filter).every((condition) =>
    Array.isArray(condition)
      ? condition.length > 0
      : typeof condition !== "object" || Object.values(condition).flat().length > 0,
  );
