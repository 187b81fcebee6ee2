// What a merchandiser does: pin, preview, save, look at the shop, roll back.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MARKUP } from "./shop.js";
import { KEYS, until } from "./webdriver.js";

const Q = "running shoes";
const asked = (q) => `?q=${encodeURIComponent(q)}`;

/** The ids of the results, as they stand. */
const shown = (browser) => browser.run("() => [...document.querySelectorAll('.hit')].map((hit) => hit.dataset.id)");

const firstIs = (browser, id) => until(`${id} is first`, async () => (await shown(browser))[0] === id);

/** The titles in the storefront for a query. */
async function storefront(browser, shop, q) {
  await browser.open(`${shop.address}/${asked(q)}&index=shop`);
  await browser.find(".card");
  return browser.run("() => [...document.querySelectorAll('.card')].map((card) => card.innerText)");
}

/** Opens a view anew, without anything of the one before. */
async function visit(browser, shop, view, rest) {
  await browser.open("about:blank");
  await browser.open(shop.admin(view, rest));
}

async function search(browser, shop, q, rest = "") {
  await visit(browser, shop, "search", asked(q) + rest);
  await browser.find(".hit");
}

/** Puts something from a menu of the page. */
async function fromMenu(browser, button, item) {
  await browser.click("button", button);
  await browser.click("[role=menuitem]", item);
}

const saved = (browser) => browser.find(".toast", "saved");

