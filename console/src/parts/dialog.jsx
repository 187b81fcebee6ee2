// Dialogs and menus.

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Button, IconButton } from "./controls.jsx";
import { Icon } from "./icons.jsx";

/** A modal dialog; Escape and the cross call `onClose`. Focus goes back to where it was. */
export function Dialog({ title, onClose, children, actions }) {
  const element = useRef(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={element} class="dialog" aria-labelledby={id} onCancel={cancel}>
      <header>
        <h2 id={id}>{title}</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      <div class="dialog-body">{children}</div>
      {actions && <footer>{actions}</footer>}
    </dialog>
  );
}

/** Asks before something is done. */
export function Confirm({ title, children, action, kind = "danger", onConfirm, onClose, error }) {
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await onConfirm();
    setBusy(false);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={kind} onClick={run} disabled={isBusy}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      {error}
    </Dialog>
  );
}

/** A button with a menu. `items`: `{label, icon, kind, run}`; `null` draws a line. */
export function Menu({ label, icon = "more", text, items, kind = "" }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(null);
  const list = useRef(null);
  const button = useRef(null);
  const id = useId();
  useEffect(() => {
    if (!isOpen) return undefined;
    list.current.querySelector("button")?.focus();
    const outside = (event) => root.current?.contains(event.target) || setOpen(false);
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event) => {
    const entries = [...list.current.querySelectorAll("button")];
    const at = entries.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1 + entries.length, Home: 0, End: entries.length - 1 };
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    } else if (event.key in moves) {
      event.preventDefault();
      entries[moves[event.key] % entries.length].focus();
    }
  };
  return (
    <div class="menu" ref={root}>
      <button
        ref={button}
        type="button"
        class={text ? `button ${kind}` : `icon-button ${kind}`}
        aria-label={label}
        title={text ? undefined : label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={icon} />
        {text && <span>{text}</span>}
      </button>
      {isOpen && (
        <div class="menu-list" role="menu" id={id} ref={list} onKeyDown={onKeyDown} aria-label={label}>
          {items.map((item, place) =>
            item ? (
              <button
                key={item.label}
                type="button"
                role="menuitem"
                tabIndex={-1}
                class={item.kind ?? ""}
                onClick={() => {
                  close();
                  item.run();
                }}
              >
                {item.icon && <Icon name={item.icon} size={16} />}
                {item.label}
              </button>
            ) : (
              <hr key={place} />
            ),
          )}
        </div>
      )}
    </div>
  );
}
