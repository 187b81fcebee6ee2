// Who searches for what.

import { useEffect, useRef, useState } from "preact/hooks";
import { Choice, Field, Slider, TextInput, Tokens } from "../../parts/controls.jsx";
import { Icon } from "../../parts/icons.jsx";

const TYPING_MS = 220;

/** An input whose text is told a moment after the last key. */
function useTyped(value, onValue) {
  const [typed, setTyped] = useState(value);
  const timer = useRef(0);
  const told = useRef(value);
  useEffect(() => {
    // What comes back is what was told; it must not undo what was typed since.
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  const tell = (text) => {
    clearTimeout(timer.current);
    told.current = text;
    onValue(text);
  };
  const type = (text) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => tell(text), TYPING_MS);
  };
  const now = () => typed !== value && tell(typed);
  return [typed, type, now];
}

const MODES = [
  ["hybrid", "Words and meaning"],
  ["lexical", "Words"],
  ["semantic", "Meaning"],
];

export function SearchForm({ wish, onChange }) {
  const [q, typeQ, searchNow] = useTyped(wish.q, (text) => onChange({ q: text }));
  const [shopper, typeShopper, shopperNow] = useTyped(wish.shopper, (text) => onChange({ shopper: text.trim() }));
  const [session, typeSession, sessionNow] = useTyped(wish.session, (text) => onChange({ session: text.trim() }));
  const submit = (event) => {
    event.preventDefault();
    searchNow();
  };
  return (
    <form class="search-form" role="search" onSubmit={submit}>
      <div class="search-box">
        <Icon name="search" />
        <input
          type="search"
          aria-label="Search query"
          placeholder="What shoppers type"
          value={q}
          maxLength={512}
          autocomplete="off"
          onInput={(event) => typeQ(event.currentTarget.value)}
        />
      </div>
      <div class="search-options">
        <Field label="Shopper">
          {(id) => <TextInput id={id} value={shopper} placeholder="nobody" onValue={typeShopper} onBlur={shopperNow} />}
        </Field>
        <Field label="Session">
          {(id) => <TextInput id={id} value={session} placeholder="none" onValue={typeSession} onBlur={sessionNow} />}
        </Field>
        <Field label="Contexts">
          {(id) => (
            <Tokens
              id={id}
              label="Contexts"
              values={wish.contexts}
              placeholder="mobile, newsletter …"
              onValues={(contexts) => onChange({ contexts })}
            />
          )}
        </Field>
        <Slider
          label="Personalisation"
          min={0}
          max={1}
          step={0.05}
          value={wish.personalize}
          text={`${Math.round(wish.personalize * 100)} %`}
          onValue={(personalize) => onChange({ personalize })}
        />
        <Choice label="How it is searched" value={wish.mode} onValue={(mode) => onChange({ mode })} options={MODES} />
      </div>
    </form>
  );
}
