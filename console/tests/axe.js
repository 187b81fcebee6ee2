// What axe-core finds in the page that is shown.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const SOURCE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHOWN_MAX = 3;

let source = null;

/** Serious and critical findings, each in one line; `rules` limits what is looked for. */
export async function seriousFindings(browser, rules = null) {
  source ??= await readFile(SOURCE, "utf8");
  await browser.run(`() => { if (!window.axe) { ${source}; window.axe = axe; } }`);
  const options = { resultTypes: ["violations"], ...(rules ? { runOnly: { type: "rule", values: rules } } : {}) };
  const results = await browser.runAsync(
    "const [options, done] = arguments; axe.run(options).then(done, (error) => done({ error: String(error) }))",
    options,
  );
  if (!results.violations) throw new Error(results.error);
  const serious = results.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  const shown = ({ html, failureSummary }) => `${html.slice(0, 160)} (${failureSummary.slice(0, 200)})`;
  return serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, SHOWN_MAX).map(shown).join(" | ")}`);
}
