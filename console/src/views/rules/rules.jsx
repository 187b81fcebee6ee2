// The list of rules.

import { useState } from "preact/hooks";
import { inIndex } from "../../core/api.js";
import { usePath } from "../../core/drafts.js";
import { counted } from "../../core/format.js";
import { go, to } from "../../core/route.js";
import { Button, Chip, Choice } from "../../parts/controls.jsx";
import { Empty, Loading, Note, Problem } from "../../parts/notices.jsx";
import { RuleEditor } from "./editor.jsx";
import { actionText, conditionTexts, stateOf } from "./words.js";

const ACTIONS_SHOWN = 3;

export function RulesView({ index, thing, params }) {
  return thing ? (
    <RuleEditor index={index} id={thing === "new" ? null : thing} key={thing} params={params} />
  ) : (
    <RuleList index={index} />
  );
}

function useFindings(index) {
  const { data } = usePath(inIndex(index, "rules", "conflicts"));
  const byRule = new Map();
  for (const finding of data?.findings ?? []) {
    for (const id of finding.rules) byRule.set(id, [...(byRule.get(id) ?? []), finding]);
  }
  return { byRule, isComplete: data?.complete ?? true };
}

const SHOWN = {
  all: () => true,
  on: (rule) => ["On", "Weekly hours"].includes(stateOf(rule)[1]),
  off: (rule) => ["Off", "Ended"].includes(stateOf(rule)[1]),
  scheduled: (rule) => stateOf(rule)[1] === "Scheduled",
  problems: (rule, findings) => findings.has(rule.id),
};

const KINDS = [
  ["all", "All"],
  ["on", "On"],
  ["scheduled", "Scheduled"],
  ["off", "Off"],
  ["problems", "Problems"],
];

function RuleList({ index }) {
  const { data, error, reload } = usePath(inIndex(index, "rules"));
  const { byRule, isComplete } = useFindings(index);
  const [text, setText] = useState("");
  const [kind, setKind] = useState("all");
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = data?.rules ?? [];
  const rules = all
    .filter((rule) => SHOWN[kind](rule, byRule))
    .filter((rule) => words.every((word) => JSON.stringify(rule).toLowerCase().includes(word)))
    .sort((one, other) => other.priority - one.priority || one.id.localeCompare(other.id));
  return (
    <div class="page">
      <header class="page-head">
        <h1>Rules</h1>
        <Button kind="primary" icon="plus" onClick={() => go(to(index, "rules", "new"))}>
          New rule
        </Button>
      </header>
      <Problem error={error} retry={reload} />
      {!data && !error && <Loading />}
      {data && all.length > 0 && (
        <div class="list-bar">
          <input
            type="search"
            aria-label="Find a rule"
            placeholder="Find a rule by name, query, product …"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <Choice label="Which rules" value={kind} onValue={setKind} options={KINDS} />
        </div>
      )}
      {!isComplete && (
        <Note kind="warn" icon="warn">
          There are more conflicts than could be looked for at once.
        </Note>
      )}
      {data && all.length === 0 && (
        <Empty title="No rules yet">
          Search for something and drag a result to its place, or make a rule by its conditions.
        </Empty>
      )}
      {data && all.length > 0 && rules.length === 0 && <Empty title="No rule is like that" />}
      {rules.length > 0 && (
        <ul class="cards" aria-label={counted(rules.length, "rule")}>
          {rules.map((rule) => (
            <RuleCard key={rule.id} index={index} rule={rule} findings={byRule.get(rule.id) ?? []} />
          ))}
        </ul>
      )}
    </div>
  );
}

function RuleCard({ index, rule, findings }) {
  const [kind, state] = stateOf(rule);
  const conditions = conditionTexts(rule.when);
  return (
    <li class="card">
      <div class="card-main">
        <p class="card-title">
          <a href={to(index, "rules", rule.id)}>{rule.description || rule.id}</a>
          {rule.description && <span class="id muted">{rule.id}</span>}
        </p>
        <p class="chips">
          <span class="muted">When</span>
          {conditions.length ? conditions.map((text) => <Chip key={text}>{text}</Chip>) : <Chip>always</Chip>}
        </p>
        <p class="chips">
          <span class="muted">then</span>
          {rule.then.slice(0, ACTIONS_SHOWN).map((action, place) => (
            <Chip key={place} kind="accent">
              {actionText(action)}
            </Chip>
          ))}
          {rule.then.length > ACTIONS_SHOWN && <span class="muted">and {rule.then.length - ACTIONS_SHOWN} more</span>}
        </p>
        {findings.map(({ message, kind: found }) => (
          <p key={found + message} class="card-problem">
            {message}
          </p>
        ))}
      </div>
      <div class="card-side">
        <Chip kind={kind}>{state}</Chip>
        {rule.priority !== 0 && <span class="muted">priority {rule.priority}</span>}
        {findings.length > 0 && (
          <Chip kind="warn" icon="warn">
            {counted(findings.length, "problem")}
          </Chip>
        )}
      </div>
    </li>
  );
}
