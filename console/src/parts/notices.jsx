// What the console has to say: errors, clashes, what was done.

import { cell, useCell } from "../core/cell.js";
import { signInAgain } from "../core/session.js";
import { Button } from "./controls.jsx";
import { Icon } from "./icons.jsx";

const TOAST_MS = 6_000;
const toasts = cell([]);
let numbered = 0;

/** Says in passing that something was done; screen readers are told as well. */
export function say(text, kind = "") {
  const toast = { text, kind, number: ++numbered };
  toasts.set([...toasts.get().slice(-2), toast]);
  setTimeout(() => toasts.set(toasts.get().filter((one) => one !== toast)), TOAST_MS);
}

const announced = cell("");

/** Tells screen readers alone. */
export const announce = (text) => announced.set(text);

export function Toasts() {
  return (
    <>
      <div class="toasts" role="status" aria-live="polite">
        {useCell(toasts).map(({ text, kind, number }) => (
          <p key={number} class={`toast ${kind}`}>
            {text}
          </p>
        ))}
      </div>
      <p class="unseen" role="status" aria-live="assertive" id="announced">
        {useCell(announced)}
      </p>
    </>
  );
}

export function Note({ kind = "", icon, children }) {
  return (
    <div class={`note ${kind}`}>
      {icon && <Icon name={icon} />}
      <div>{children}</div>
    </div>
  );
}

/** What the server refused, and what to do. */
export function Problem({ error, retry }) {
  if (!error) return null;
  const title = { 403: "This key does not open that.", 401: "The key is not known (any more)." }[error.status];
  return (
    <div role="alert">
      <Note kind="bad" icon="warn">
        {title && <strong>{title} </strong>}
        {error.message}
        {error.hint ? ` — ${error.hint}` : ""}
        {error.status === 401 && (
          <>
            {" "}
            <button type="button" class="link" onClick={signInAgain}>
              Sign in again
            </button>
          </>
        )}
        {retry && (
          <>
            {" "}
            <button type="button" class="link" onClick={retry}>
              Try again
            </button>
          </>
        )}
      </Note>
    </div>
  );
}

/** Saving and discarding of what `useEditable` edits, and what came in between. */
export function SaveBar({ editable, what, onSaved, extra, isInvalid = false }) {
  const { isDirty, isSaving, clash, merged, error } = editable;
  const save = async () => {
    const answer = await editable.save();
    if (answer) {
      say(`${what} saved: version ${answer.version}`);
      onSaved?.(answer);
    }
  };
  return (
    <div class="save-bar">
      <Problem error={isDirty ? error : null} />
      {clash && (
        <div role="alert" class="clash">
          <Note kind="warn" icon="warn">
            <strong>Somebody else changed it.</strong> {clash.message}. Your draft is kept.
            <div class="note-actions">
              <Button kind="primary" onClick={editable.takeIn}>
                Reload and reapply my draft
              </Button>
            </div>
          </Note>
        </div>
      )}
      {merged && isDirty && (
        <div role="status">
          <Note kind={merged.clashes.length ? "warn" : "good"} icon={merged.clashes.length ? "warn" : "check"}>
            {merged.clashes.length === 0 ? (
              "Your draft now stands on the latest version; nothing of theirs is lost."
            ) : (
              <>
                Both of you changed <code>{merged.clashes.join(", ")}</code>: yours is shown. Look it over before you
                save.
              </>
            )}
          </Note>
        </div>
      )}
      <div class="save-actions">
        <span class="muted" role="status">
          {isSaving ? "Saving…" : isDirty ? "Draft, not saved" : "No changes"}
        </span>
        {extra}
        <Button onClick={editable.discard} disabled={!isDirty || isSaving}>
          Discard
        </Button>
        <Button kind="primary" onClick={save} disabled={!isDirty || isSaving || isInvalid}>
          Save
        </Button>
      </div>
    </div>
  );
}

export const Loading = ({ what = "Loading" }) => (
  <p class="loading" role="status">
    {what}…
  </p>
);

export function Empty({ title, children }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p class="muted">{children}</p>}
    </div>
  );
}
