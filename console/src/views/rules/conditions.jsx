// When a rule fires: every condition that is given must hold.

import { useId } from "preact/hooks";
import { fromLocalInput, localInput } from "../../core/format.js";
import { compact } from "../../core/json.js";
import {
  Check,
  Field,
  IconButton,
  JsonField,
  NumberInput,
  Select,
  TextInput,
  Tokens,
  Button,
} from "../../parts/controls.jsx";
import { Menu } from "../../parts/dialog.jsx";
import { isLocal } from "./words.js";

const QUERY = [
  ["is", "is exactly"],
  ["means", "is or means"],
  ["contains", "contains"],
  ["starts_with", "starts with"],
];
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const ZONES = Intl.supportedValuesOf?.("timeZone") ?? [];
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const KINDS = {
  query: { title: "Query", first: { is: "" }, Editor: QueryCondition },
  category: {
    title: "Category",
    first: "",
    Editor: ({ value, onValue }) => (
      <TextInput
        aria-label="Category that is filtered for"
        value={value}
        placeholder="Running shoes"
        onValue={onValue}
      />
    ),
  },
  contexts: {
    title: "Context",
    first: [],
    Editor: ({ value, onValue }) => (
      <Tokens label="Contexts, any of" values={value} placeholder="mobile, newsletter …" onValues={onValue} />
    ),
  },
  from: { title: "From", first: "", Editor: (props) => <Time {...props} label="From this time on" /> },
  until: { title: "Until", first: "", Editor: (props) => <Time {...props} label="Up to this time" /> },
  schedule: {
    title: "Hours of the week",
    first: { time_zone: OWN_ZONE, hours: [{ weekdays: [], from: "09:00", until: "17:00" }] },
    Editor: Schedule,
  },
  time_zone: {
    title: "Time zone",
    first: OWN_ZONE,
    Editor: ({ value, onValue }) => <Zone label="Time zone" value={value} onValue={onValue} />,
  },
  shopper: { title: "Shopper", first: [{ brand: "", at_least: 0.3 }], Editor: Segment },
  share_percent: { title: "Share of visitors", first: 50, Editor: Share },
};

export function ConditionsForm({ when, onWhen }) {
  const shown = Object.keys(KINDS).filter((name) => name in when);
  const rest = Object.keys(KINDS).filter((name) => !(name in when));
  const remove = (name) => {
    const { [name]: _, ...others } = when;
    onWhen(others);
  };
  return (
    <section class="panel" aria-label="Conditions">
      <header class="panel-head">
        <h2>When</h2>
        <span class="muted">{shown.length > 1 ? "all of these hold" : shown.length ? "" : "always"}</span>
      </header>
      {shown.map((name) => {
        const { title, Editor } = KINDS[name];
        return (
          <div class="part inline" key={name} role="group" aria-label={title}>
            <div class="part-head">
              <h3>{title}</h3>
              <IconButton icon="close" label={`Remove the condition: ${title}`} onClick={() => remove(name)} />
            </div>
            <div class="part-body">
              <Editor value={when[name]} onValue={(value) => onWhen({ ...when, [name]: value })} />
            </div>
          </div>
        );
      })}
      {rest.length > 0 && (
        <Menu
          label="Add a condition"
          text="Add a condition"
          icon="plus"
          kind="quiet small"
          items={rest.map((name) => ({
            label: KINDS[name].title,
            run: () => onWhen({ ...when, [name]: structuredClone(KINDS[name].first) }),
          }))}
        />
      )}
    </section>
  );
}

function QueryCondition({ value, onValue }) {
  const [kind, text] = Object.entries(value)[0] ?? ["is", ""];
  return (
    <>
      <Select
        aria-label="How the query is compared"
        value={kind}
        onValue={(next) => onValue({ [next]: text })}
        options={QUERY}
      />
      <TextInput
        aria-label="Text of the query"
        value={text}
        placeholder="running shoes"
        onValue={(next) => onValue({ [kind]: next })}
      />
    </>
  );
}

/** A time; one without an offset, by the clocks of a place, stays without. */
function Time({ value, onValue, label }) {
  const local = isLocal(value);
  const shown = local ? (value.includes("T") ? value.slice(0, 16) : `${value}T00:00`) : localInput(value);
  const given = (text) => (local ? text : fromLocalInput(text));
  return (
    <input
      type="datetime-local"
      aria-label={label}
      value={shown}
      onInput={(event) => event.currentTarget.value && onValue(given(event.currentTarget.value))}
    />
  );
}

