// Every view in light and dark and on a phone: a picture of it, nothing for axe-core to find, no scrolling
// sideways, nothing that the security policy refuses.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seriousFindings } from "./axe.js";
import { keep } from "./shop.js";
import { until } from "./webdriver.js";

const SPRING = {
  description: "Spring running",
  priority: 10,
  when: {
    query: { contains: "shoes" },
    contexts: ["mobile"],
    from: "2026-03-01T00:00:00Z",
    share_percent: 50,
    schedule: {
      time_zone: "Europe/Berlin",
      hours: [{ weekdays: ["monday", "tuesday"], from: "09:00", until: "17:30" }],
    },
    shopper: [{ brand: "Nike", at_least: 0.3 }],
  },
  then: [
    { do: "pin", product_id: "p0009", position: 1 },
    { do: "boost", filter: { brand: ["Nike"], price: { lte: 120 } }, percent: 20 },
    { do: "replace", words: "sneekers", with: "sneakers" },
    { do: "banner", content: { text: "Spring is here", url: "/spring" } },
  ],
};
const SALE = {
  description: "The sale has a page of its own",
  enabled: false,
  when: { query: { is: "sale" } },
  then: [{ do: "redirect", url: "/sale" }],
};
const TRAIL = {
  description: "Trail shoes for runners",
  when: { query: { is: "trail shoes" } },
  then: [{ do: "hide", filter: { id: ["p0009"] } }],
};

const click = (selector) => (browser) => browser.click(selector);

const VIEWS = [
  { name: "search", at: "search?q=running+shoes&shopper=ben", shows: ".hit", act: click(".why") },
  { name: "compare", at: "search?q=running+shoes&shopper=ben&show=compare", shows: ".column" },
  { name: "draft", at: "search?q=wool+socks", shows: ".hit", act: draft },
  { name: "rules", at: "rules", shows: ".card" },
  { name: "rule", at: "rules/spring", shows: ".column" },
  { name: "rule-json", at: "rules/trail", shows: ".column", act: (browser) => browser.click(".choice label", "JSON") },
  { name: "boosts", at: "boosts", shows: ".column" },
  { name: "queries", at: "queries", shows: "table, .empty, .note" },
  { name: "synonyms", at: "synonyms", shows: ".token" },
  { name: "suggestions", at: "suggestions", shows: ".try-list li" },
  { name: "history", at: "history", shows: ".changes" },
  { name: "keys", at: "keys", shows: "table" },
  { name: "new-key", at: "keys", shows: "table", act: (browser) => browser.click("button", "New key") },
];

/** Pins the third result and hides the fourth. */
async function draft(browser) {
  for (const [place, item] of [
    [2, "Pin to the top"],
    [3, "Hide"],
  ]) {
    await until(`${item} is chosen`, async () => {
      const buttons = await browser.all(".hit .menu > button");
      await buttons[place].click();
      await browser.click("[role=menuitem]", item);
      return true;
    });
    await browser.find(".draft-list .amount", item === "Hide" ? "hide" : "pin");
  }
}

async function prepare(shop) {
  const at = (path) => `/v1/indexes/shop/${path}`;
  await shop.call("PUT", at("rules/spring"), SPRING);
  await shop.call("PUT", at("rules/sale"), SALE);
  await shop.call("PUT", at("rules/trail"), TRAIL);
  await shop.call("PUT", at("suggestions"), {
    pinned: [{ text: "summer sandals", when: "sa" }],
    blocked: ["fur coat"],
    blocked_words: ["ivory"],
    allowed_words: [],
  });
  await shop.call("PUT", at("boosts"), {
    attributes: [{ filter: { brand: ["Brooks"] }, percent: 10 }],
    numeric: [
      { field: "margin", percent: 15 },
      { field: "created_at", percent: 10 },
    ],
    percent_max: 30,
  });
  await shop.call("POST", "/v1/keys", { name: "storefront", scopes: ["search", "events"], indexes: ["shop"] });
  const bought = ["p0166", "p0169", "p0200"].map((id) => ({
    type: "purchase",
    shopper: "ben",
    index: "shop",
    product_id: id,
  }));
  await shop.call("POST", "/v1/events", bought);
  for (const q of ["running shoes", "running shoes", "rain jacket", "zorbing ball"]) {
    for (let time = 0; time < 3; time += 1) await shop.ids(q);
  }
}

/** Goes to a view and waits until all of it is there. */
async function visit(browser, shop, { at, shows, act }) {
  await browser.run("() => sessionStorage.clear()");
  await browser.open("about:blank");
  await browser.open(`${shop.address}/admin#/shop/${at}`);
  await browser.find(shows);
  await act?.(browser);
  await calm(browser);
}

const calm = (browser) =>
  until("the page is calm", () =>
    browser.run(
      "() => !document.querySelector('[aria-busy=true], .loading') && document.getAnimations().every((one) => one.playState !== 'running')",
    ),
  );

export function look(context) {
  let browser;
  let shop;

  before(async () => {
    ({ browser, shop } = context);
    await prepare(shop);
    await browser.open(shop.admin());
    await browser.messages();
  });
  after(() => browser.size(1440, 900));

  for (const view of VIEWS) {
    test(`${view.name} is fit to be seen`, async () => {
      await browser.size(1440, 900);
      await browser.scheme("light");
      await visit(browser, shop, view);
      await keep(browser, `${view.name}-light`);
      assert.deepEqual(await seriousFindings(browser), []);
      await browser.scheme("dark");
      await calm(browser);
      await keep(browser, `${view.name}-dark`);
      // Nothing but the colours is another.
      assert.deepEqual(await seriousFindings(browser, ["color-contrast", "link-in-text-block"]), []);
      await browser.scheme("light");
      await browser.size(390, 844, { isPhone: true });
      await calm(browser);
      await keep(browser, `${view.name}-phone`);
      const tooWide =
        await browser.run(`() => document.documentElement.scrollWidth <= 390 ? [] : [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > 391).slice(0, 5).map((one) => one.outerHTML.slice(0, 120))`);
      assert.deepEqual(tooWide, [], "nothing reaches beyond a phone's screen");
    });
  }

  test("the security policy had nothing to refuse", async () => {
    const refused = (await browser.messages()).filter(({ message }) =>
      /Content Security Policy|Uncaught|TypeError/.test(message),
    );
    assert.deepEqual(refused, []);
  });

  test("the theme can be chosen, and stays", async () => {
    await browser.size(1440, 900);
    await browser.scheme("light");
    await browser.open(shop.admin("rules"));
    await browser.click("button", "Theme: auto");
    await browser.click("button", "Theme: light");
    const colour = () => browser.run("() => getComputedStyle(document.documentElement).colorScheme");
    await until("it is dark", async () => (await colour()) === "dark");
    await browser.open("about:blank");
    await browser.open(shop.admin("rules"));
    await browser.find("button", "Theme: dark");
    assert.equal(await colour(), "dark");
    await browser.click("button", "Theme: dark");
  });

  test("the first Tab leads to the content", async () => {
    await browser.open("about:blank");
    await browser.open(shop.admin("rules"));
    await browser.find("h1", "Rules");
    await browser.press(["\uE004"]);
    assert.equal(await browser.run("() => document.activeElement.textContent"), "Skip to the content");
    await browser.press(["\uE007"]);
    assert.equal(await browser.run("() => document.activeElement.id"), "main");
  });
}
