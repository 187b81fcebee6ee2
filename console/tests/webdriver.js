// A small client of the WebDriver protocol (https://www.w3.org/TR/webdriver2/), as far as the tests need it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** A loaded machine may take its time; a condition that holds is noticed at once. */
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 30_000);
const LOOK_MS = 40;

/** Keys by name, as the protocol writes them. */
export const KEYS = {
  Enter: "\uE007",
  Escape: "\uE00C",
  Tab: "\uE004",
  Space: " ",
  ArrowUp: "\uE013",
  ArrowDown: "\uE015",
  Backspace: "\uE003",
  Control: "\uE009",
  Shift: "\uE008",
  Home: "\uE011",
  End: "\uE010",
};

/** Asks `look` until it answers something true. */
export async function until(what, look, patience_ms = PATIENCE_MS) {
  const end = Date.now() + patience_ms;
  let last = null;
  do {
    try {
      const value = await look();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await pause(LOOK_MS);
  } while (Date.now() < end);
  throw new Error(`not within ${patience_ms} ms: ${what}${last ? ` (${last.message})` : ""}`);
}

/** Starts a program and waits for a line of its output; answers `{child, found}`. */
export async function started(command, args, line, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let output = "";
  let failure = null;
  child.on("error", (error) => {
    failure = error;
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text) => {
      output = (output + text).slice(-20_000);
    });
  const found = await until(
    `${command} says ${line}`,
    () => {
      if (failure) throw failure;
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${output}`);
      return line.exec(output);
    },
    60_000,
  );
  return { child, found };
}

/** Ends a program that was started. */
export async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await over;
  clearTimeout(timer);
}

async function ask(method, url, body) {
  const reply = await fetch(url, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const { value } = await reply.json();
  if (!reply.ok)
    throw Object.assign(new Error(`${value.error}: ${value.message.split("\n")[0]}`), { code: value.error });
  return value;
}

/** Chromium without a screen, and the driver that steers it. */
export class Browser {
  static async start() {
    const profile = await mkdtemp(join(tmpdir(), "vitrine-browser-"));
    const { child, found } = await started("chromedriver", ["--port=0"], /started successfully on port (\d+)/);
    const root = `http://127.0.0.1:${found[1]}`;
    const args = [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--force-color-profile=srgb",
      "--hide-scrollbars",
      "--window-size=1440,900",
      "--lang=en-GB",
      `--user-data-dir=${profile}`,
    ];
    const wanted = { browserName: "chrome", "goog:chromeOptions": { args }, "goog:loggingPrefs": { browser: "ALL" } };
    const { sessionId } = await ask("POST", `${root}/session`, { capabilities: { alwaysMatch: wanted } });
    const browser = new Browser(`${root}/session/${sessionId}`, child, profile);
    await browser.send("POST", "timeouts", { script: PATIENCE_MS, pageLoad: 60_000 });
    return browser;
  }

  constructor(session, child, profile) {
    Object.assign(this, { session, child, profile });
  }

  send(method, path, body = method === "POST" ? {} : undefined) {
    return ask(method, path ? `${this.session}/${path}` : this.session, body);
  }

  async quit() {
    await this.send("DELETE", "").catch(() => {});
    await ended(this.child);
    await rm(this.profile, { recursive: true, force: true });
  }

  /** A command of Chromium's own protocol. */
  devtools(cmd, params) {
    return this.send("POST", "goog/cdp/execute", { cmd, params });
  }

  open(url) {
    return this.send("POST", "url", { url });
  }

  /** Runs the text of a function in the page. */
  run(script, ...args) {
    return this.send("POST", "execute/sync", { script: `return (${script}).apply(null, arguments)`, args });
  }

  runAsync(script, ...args) {
    return this.send("POST", "execute/async", { script, args });
  }

  /** What was written to the console since the last look; a violation of the security policy is there, too. */
  messages() {
    return this.send("POST", "se/log", { type: "browser" });
  }

  /** The size of what is seen; a narrow one is a phone's, with touch. */
  async size(width, height, { isPhone = false } = {}) {
    await this.devtools("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: isPhone ? 2 : 1,
      mobile: isPhone,
    });
    await this.devtools("Emulation.setTouchEmulationEnabled", { enabled: isPhone });
  }

  /** The colours that the system asks for. */
  scheme(value) {
    return this.devtools("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
  }

  async screenshot() {
    return Buffer.from(await this.send("GET", "screenshot"), "base64");
  }

  /** Finds elements that are shown, by selector and, if given, by a part of their text or name. */
  async all(selector, text = "") {
    const found = await this.run(
      `(selector, text) => [...document.querySelectorAll(selector)].filter((element) => {
      const name = element.getAttribute("aria-label") ?? element.textContent;
      return element.checkVisibility() && name.includes(text);
    })`,
      selector,
      text,
    );
    return found.map((reference) => new Element(this, reference));
  }

  /** The first such element, as soon as there is one. */
  find(selector, text = "") {
    return until(`there is a ${selector} “${text}”`, async () => (await this.all(selector, text))[0]);
  }

  /** Waits until there is none. */
  gone(selector, text = "") {
    return until(`there is no ${selector} “${text}”`, async () => (await this.all(selector, text)).length === 0);
  }

  /** Clicks; an element that is drawn anew in that moment is looked for again. */
  click(selector, text = "") {
    return until(`${selector} “${text}” can be clicked`, async () => {
      await (await this.find(selector, text)).click();
      return true;
    });
  }

  /** Replaces the text of a field. */
  type(selector, text) {
    return until(`${selector} can be typed into`, async () => {
      const field = await this.find(selector);
      await field.click();
      await this.press([KEYS.Control, "a"]);
      await this.press([text === "" ? KEYS.Backspace : text]);
      return true;
    });
  }

  /** Presses keys, those of the list at the same time; a longer text letter by letter. */
  async press(keys) {
    const [first, ...rest] = keys;
    const held = rest.length ? keys : [];
    const tapped = rest.length ? [] : [...first];
    const actions = [
      ...held.map((value) => ({ type: "keyDown", value })),
      ...[...held].reverse().map((value) => ({ type: "keyUp", value })),
      ...tapped.flatMap((value) => [
        { type: "keyDown", value },
        { type: "keyUp", value },
      ]),
    ];
    await this.send("POST", "actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  /** Drags from one point of the view to another, in steps as a hand does; by `mouse` or `touch`. */
  async drag(from, to, pointerType = "mouse") {
    const at = (share) => ({
      x: Math.round(from.x + (to.x - from.x) * share),
      y: Math.round(from.y + (to.y - from.y) * share),
    });
    const steps = [0.1, 0.35, 0.65, 0.9, 1].map((share) => ({
      type: "pointerMove",
      duration: 30,
      origin: "viewport",
      ...at(share),
    }));
    const actions = [
      { type: "pointerMove", duration: 0, origin: "viewport", ...at(0) },
      { type: "pointerDown", button: 0 },
      ...steps,
      { type: "pause", duration: 50 },
      { type: "pointerUp", button: 0 },
    ];
    await this.send("POST", "actions", {
      actions: [{ type: "pointer", id: pointerType, parameters: { pointerType }, actions }],
    });
    await this.send("DELETE", "actions");
  }

  /** The text of the page as it is seen. */
  text(selector = "body") {
    return this.run("(selector) => document.querySelector(selector)?.innerText ?? ''", selector);
  }
}

/** An element of the page. */
class Element {
  constructor(browser, reference) {
    Object.assign(this, { browser, reference, id: reference[ELEMENT] });
  }

  async click() {
    await this.browser.run(`(element) => element.scrollIntoView({ block: "nearest" })`, this.reference);
    await this.browser.send("POST", `element/${this.id}/click`);
  }

  text() {
    return this.browser.send("GET", `element/${this.id}/text`);
  }

  /** What it is called for those who do not see it. */
  name() {
    return this.browser.send("GET", `element/${this.id}/computedlabel`);
  }

  /** Puts the focus there, as a Tab would. */
  focus() {
    return this.browser.run("(element) => element.focus()", this.reference);
  }

  /** The middle of what is seen of it. */
  middle() {
    return this.browser.run(
      `(element) => {
      element.scrollIntoView({ block: "nearest" });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: Math.round(x + width / 2), y: Math.round(y + height / 2), top: y, height };
    }`,
      this.reference,
    );
  }
}
