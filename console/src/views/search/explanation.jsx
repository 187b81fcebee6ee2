// Why a hit stands where it stands: signed bars, evidence, ranks.

import { signed } from "../../core/format.js";
import { filterText } from "../../parts/filter.jsx";

const NAMES = {
  lexical: "Words match",
  coverage: "Has all the words",
  semantic: "Alike in meaning",
  semantic_one_word: "Alike in meaning (one word)",
  exclusion: "Has what was excluded",
  brand_named: "The brand that was named",
  category_named: "The category that was named",
  values_named: "Values that were named",
  exact_form: "Words exactly as typed",
  proximity: "Words close together",
  main_part: "In the main part of the title",
  feedback: "Like the best answers",
  category_share: "In the category of most answers",
  reach: "Reach",
  identifier: "Article number",
  price_wish: "The price that was wished for",
  popularity: "Sells well",
  rating: "Well rated",
  stock: "Out of stock",
  brand_affinity: "Brand",
  category_affinity: "Category",
  size_affinity: "Size",
  color_affinity: "Colour",
  price_affinity: "Price",
  taste_affinity: "Taste",
  repeat: "Bought again",
  dismissed: "Turned down",
  personal_cap: "Limit of personalisation",
  personalisation: "Personalisation",
  held_back: "Held back",
  size_lead: "Size in stock first",
  diversity: "Variety of the page",
  exploration: "Exploration",
  merchandising: "Rules and boosts",
  rules_cap: "Limit of rules",
  boosts_cap: "Limit of boosts",
};

const OF_THE_SHOPPER = [
  "brand_affinity",
  "category_affinity",
  "size_affinity",
  "color_affinity",
  "price_affinity",
  "taste_affinity",
  "repeat",
  "dismissed",
  "personal_cap",
  "personalisation",
  "held_back",
  "size_lead",
];
const OF_THE_SHOP = [
  "popularity",
  "rating",
  "stock",
  "rules_cap",
  "boosts_cap",
  "merchandising",
  "diversity",
  "exploration",
];

/** A text whose filters, written as JSON, stand in words. */
function inWords(text) {
  return text.replace(/\{.*\}/, (json) => {
    try {
      return filterText(JSON.parse(json));
    } catch {
      return json;
    }
  });
}

function nameOf(factor) {
  if (factor.startsWith("rule:")) return `Rule “${factor.slice(5)}”`;
  if (factor.startsWith("boost:")) return `Boost: ${inWords(factor.slice(6))}`;
  return NAMES[factor] ?? factor.replaceAll("_", " ");
}

function groupOf({ name }) {
  if (OF_THE_SHOPPER.includes(name)) return "shopper";
  return OF_THE_SHOP.includes(name) || /^(rule|boost):/.test(name) ? "shop" : "query";
}

const GROUPS = [
  ["query", "The query"],
  ["shopper", "The shopper"],
  ["shop", "The shop"],
];

function Bar({ factor, left, width }) {
  const { name, contribution, evidence } = factor;
  const size = (Math.abs(contribution) / width) * 100;
  const from = contribution < 0 ? (left / width) * 100 - size : (left / width) * 100;
  return (
    <tr>
      <th scope="row">{nameOf(name)}</th>
      <td class="number">{signed(contribution, 3)}</td>
      <td class="bar-cell" aria-hidden="true">
        <span class={contribution < 0 ? "bar minus" : "bar"} style={{ "--from": `${from}%`, "--size": `${size}%` }} />
      </td>
      <td class="evidence">{inWords(evidence ?? "")}</td>
    </tr>
  );
}

/** The factors of a hit by who they come from, and what would be without. */
export function Explanation({ hit }) {
  const { factors, rank, rank_without_personalisation: impersonal, rank_without_rules: unruled, rules } = hit.explain;
  const left = Math.max(0, ...factors.map(({ contribution }) => -contribution));
  const right = Math.max(0, ...factors.map(({ contribution }) => contribution));
  const width = left + right || 1;
  return (
    <div class="explanation">
      <dl class="ranks">
        <div>
          <dt>Place</dt>
          <dd>{rank}</dd>
        </div>
        <div>
          <dt>without personalisation</dt>
          <dd>{impersonal ?? "–"}</dd>
        </div>
        <div>
          <dt>without rules</dt>
          <dd>{unruled ?? "–"}</dd>
        </div>
        <div>
          <dt>Score</dt>
          <dd>{hit.score.toFixed(3)}</dd>
        </div>
      </dl>
      {rules?.length > 0 && (
        <ul class="rule-words">
          {rules.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <table class="factors">
        <caption class="unseen">Factors of the score of {hit.product.title}</caption>
        {GROUPS.map(([group, title]) => {
          const own = factors.filter((factor) => groupOf(factor) === group);
          if (own.length === 0) return null;
          const sum = own.reduce((total, { contribution }) => total + contribution, 0);
          return (
            <tbody key={group}>
              <tr class="factor-group">
                <th scope="rowgroup">{title}</th>
                <td class="number">{signed(sum, 3)}</td>
                <td />
                <td />
              </tr>
              {own.map((factor) => (
                <Bar key={factor.name} factor={factor} left={left} width={width} />
              ))}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}
