// Rules in words.

import { dateTime, percent } from "../../core/format.js";
import { filterText } from "../../parts/filter.jsx";

const QUERY = { is: "is", means: "means", contains: "contains", starts_with: "starts with" };

/** What an action does. */
export function actionText(action) {
  switch (action.do) {
    case "pin":
      return `pin ${action.product_id} at ${action.position}`;
    case "boost":
      return `boost ${filterText(action.filter)} by ${percent(action.percent)}`;
    case "bury":
      return `bury ${filterText(action.filter)} by ${percent(action.percent)}`;
    case "hide":
      return `hide ${filterText(action.filter)}`;
    case "filter":
      return `only ${filterText(action.filter)}`;
    case "replace":
      return `“${action.words}” → “${action.with}”`;
    case "remove":
      return `without “${action.words}”`;
    case "redirect":
      return `go to ${action.url}`;
    case "banner":
      return "banner";
    default:
      return action.do;
  }
}

/** What a condition on a shopper's liking says. */
export function likingText({ brand, category, color, size, fact, at_least: least, at_most: most }) {
  const what =
    fact?.replaceAll("_", " ") ?? `likes ${brand ?? category?.join(" › ") ?? color ?? (size ? `size ${size}` : "")}`;
  const bounds = [
    least !== undefined && least !== null && `≥ ${least}`,
    most !== undefined && most !== null && `≤ ${most}`,
  ].filter(Boolean);
  return `${what} ${bounds.join(" and ")}`;
}

/** What a segment says; brackets stand where it is nested. */
export function segmentText(segment, isInner = false) {
  const joined = (parts, word) => {
    const text = parts.map((part) => segmentText(part, true)).join(` ${word} `);
    return isInner && parts.length > 1 ? `(${text})` : text;
  };
  if (Array.isArray(segment)) return joined(segment, "and");
  if (segment.all) return joined(segment.all, "and");
  if (segment.any) return joined(segment.any, "or");
  return segment.not ? `not ${segmentText(segment.not, true)}` : likingText(segment);
}

/** A time of a rule as people read it: what names no offset is by the clocks of some place, and stays as it is. */
const momentText = (text) => (isLocal(text) ? text.replace("T", " ") : dateTime(text));

/** Whether a time is by the clocks of a place. */
export const isLocal = (text) => typeof text === "string" && /^\d{4}-\d\d-\d\d(T[\d:.]+)?$/.test(text);

/** When a rule fires, part by part. */
export function conditionTexts(when = {}) {
  const [kind, text] = Object.entries(when.query ?? {})[0] ?? [];
  return [
    kind && `query ${QUERY[kind] ?? kind} “${text}”`,
    when.category && `in ${when.category}`,
    when.contexts?.length && `context ${when.contexts.join(" or ")}`,
    when.shopper && (!Array.isArray(when.shopper) || when.shopper.length > 0) && segmentText(when.shopper),
    when.share_percent !== undefined && `${when.share_percent} % of visitors`,
    when.schedule && "at certain hours",
    when.from && `from ${momentText(when.from)}`,
    when.until && `until ${momentText(when.until)}`,
  ].filter(Boolean);
}

/** Whether a rule acts at a time: `[kind of chip, word]`. */
export function stateOf(rule, now = Date.now()) {
  if (rule.enabled === false) return ["", "Off"];
  const { from, until, schedule } = rule.when ?? {};
  if (until && Date.parse(until) <= now) return ["", "Ended"];
  if (from && Date.parse(from) > now) return ["info", "Scheduled"];
  return schedule ? ["info", "Weekly hours"] : ["good", "On"];
}

/** The rule without what keeps it from acting now and for whoever looks, to try it before its time. */
export function atOnce(rule) {
  const { from, until, time_zone: zone, schedule, shopper, share_percent: share, ...when } = rule.when ?? {};
  return { ...rule, enabled: true, when };
}