export function merchandising(context) {
  let browser;
  let shop;

  beforeEach(() => {
    ({ browser, shop } = context);
  });

  test("a result that is dragged to the top is pinned there, first as a draft, then for shoppers, until it is rolled back", async () => {
    const before = await shop.ids(Q);
    await search(browser, shop, Q);
    const [moved, title] = await browser.run(
      "() => { const hit = document.querySelectorAll('.hit')[4]; return [hit.dataset.id, hit.querySelector('.hit-title').innerText]; }",
    );
    const from = await (await browser.all(".handle"))[4].middle();
    const top = await (await browser.all(".hit"))[0].middle();
    await browser.drag(from, { x: from.x, y: Math.round(top.top + 4) });
    await browser.find(".draft-panel");
    await browser.find(".hit .chip", "Pinned at 1");
    await firstIs(browser, moved);
    await browser.find(".hit .chip", "▲ 4");
    assert.deepEqual(await shop.ids(Q), before, "a draft is not live");

    await browser.click(".draft-panel button", "Save");
    await saved(browser);
    await browser.gone(".draft-panel");
    assert.equal((await shop.ids(Q))[0], moved);
    const cards = await storefront(browser, shop, Q);
    assert.ok(cards[0].includes(title.slice(0, 30)), `${cards[0]} shows ${title}`);

    await visit(browser, shop, "history");
    await browser.find(".versions li");
    await (await browser.all(".versions a"))[1].click();
    await browser.click("button", "Roll back to this");
    await browser.find("dialog .change-path", "running-shoes");
    await browser.click("dialog button", "Roll back");
    await browser.find(".toast", "Back to version");
    assert.deepEqual(await shop.ids(Q), before);
    assert.ok(!(await storefront(browser, shop, Q))[0].includes(title), "the shop is as it was");
  });

  test("the keyboard alone pins, and tells what it does", async () => {
    await search(browser, shop, "trail shoes");
    const ids = await shown(browser);
    await (await browser.all(".handle"))[2].focus();
    await browser.press([KEYS.Space]);
    await until("the row is held", () =>
      browser.run("() => document.querySelector('#announced').textContent.includes('position 3')"),
    );
    await browser.press([KEYS.ArrowUp]);
    await until("it is second", async () => (await shown(browser))[1] === ids[2]);
    await browser.press([KEYS.ArrowUp]);
    await until("it is first", async () => (await shown(browser))[0] === ids[2]);
    await browser.press([KEYS.Space]);
    await browser.find(".hit .chip", "Pinned at 1");
    await until("it is said", () =>
      browser.run("() => document.querySelector('#announced').textContent.includes('pinned to position 1')"),
    );
    await browser.click(".draft-panel button", "Discard");
    await browser.gone(".draft-panel");
    await until("the order is as before", async () => (await shown(browser)).join() === ids.join());
  });

  test("a finger drags on a phone", async () => {
    await browser.size(390, 844, { isPhone: true });
    try {
      await search(browser, shop, "desk lamp");
      const ids = await shown(browser);
      await (await browser.all(".hit"))[2].middle();
      const from = await (await browser.all(".handle"))[1].middle();
      const top = await (await browser.all(".hit"))[0].middle();
      await browser.drag(from, { x: from.x, y: Math.round(top.top + 4) }, "touch");
      await firstIs(browser, ids[1]);
      await browser.find(".hit .chip", "Pinned at 1");
      await browser.click(".draft-panel button", "Discard");
      await browser.gone(".draft-panel");
    } finally {
      await browser.size(1440, 900);
    }
  });

  test("a hit's menu hides, buries and moves to a position; the draft says so and outlasts a reload", async () => {
    await search(browser, shop, "winter jacket");
    const ids = await shown(browser);
    const titles = await browser.run(
      "() => [...document.querySelectorAll('.hit-title')].map((title) => title.innerText)",
    );
    await fromMenu(browser, `Actions for ${titles[0]}`, "Hide");
    await until("it is gone", async () => !(await shown(browser)).includes(ids[0]));
    await fromMenu(browser, `Actions for ${titles[3]}`, "Move to position");
    await browser.type("dialog input", "2");
    await browser.press([KEYS.Enter]);
    await until("it is second", async () => (await shown(browser))[1] === ids[3]);
    await search(browser, shop, "winter jacket");
    await until("the draft is still there", async () => (await browser.text(".draft-list")).includes("hide"));
    await until("and acts", async () => (await shown(browser))[1] === ids[3]);
    await browser.click(".draft-panel button", "Discard");
    await browser.gone(".draft-panel");
  });

  test("an explanation tells the factors, their evidence and the places without rules and taste", async () => {
    const events = ["p0166", "p0169", "p0168"].flatMap((id) =>
      [1, 2].map(() => ({ type: "purchase", shopper: "anna", index: "shop", product_id: id })),
    );
    await shop.call("POST", "/v1/events", events);
    await search(browser, shop, Q, "&shopper=anna");
    await browser.click(".why");
    const text = await until("the factors are shown", () => browser.text(".explanation"));
    for (const part of ["Words match", "without personalisation", "without rules", "The shopper"])
      assert.ok(text.includes(part), part);
    await browser.click(".choice label", "Compare with nobody");
    const columns = await until(
      "two columns",
      async () => (await browser.all(".column")).length === 2 && browser.text(".columns"),
    );
    assert.ok(columns.includes("Nobody") && columns.includes("anna"));
  });

  test("a rule is made by its form, previewed, saved, found in the list and deleted", async () => {
    await visit(browser, shop, "rules", "/new");
    await browser.type("input[placeholder='What it is for']", "Garden week");
    await fromMenu(browser, "Add a condition", "Query");
    await browser.type("input[aria-label='Text of the query']", "garden chair");
    await fromMenu(browser, "Add an action", "Show a banner");
    await browser.type(".part input", "garden chair");
    const fields = await browser.all("[aria-label='Show a banner'] input");
    await fields[0].click();
    await browser.press([MARKUP]);
    await browser.find(".preview .note", MARKUP);
    await browser.click(".save-bar button", "Save");
    await saved(browser);
    await until("its address is that of the rule", () =>
      browser.run("() => location.hash === '#/shop/rules/garden-week'"),
    );
    const rule = await shop.call("GET", "/v1/indexes/shop/rules/garden-week");
    assert.deepEqual([rule.when, rule.then[0].content.text], [{ query: { is: "garden chair" } }, MARKUP]);
    await visit(browser, shop, "search", asked("garden chair"));
    await browser.find(".note", MARKUP);
    await visit(browser, shop, "rules", "/new");
    await browser.type("input[placeholder='What it is for']", "Garden week");
    await fromMenu(browser, "Add an action", "Remove words");
    await browser.type("[aria-label='Remove words'] input", "cheap");
    await browser.click(".save-bar button", "Save");
    await browser.find(".note.bad", "already");
    await browser.click(".save-bar button", "Discard");
    await visit(browser, shop, "rules", "/garden-week");
    await browser.click("button", "Delete");
    await browser.click("dialog button", "Delete");
    await browser.find(".empty, .cards");
    assert.ok(!(await shop.call("GET", "/v1/indexes/shop/rules")).rules.some(({ id }) => id === "garden-week"));
    assert.ok(!(await browser.run("() => window.hacked")), "no script of a banner ran");
  });

  test("every condition and every action has a form, and the JSON shows what they make", async () => {
    await visit(browser, shop, "rules", "/new");
    await browser.find("button", "Add a condition");
    for (const [button, part, count] of [
      ["Add a condition", "Conditions", 9],
      ["Add an action", "Actions", 9],
    ]) {
      for (let made = 0; made < count; made += 1) {
        await browser.click("button", button);
        const items = await until(
          "the menu is open",
          async () => (await browser.all("[role=menuitem]"))[0] && browser.all("[role=menuitem]"),
        );
        // A condition leaves the menu once it is there, an action can be had again.
        await items[part === "Conditions" ? 0 : made].click();
        await until(
          `${part} has ${made + 1}`,
          async () => (await browser.all(`[aria-label=${part}] .part`)).length === made + 1,
        );
      }
      const empty = await browser.run(
        "(part) => [...document.querySelectorAll(`[aria-label=${part}] .part`)].filter((one) => !one.querySelector('.part-body :is(input, select, textarea, button)')).map((one) => one.ariaLabel)",
        part,
      );
      assert.deepEqual(empty, [], "each can be edited");
    }
    assert.equal((await browser.all("button", "Add a condition")).length, 0, "every condition is there");
    await browser.click(".choice label", "JSON");
    const rule = JSON.parse(await browser.run("() => document.querySelector('textarea.json').value"));
    assert.deepEqual(Object.keys(rule.when).sort(), [
      "category",
      "contexts",
      "from",
      "query",
      "schedule",
      "share_percent",
      "shopper",
      "time_zone",
      "until",
    ]);
    assert.deepEqual(
      rule.then.map((action) => action.do),
      ["pin", "boost", "bury", "hide", "filter", "replace", "remove", "redirect", "banner"],
    );
    await browser.click(".save-bar button", "Discard");
  });

  test("what a product is called is shown as text, whatever it is", async () => {
    await search(browser, shop, "zibbidy");
    const title = await browser.text(".hit-title");
    assert.equal(title, `Zibbidy ${MARKUP}`);
    assert.ok((await browser.text(".hit-facts")).includes("<b>Bold</b>"));
    await browser.click(".why");
    await browser.find(".explanation");
    assert.ok(
      !(await browser.run("() => window.hacked || document.querySelector('.hit img[onerror], .hit b')")),
      "nothing of it is an element",
    );
  });

  test("boosts are moved by a slider, previewed and saved", async () => {
    await visit(browser, shop, "boosts");
    await browser.click("button", "Boost by a number");
    await (await browser.find("input[type=range]")).focus();
    await browser.press([KEYS.End]);
    await browser.find(".preview .chip", "▲");
    await browser.click(".save-bar button", "Save");
    await saved(browser);
    const { numeric } = await shop.call("GET", "/v1/indexes/shop/boosts");
    assert.deepEqual(
      numeric.map(({ field, percent }) => [field, percent]),
      [["margin", 100]],
    );
  });

  test("the effect of boosts, and the queries that a draft changes, are told where the server knows them", async () => {
    for (let time = 0; time < 3; time += 1) await shop.ids("sandals");
    const knowsEffect = await shop.knows("POST", "/v1/indexes/shop/boosts/effect", {});
    const knowsQueries = await shop.knows("POST", "/v1/indexes/shop/rules/preview/queries", {});
    await visit(browser, shop, "boosts");
    await browser.find(".preview .column");
    if (knowsEffect) assert.match(await (await browser.find(".effect svg.chart")).name(), /from 0 % to \+\d+/);
    if (knowsQueries)
      assert.match(await until("queries", () => browser.text(".changed-queries")), /most frequent of late/);
    assert.equal((await browser.all(".effect")).length > 0, knowsEffect);
    await visit(browser, shop, "queries");
    if (await shop.knows("GET", "/v1/indexes/shop/queries")) await browser.find("tbody th", "sandals");
    else await browser.find(".note", "does not count queries");
  });

  test("when somebody else was first the draft is kept, and laid over what they did", async () => {
    await shop.call("PUT", "/v1/indexes/shop/boosts", { percent_max: 30 });
    await visit(browser, shop, "boosts");
    await browser.click("button", "Boost by a number");
    await shop.call("PUT", "/v1/indexes/shop/boosts", {
      percent_max: 25,
      attributes: [{ filter: { brand: ["Nike"] }, percent: 5 }],
    });
    await browser.click(".save-bar button", "Save");
    await browser.find(".clash", "Somebody else changed it");
    assert.equal((await browser.all("[aria-label='Boost by Margin']")).length, 1, "the draft is still there");
    await browser.click(".clash button", "Reload and reapply");
    await browser.find(".note.good", "latest version");
    await browser.click(".save-bar button", "Save");
    await saved(browser);
    const boosts = await shop.call("GET", "/v1/indexes/shop/boosts");
    assert.deepEqual(
      [boosts.percent_max, boosts.attributes.length, boosts.numeric.length],
      [25, 1, 1],
      "nothing of either is lost",
    );
  });

  test("a clash over a dragged pin keeps the draft, too", async () => {
    await search(browser, shop, "yoga mat");
    await (await browser.all(".handle"))[1].focus();
    await browser.press([KEYS.Space]);
    await browser.press([KEYS.ArrowUp]);
    await browser.press([KEYS.Space]);
    await browser.find(".draft-panel");
    await shop.call("PUT", "/v1/indexes/shop/boosts", { percent_max: 20 });
    await browser.click(".draft-panel button", "Save");
    await browser.click(".draft-panel .clash button", "Reload and reapply");
    await browser.find(".draft-panel .note.good");
    await browser.click(".draft-panel button", "Save");
    await saved(browser);
    assert.equal((await shop.call("GET", "/v1/indexes/shop/rules/yoga-mat")).then.length, 1);
  });

  test("a synonym and a pinned suggestion are made from what was searched for", async () => {
    await visit(browser, shop, "synonyms", "?add=zorbing");
    await browser.find(".token", "zorbing");
    await (await browser.find(".rows li .tokens input")).click();
    await browser.press([`trainers${KEYS.Enter}`]);
    await browser.click(".save-bar button", "Save");
    await saved(browser);
    const { synonyms } = await shop.call("GET", "/v1/indexes/shop/settings");
    assert.deepEqual(synonyms[0], ["zorbing", "trainers"]);
    await visit(browser, shop, "suggestions", "?pin=zorbing+shoes");
    await until("it is in the list", () =>
      browser.run(
        "() => [...document.querySelectorAll('.rows input')].some((input) => input.value === 'zorbing shoes')",
      ),
    );
    await browser.click(".save-bar button", "Save");
    await saved(browser);
    await browser.find(".try-list li", "pinned");
  });
}
