// One rule: its form, its JSON, its preview.

import { useState } from "preact/hooks";
import { call, demandFreeName, inIndex } from "../../core/api.js";
import { useEditable } from "../../core/drafts.js";
import { slug } from "../../core/format.js";
import { copy } from "../../core/json.js";
import { go, to } from "../../core/route.js";
import { Button, Choice, Field, JsonField, NumberInput, Switch, TextInput } from "../../parts/controls.jsx";
import { Confirm } from "../../parts/dialog.jsx";
import { isComplete } from "../../parts/filter.jsx";
import { PreviewPanel } from "../../parts/moves.jsx";
import { Loading, Note, Problem, SaveBar, say } from "../../parts/notices.jsx";
import { ActionsForm } from "./actions.jsx";
import { ConditionsForm } from "./conditions.jsx";
import { atOnce } from "./words.js";

const NEW = { description: "", enabled: true, priority: 0, when: {}, then: [] };

/** Whether an action says all that it must. */
function isWhole(action) {
  if (action.do === "pin") return Boolean(action.product_id) && action.position >= 1;
  if (["boost", "bury", "hide", "filter"].includes(action.do)) return isComplete(action.filter);
  if (action.do === "replace") return Boolean(action.words?.trim() && action.with?.trim());
  if (action.do === "remove") return Boolean(action.words?.trim());
  if (action.do === "redirect") return /^(\/|https?:\/\/)/.test(action.url ?? "");
  return action.content !== "" && action.content !== undefined;
}

const mistakeOf = (read) =>
  read !== null && typeof read === "object" && Array.isArray(read.then)
    ? ""
    : "A rule is an object with a list “then”.";

/** The words of a rule's condition on the query, to try it with. */
const ownQuery = (rule) => Object.values(rule?.when?.query ?? {})[0] ?? "";

function useRule(index, id) {
  const path = (name) => inIndex(index, "rules", name);
  const read = async () => {
    if (!id) return { data: copy(NEW), version: (await call("GET", inIndex(index, "rules"))).version };
    try {
      const {
        data: { id: _, ...rule },
        version,
      } = await call("GET", path(id));
      return { data: rule, version };
    } catch (error) {
      // It may exist as a draft alone.
      if (error.status !== 404) throw error;
      return { data: null, version: (await call("GET", inIndex(index, "rules"))).version };
    }
  };
  return {
    read,
    write: (name) => async (rule, version) => {
      if (!id) await demandFreeName(index, name);
      const {
        data: { id: _, ...saved },
        version: next,
      } = await call("PUT", path(name), { body: rule, version });
      return { data: saved, version: next };
    },
  };
}

export function RuleEditor({ index, id, params }) {
  const [name, setName] = useState(id ?? "");
  const [mode, setMode] = useState("form");
  const [asks, setAsks] = useState(false);
  const { read, write } = useRule(index, id);
  const used = id ?? name;
  const editable = useEditable(`${index}.rule.${id ?? "new"}`, read, write(used));
  const rule = editable.value;
  const [q, setQ] = useState(params.get("q"));
  const [shopper, setShopper] = useState("");
  const [isAhead, setAhead] = useState(true);
  if (!editable.isReady)
    return (
      <div class="page">
        {editable.error ? <Problem error={editable.error} /> : <Loading what="Reading the rule" />}
      </div>
    );
  if (!rule)
    return (
      <div class="page">
        <Note kind="warn" icon="warn">
          There is no rule “{id}” any more. <a href={to(index, "rules")}>All rules</a>
        </Note>
      </div>
    );
  const set = (part) => editable.set({ ...rule, ...part });
  const whole = rule.then.length > 0 && rule.then.every(isWhole);
  const draft = whole ? { rules: { [used || "draft"]: isAhead ? atOnce(rule) : rule } } : null;
  const describe = (description) => {
    set({ description });
    if (!id && (name === "" || name === slug(rule.description))) setName(slug(description));
  };
  const isExisting = Boolean(id) && editable.saved !== null;
  return (
    <div class="page split">
      <header class="page-head">
        <div>
          <p class="crumbs">
            <a href={to(index, "rules")}>Rules</a>
          </p>
          <h1>{id ? rule.description || id : "New rule"}</h1>
        </div>
        <div class="head-tools">
          <Choice
            label="How the rule is edited"
            value={mode}
            onValue={setMode}
            options={[
              ["form", "Form"],
              ["json", "JSON"],
            ]}
          />
          {isExisting && (
            <Button kind="danger-quiet" icon="trash" onClick={() => setAsks(true)}>
              Delete
            </Button>
          )}
        </div>
      </header>
      <div class="split-main">
        {mode === "json" ? (
          <section class="panel">
            <JsonField label="The rule as JSON" rows={26} value={rule} onValue={editable.set} check={mistakeOf} />
          </section>
        ) : (
          <>
            <section class="panel">
              <Field label="Description" wide>
                {(field) => (
                  <TextInput
                    id={field}
                    value={rule.description}
                    placeholder="What it is for"
                    onValue={describe}
                    spellcheck
                  />
                )}
              </Field>
              <div class="field-row">
                {!id && (
                  <Field label="Name" hint="Letters, digits, - and _">
                    {(field) => (
                      <TextInput
                        id={field}
                        value={name}
                        maxLength={64}
                        onValue={(text) => setName(text.replace(/[^\w-]/g, "-"))}
                      />
                    )}
                  </Field>
                )}
                <Field label="Priority" hint="Higher acts first">
                  {(field) => (
                    <NumberInput
                      id={field}
                      step={1}
                      value={rule.priority}
                      onValue={(priority) => set({ priority: Math.trunc(priority ?? 0) })}
                    />
                  )}
                </Field>
                <Switch checked={rule.enabled !== false} onValue={(enabled) => set({ enabled })}>
                  Switched on
                </Switch>
              </div>
            </section>
            <ConditionsForm when={rule.when ?? {}} onWhen={(when) => set({ when })} />
            <ActionsForm index={index} then={rule.then} onThen={(then) => set({ then })} />
          </>
        )}
        <SaveBar
          editable={editable}
          what="Rule"
          isInvalid={!whole || !used}
          onSaved={() => id || go(to(index, "rules", used), { replace: true })}
        />
      </div>
      <div class="split-side">
        <PreviewPanel
          index={index}
          draft={draft}
          q={q ?? ownQuery(rule)}
          onQ={setQ}
          shopper={shopper}
          onShopper={setShopper}
          contexts={rule.when?.contexts}
          category={rule.when?.category}
          about={used || "draft"}
        >
          <Switch checked={isAhead} onValue={setAhead}>
            As if its time had come, for every visitor
          </Switch>
        </PreviewPanel>
      </div>
      {asks && <DeleteDialog index={index} id={id} editable={editable} onClose={() => setAsks(false)} />}
    </div>
  );
}

function DeleteDialog({ index, id, editable, onClose }) {
  const [error, setError] = useState(null);
  const remove = async () => {
    try {
      await call("DELETE", inIndex(index, "rules", id), { version: editable.version });
      editable.discard();
      say(`Rule “${id}” deleted. History has it still.`);
      go(to(index, "rules"));
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <Confirm
      title="Delete this rule?"
      action="Delete"
      onConfirm={remove}
      onClose={onClose}
      error={<Problem error={error} />}
    >
      <p>“{id}” stops acting with the next search. You can bring it back in History.</p>
    </Confirm>
  );
}
