// The door.

import { useState } from "preact/hooks";
import { signIn } from "../core/session.js";
import { Button, Field } from "../parts/controls.jsx";
import { Problem } from "../parts/notices.jsx";

export function SignIn({ problem }) {
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    await signIn(key);
    setBusy(false);
  };
  return (
    <main class="door" id="main">
      <form class="panel" onSubmit={submit}>
        <p class="wordmark">Vitrine</p>
        <h1>Sign in to the console</h1>
        <Field
          label="Access key"
          hint="With the scope merchandise or admin. It stays in this tab and is gone when you close it."
          wide
        >
          {(id) => (
            <input
              id={id}
              type="password"
              autocomplete="off"
              value={key}
              required
              onInput={(event) => setKey(event.currentTarget.value)}
              placeholder="ID.SECRET"
            />
          )}
        </Field>
        <Problem error={problem} />
        <Button kind="primary wide" type="submit" disabled={isBusy || !key.trim()}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
