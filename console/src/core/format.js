// Numbers, times and names as people read them.

const cached = (make) => {
  const made = new Map();
  return (name) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  };
};

const currencies = cached((currency) => new Intl.NumberFormat(undefined, { style: "currency", currency }));
const whole = new Intl.NumberFormat();
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** An amount of money; what is no currency stands as text beside the number. */
export function money(amount, currency) {
  if (typeof amount !== "number") return "";
  try {
    return currencies(currency ?? "EUR").format(amount);
  } catch {
    return `${whole.format(amount)} ${currency}`;
  }
}

export const number = (value) => (typeof value === "number" ? whole.format(value) : "");

/** A signed number with a real minus. */
export const signed = (value, digits = 2) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

/** Percent without superfluous digits. */
export const percent = (value) => `${value < 0 ? "−" : ""}${Number(Math.abs(value).toFixed(1))} %`;

export const signedPercent = (value) => `${value > 0 ? "+" : ""}${percent(value)}`;

const valid = (text) => {
  const time = text ? new Date(text) : null;
  return time && !Number.isNaN(time.getTime()) ? time : null;
};

export const dateTime = (text) => (valid(text) ? dates.format(valid(text)) : "");
export const day = (text) => (valid(text) ? days.format(valid(text)) : "");

/** How long ago, in words, up to a week; then the day. */
export function ago(text, now = Date.now()) {
  const time = valid(text);
  if (!time) return "";
  const minutes = Math.round((now - time.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.round(minutes / 60)} h ago`;
  if (minutes < 7 * 24 * 60) return `${Math.round(minutes / 1440)} d ago`;
  return days.format(time);
}

/** For `<input type="datetime-local">`, by the clock of this machine. */
export function localInput(text) {
  const time = valid(text);
  if (!time) return "";
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** RFC 3339 of such an input; nothing where it is empty. */
export const fromLocalInput = (text) =>
  valid(text)
    ?.toISOString()
    .replace(/\.\d+Z$/, "Z");

export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** Letters, digits and hyphens of a text, as ids have them; at most 64. */
export const slug = (text) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 56)
    .replace(/-+$/, "");
