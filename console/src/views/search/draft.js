// The draft rule of a query: what dragging, hiding, boosting and burying make of it.

import { inIndex, call } from "../../core/api.js";
import { draftOf } from "../../core/drafts.js";
import { slug } from "../../core/format.js";
import { same } from "../../core/json.js";

/** The cell with the draft of an index: `{id, isNew, version, saved, rule, q}` or `null`. */
export const queryDraft = (index) => draftOf(`${index}.query-rule`);

/** What a rule may ask of the query. */
export const MATCHES = [
  ["is", "is exactly"],
  ["means", "is or means"],
  ["contains", "contains"],
  ["starts_with", "starts with"],
];

/** The condition on the query, as `[kind, text]`. */
export const matchOf = (rule) => Object.entries(rule.when?.query ?? {})[0] ?? ["always", ""];

async function begun(index, q) {
  const { data, version } = await call("GET", inIndex(index, "rules"));
  const own = data.rules.find(({ when }) => same(when, { query: { is: q } }));
  if (own) {
    const { id, ...rule } = own;
    return { id, isNew: false, version, saved: rule, rule, q };
  }
  const taken = new Set(data.rules.map(({ id }) => id));
  const stem = slug(q) || "best-products";
  let id = stem;
  for (let number = 2; taken.has(id) || ["conflicts", "preview"].includes(id); number += 1) id = `${stem}-${number}`;
  const when = q.trim() ? { query: { is: q } } : {};
  const rule = {
    description: q.trim() ? `Results for “${q}”` : "Results for every query",
    enabled: true,
    priority: 0,
    when,
    then: [],
  };
  return { id, isNew: true, version, saved: null, rule, q };
}

/** Changes the list of actions; the first change of a query begins the draft. */
export async function changeDraft(index, q, change) {
  const cell = queryDraft(index);
  const fresh = cell.get() ?? (await begun(index, q));
  // Another change may have begun it meanwhile.
  const draft = cell.get() ?? fresh;
  const [kind] = matchOf(draft.rule);
  if (draft.q !== q && ["is", "means"].includes(kind))
    throw new Error(`Save or discard the draft for “${draft.q}” first.`);
  const then = change(draft.rule.then);
  cell.set({ ...draft, rule: { ...draft.rule, then } });
}

/** Actions with a product pinned at a position, from 1; pins that stood there or below make way. */
export function pinned(actions, id, position) {
  const others = actions.filter((action) => !(action.do === "pin" && action.product_id === id));
  const taken = others.filter((action) => action.do === "pin");
  let place = position;
  const moved = new Map();
  for (let at = taken.find((pin) => pin.position === place); at; at = taken.find((pin) => pin.position === place)) {
    place += 1;
    moved.set(at, { ...at, position: place });
  }
  return [...others.map((action) => moved.get(action) ?? action), { do: "pin", product_id: id, position }];
}

/** Actions without any that pins a product or concerns it alone. */
export const released = (actions, id) =>
  actions.filter((action) => action.product_id !== id && !same(action.filter, { id: [id] }));

const alone = (actions, id, action) => [...released(actions, id), action];

export const hidden = (actions, id) => alone(actions, id, { do: "hide", filter: { id: [id] } });
export const lifted = (actions, id, kind, percent) => alone(actions, id, { do: kind, filter: { id: [id] }, percent });

/** What an action does to which single product, if to one. */
export const productOf = (action) =>
  action.product_id ?? (Object.keys(action.filter ?? {}).join() === "id" ? action.filter.id?.[0] : undefined);