function Zone({ label, value, onValue, id }) {
  const list = useId();
  return (
    <>
      <input
        type="text"
        id={id}
        aria-label={id ? undefined : label}
        value={value}
        list={list}
        onChange={(event) => onValue(event.currentTarget.value)}
      />
      <datalist id={list}>
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

function Share({ value, onValue }) {
  return (
    <label class="bound">
      <NumberInput
        aria-label="Percent of visitors"
        min={0}
        max={100}
        value={value}
        onValue={(next) => onValue(next ?? 0)}
      />
      <span>% of visitors, always the same ones</span>
    </label>
  );
}

function Schedule({ value, onValue }) {
  const set = (place, part) =>
    onValue({
      ...value,
      hours: value.hours.map((hours, at) => (at === place ? compact({ ...hours, ...part }) : hours)),
    });
  return (
    <div class="stack">
      <Field label="Time zone">
        {(id) => (
          <Zone id={id} value={value.time_zone ?? "UTC"} onValue={(zone) => onValue({ ...value, time_zone: zone })} />
        )}
      </Field>
      {value.hours.map((hours, place) => (
        <div class="hours" key={place}>
          <fieldset class="days">
            <legend class="unseen">Days on which these hours begin; none means every day</legend>
            {DAYS.map((name) => (
              <Check
                key={name}
                checked={(hours.weekdays ?? []).includes(name)}
                onValue={(isOn) =>
                  set(place, { weekdays: DAYS.filter((one) => (one === name ? isOn : hours.weekdays?.includes(one))) })
                }
              >
                {name[0].toUpperCase() + name.slice(1, 3)}
              </Check>
            ))}
          </fieldset>
          <label class="bound">
            <span>from</span>
            <input
              type="time"
              value={hours.from ?? "00:00"}
              onInput={(event) => set(place, { from: event.currentTarget.value })}
            />
          </label>
          <label class="bound">
            <span>until</span>
            <input
              type="time"
              value={hours.until === "24:00" ? "00:00" : (hours.until ?? "00:00")}
              onInput={(event) => set(place, { until: event.currentTarget.value })}
            />
          </label>
          <IconButton
            icon="close"
            label="Remove these hours"
            disabled={value.hours.length === 1}
            onClick={() => onValue({ ...value, hours: value.hours.filter((_, at) => at !== place) })}
          />
        </div>
      ))}
      <p class="hint">No day ticked means every day. Hours that end before they begin end on the next day.</p>
      <Button
        kind="quiet small"
        icon="plus"
        onClick={() => onValue({ ...value, hours: [...value.hours, { from: "09:00", until: "17:00" }] })}
      >
        More hours
      </Button>
    </div>
  );
}

const KNOWN = [
  ["brand", "likes the brand"],
  ["category", "likes the category"],
  ["color", "likes the colour"],
  ["size", "wears the size"],
  ["purchases", "purchases"],
  ["price_level", "price level"],
];
const FACTS = ["purchases", "price_level"];
const FIRST = { at_least: 0.3 };

/** A list of conditions as rows; what is nested, by `any` and `not`, as JSON. */
function Segment({ value, onValue }) {
  const isPlain = Array.isArray(value) && value.every((one) => !one.all && !one.any && !one.not);
  if (!isPlain) return <JsonField label="The segment as JSON" value={value} onValue={onValue} />;
  return (
    <div class="stack">
      {value.map((one, place) => (
        <Known
          key={place}
          one={one}
          isOnly={value.length === 1}
          onOne={(next) => onValue(value.map((old, at) => (at === place ? next : old)))}
          onRemove={() => onValue(value.filter((_, at) => at !== place))}
        />
      ))}
      <p class="hint">
        A liking is from −1 to 1. A price level of 1.2 is a fifth dearer than usual. Nobody unknown is meant.
      </p>
      <Button kind="quiet small" icon="plus" onClick={() => onValue([...value, { brand: "", ...FIRST }])}>
        and …
      </Button>
    </div>
  );
}

function Known({ one, isOnly, onOne, onRemove }) {
  const kind = one.fact ?? KNOWN.find(([name]) => name in one)?.[0] ?? "brand";
  const isFact = FACTS.includes(kind);
  const thing = kind === "category" ? (one.category ?? []).join(" > ") : (one[kind] ?? "");
  const bounds = compact({ at_least: one.at_least, at_most: one.at_most });
  const named = (name, text) =>
    FACTS.includes(name)
      ? { fact: name }
      : {
          [name]:
            name === "category"
              ? text
                  .split(">")
                  .map((part) => part.trim())
                  .filter(Boolean)
              : text,
        };
  const bound = (name, given) => {
    const { [name]: _, ...others } = one;
    onOne(given === null ? others : { ...others, [name]: given });
  };
  const limits = isFact ? { min: 0 } : { min: -1, max: 1 };
  return (
    <div class="filter-row">
      <Select
        aria-label="What is known of the shopper"
        value={kind}
        onValue={(next) => onOne({ ...named(next, isFact ? "" : thing), ...bounds })}
        options={KNOWN}
      />
      {!isFact && (
        <TextInput
          aria-label={`Which ${kind}`}
          value={thing}
          placeholder={kind === "category" ? "Shoes > Running shoes" : "as the catalogue writes it"}
          onValue={(text) => onOne({ ...named(kind, text), ...bounds })}
        />
      )}
      <label class="bound">
        <span>at least</span>
        <NumberInput {...limits} step={0.1} value={one.at_least} onValue={(given) => bound("at_least", given)} />
      </label>
      <label class="bound">
        <span>at most</span>
        <NumberInput {...limits} step={0.1} value={one.at_most} onValue={(given) => bound("at_most", given)} />
      </label>
      <IconButton icon="close" label="Remove this" disabled={isOnly} onClick={onRemove} />
    </div>
  );
}
