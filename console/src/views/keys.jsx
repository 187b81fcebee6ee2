// Access keys.

import { useState } from "preact/hooks";
import { call } from "../core/api.js";
import { usePath } from "../core/drafts.js";
import { ago, dateTime, day, fromLocalInput } from "../core/format.js";
import { compact } from "../core/json.js";
import { Button, Check, Chip, Field, Select, TextInput } from "../parts/controls.jsx";
import { Confirm, Dialog } from "../parts/dialog.jsx";
import { Empty, Loading, Note, Problem, say } from "../parts/notices.jsx";

const SCOPES = [
  ["search", "Search and suggestions"],
  ["events", "Recording events"],
  ["catalog", "Products, settings, synonyms"],
  ["merchandise", "Rules, boosts, suggestions"],
  ["admin", "Everything, keys included"],
];

export function KeysView({ indexes }) {
  const { data, error, reload } = usePath("/v1/keys");
  const [open, setOpen] = useState(null);
  const made = (key) => {
    setOpen({ made: key });
    reload();
  };
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1>Keys</h1>
          <p class="muted">A key's secret is shown once, when it is made.</p>
        </div>
        <Button kind="primary" icon="plus" onClick={() => setOpen({ isNew: true })}>
          New key
        </Button>
      </header>
      <Problem error={error} retry={reload} />
      {!data && !error && <Loading />}
      {data?.keys.length === 0 && <Empty title="No keys yet">In development mode none is needed.</Empty>}
      {data?.keys.length > 0 && (
        <Table
          keys={data.keys}
          onRotate={(key) => setOpen({ rotated: key })}
          onRevoke={(key) => setOpen({ revoked: key })}
        />
      )}
      {open?.isNew && <NewKey indexes={indexes} onMade={made} onClose={() => setOpen(null)} />}
      {open?.made && <Secret made={open.made} onClose={() => setOpen(null)} />}
      {open?.rotated && <Rotate one={open.rotated} onMade={made} onClose={() => setOpen(null)} />}
      {open?.revoked && (
        <Revoke
          one={open.revoked}
          onDone={() => {
            setOpen(null);
            reload();
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}

const isAhead = (time) => Boolean(time) && Date.parse(time) > Date.now();

const isOver = ({ expires_at: end }) => Boolean(end) && Date.parse(end) <= Date.now();

function Table({ keys, onRotate, onRevoke }) {
  return (
    <div class="table-frame panel" tabIndex={0} role="region" aria-label="Keys">
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Opens</th>
            <th>Indexes</th>
            <th>Made</th>
            <th>Ends</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <th scope="row">
                {key.name || "unnamed"}
                <span class="id muted">{key.id}</span>
              </th>
              <td>
                <span class="chips">
                  {key.scopes.map((scope) => (
                    <Chip key={scope} kind={scope === "admin" ? "warn" : ""}>
                      {scope}
                    </Chip>
                  ))}
                </span>
              </td>
              <td>{key.indexes?.length ? key.indexes.join(", ") : "all"}</td>
              <td>
                {ago(key.created_at)}
                {isAhead(key.previous_until) && (
                  <span class="hint"> old secret until {dateTime(key.previous_until)}</span>
                )}
              </td>
              <td>
                {key.expires_at ? (
                  isOver(key) ? (
                    <Chip kind="bad">ended {day(key.expires_at)}</Chip>
                  ) : (
                    day(key.expires_at)
                  )
                ) : (
                  "never"
                )}
              </td>
              <td class="number">
                <Button
                  kind="quiet small"
                  onClick={() => onRotate(key)}
                  aria-label={`New secret for ${key.name || key.id}`}
                >
                  New secret
                </Button>
                <Button
                  kind="danger-quiet small"
                  onClick={() => onRevoke(key)}
                  aria-label={`Revoke ${key.name || key.id}`}
                >
                  Revoke
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NewKey({ indexes, onMade, onClose }) {
  const [wish, setWish] = useState({ name: "", scopes: ["search"], indexes: [], expires: "" });
  const [error, setError] = useState(null);
  const set = (part) => setWish({ ...wish, ...part });
  const toggled = (list, value, isOn) => (isOn ? [...list, value] : list.filter((one) => one !== value));
  const make = async () => {
    try {
      const { expires, ...others } = wish;
      const body = compact({ ...others, expires_at: fromLocalInput(expires && `${expires}T23:59`) });
      onMade((await call("POST", "/v1/keys", { body })).data);
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <Dialog
      title="New key"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={make} disabled={wish.scopes.length === 0}>
            Make the key
          </Button>
        </>
      }
    >
      <Field label="Name" hint="What it is for; History shows it" wide>
        {(id) => <TextInput id={id} value={wish.name} placeholder="storefront" onValue={(name) => set({ name })} />}
      </Field>
      <fieldset class="checks">
        <legend>Opens</legend>
        {SCOPES.map(([scope, text]) => (
          <Check
            key={scope}
            checked={wish.scopes.includes(scope)}
            onValue={(isOn) => set({ scopes: toggled(wish.scopes, scope, isOn) })}
          >
            <strong>{scope}</strong> <span class="muted">{text}</span>
          </Check>
        ))}
      </fieldset>
      <fieldset class="checks">
        <legend>Only these indexes; none ticked means all</legend>
        {indexes.map((name) => (
          <Check
            key={name}
            checked={wish.indexes.includes(name)}
            onValue={(isOn) => set({ indexes: toggled(wish.indexes, name, isOn) })}
          >
            {name}
          </Check>
        ))}
      </fieldset>
      <Field label="Ends on" hint="Empty: it does not end">
        {(id) => (
          <input
            id={id}
            type="date"
            value={wish.expires}
            onInput={(event) => set({ expires: event.currentTarget.value })}
          />
        )}
      </Field>
      <Problem error={error} />
    </Dialog>
  );
}

function Secret({ made, onClose }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.key);
      setCopied(true);
    } catch {
      // The browser does not let pages copy: the text is selected instead.
      getSelection().selectAllChildren(document.getElementById("made-key"));
    }
  };
  return (
    <Dialog
      title={`Key “${made.name || made.id}”`}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have it
        </Button>
      }
    >
      <p>Copy it now. The server keeps only its hash and cannot show it again.</p>
      <p class="secret">
        <code id="made-key">{made.key}</code>
        <Button icon={isCopied ? "check" : "copy"} onClick={copy}>
          {isCopied ? "Copied" : "Copy"}
        </Button>
      </p>
      <Note icon="keys">
        Whoever has it opens {made.scopes.join(", ")}
        {made.indexes?.length ? ` of ${made.indexes.join(", ")}` : ""}.
      </Note>
    </Dialog>
  );
}

const OVERLAPS = [
  ["0", "at once"],
  ["3600", "in an hour"],
  ["86400", "in a day"],
  ["604800", "in a week"],
  ["2592000", "in 30 days"],
];

/** Another secret for a key; the present one goes on for a while, so that its users can change over. */
function Rotate({ one, onMade, onClose }) {
  const [overlap, setOverlap] = useState("86400");
  const [error, setError] = useState(null);
  const rotate = async () => {
    try {
      const path = `/v1/keys/${encodeURIComponent(one.id)}/rotate`;
      onMade({ ...one, ...(await call("POST", path, { body: { overlap_s: Number(overlap) } })).data });
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <Dialog
      title={`A new secret for “${one.name || one.id}”?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={rotate}>
            Make a new secret
          </Button>
        </>
      }
    >
      <Field label="The present secret stops working">
        {(id) => <Select id={id} value={overlap} onValue={setOverlap} options={OVERLAPS} />}
      </Field>
      <Problem error={error} />
    </Dialog>
  );
}

function Revoke({ one, onDone, onClose }) {
  const [error, setError] = useState(null);
  const revoke = async () => {
    try {
      await call("DELETE", `/v1/keys/${encodeURIComponent(one.id)}`);
      say(`Key “${one.name || one.id}” revoked`);
      onDone();
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <Confirm
      title="Revoke this key?"
      action="Revoke"
      onConfirm={revoke}
      onClose={onClose}
      error={<Problem error={error} />}
    >
      <p>“{one.name || one.id}” stops working at once, wherever it is used.</p>
    </Confirm>
  );
}
