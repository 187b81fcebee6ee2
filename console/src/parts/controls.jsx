// Buttons, fields, switches, sliders: what forms are made of.

import { useId, useRef, useState } from "preact/hooks";
import { readable } from "../core/json.js";
import { Icon } from "./icons.jsx";

export function Button({ kind = "", icon, children, ...rest }) {
  return (
    <button type="button" class={`button ${kind}`} {...rest}>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

/** A button that is only an icon; `label` is what it is called. */
export function IconButton({ icon, label, kind = "", ...rest }) {
  return (
    <button type="button" class={`icon-button ${kind}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  );
}

/** A label above its control; `children` gets the control's id. */
export function Field({ label, hint, children, wide = false }) {
  const id = useId();
  return (
    <div class={wide ? "field wide" : "field"}>
      <label for={id}>{label}</label>
      {children(id)}
      {hint && <p class="hint">{hint}</p>}
    </div>
  );
}

export function TextInput({ onValue, ...rest }) {
  return (
    <input
      type="text"
      autocomplete="off"
      spellcheck={false}
      {...rest}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  );
}

/** A number; an empty input is `null`. */
export function NumberInput({ value, onValue, ...rest }) {
  const given = (text) => (text === "" || Number.isNaN(Number(text)) ? null : Number(text));
  return (
    <input
      type="number"
      step="any"
      {...rest}
      value={value ?? ""}
      onInput={(event) => onValue(given(event.currentTarget.value))}
    />
  );
}

export function Select({ value, onValue, options, ...rest }) {
  return (
    <select {...rest} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
      {options.map(([name, text]) => (
        <option key={name} value={name} selected={name === value}>
          {text}
        </option>
      ))}
    </select>
  );
}

export function Switch({ checked, onValue, children }) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        onChange={(event) => onValue(event.currentTarget.checked)}
      />
      <span>{children}</span>
    </label>
  );
}

export function Check({ checked, onValue, children }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onValue(event.currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}

/** A slider with the number that it stands at, which can be typed as well. */
export function Slider({ label, value, onValue, min, max, step = 1, unit = "", text }) {
  const id = useId();
  const at = (min < 0 ? [0, value].sort((one, other) => one - other) : [min, value]).map(
    (one) => ((one - min) / (max - min)) * 100,
  );
  const given = (event) => {
    const next = Number(event.currentTarget.value);
    if (event.currentTarget.value !== "" && next >= min && next <= max) onValue(next);
  };
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onInput={given}
        aria-valuetext={text}
        style={{ "--from": `${at[0]}%`, "--to": `${at[1]}%` }}
      />
      {text ? (
        <output for={id}>{text}</output>
      ) : (
        <span class="slider-number">
          <input
            type="number"
            aria-label={`${label}, as a number`}
            min={min}
            max={max}
            step={step}
            value={value}
            onInput={given}
          />
          {unit && <span aria-hidden="true">{unit}</span>}
        </span>
      )}
    </div>
  );
}

/** A list of short texts: Enter or a comma adds one, Backspace in an empty input removes the last. */
export function Tokens({ values, onValues, label, placeholder, id, suggested = [] }) {
  const [typed, setTyped] = useState("");
  const input = useRef(null);
  const list = useId();
  const add = (text) => {
    const added = text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part && !values.includes(part));
    if (added.length) onValues([...values, ...added]);
    setTyped("");
  };
  const remove = (place) => {
    onValues(values.filter((_, at) => at !== place));
    input.current?.focus();
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && typed === "" && values.length) {
      remove(values.length - 1);
    }
  };
  return (
    <div class="tokens">
      {values.map((value, place) => (
        <span class="token" key={value}>
          {String(value)}
          <button type="button" aria-label={`Remove ${value}`} onClick={() => remove(place)}>
            <Icon name="close" size={12} />
          </button>
        </span>
      ))}
      <input
        ref={input}
        id={id}
        type="text"
        aria-label={id ? undefined : label}
        placeholder={values.length ? "" : placeholder}
        value={typed}
        list={suggested.length ? list : undefined}
        autocomplete="off"
        onKeyDown={onKeyDown}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={() => add(typed)}
      />
      {suggested.length > 0 && (
        <datalist id={list}>
          {suggested.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </div>
  );
}

/** One of few choices, side by side. */
export function Choice({ label, value, onValue, options }) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map(([option, text]) => (
        <label key={option}>
          <input type="radio" name={name} value={option} checked={option === value} onChange={() => onValue(option)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** A value as JSON; what is no JSON yet, or not as `check` wants it, is told and changes nothing. */
export function JsonField({ label, value, onValue, rows = 6, check = () => "" }) {
  const [text, setText] = useState(() => readable(value));
  const [problem, setProblem] = useState("");
  const id = useId();
  const type = (next) => {
    setText(next);
    try {
      const read = JSON.parse(next);
      const mistake = check(read);
      setProblem(mistake);
      if (!mistake) onValue(read);
    } catch (error) {
      setProblem(error.message);
    }
  };
  return (
    <div class="field wide grow">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="json"
        rows={rows}
        spellcheck={false}
        value={text}
        aria-invalid={problem !== ""}
        aria-describedby={`${id}-problem`}
        onInput={(event) => type(event.currentTarget.value)}
      />
      <p class="hint mistake" id={`${id}-problem`} role="status">
        {problem}
      </p>
    </div>
  );
}

export const Chip = ({ kind = "", icon, children, ...rest }) => (
  <span class={`chip ${kind}`} {...rest}>
    {icon && <Icon name={icon} size={14} />}
    {children}
  </span>
);
