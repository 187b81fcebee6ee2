// Keys: signing in and out, what a key does not open, making and revoking one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seriousFindings } from "./axe.js";
import { Shop, keep } from "./shop.js";
import { KEYS, until } from "./webdriver.js";

export function access(context) {
  let browser;
  let guarded;

  before(async () => {
    ({ browser } = context);
    guarded = await Shop.start({ needsKeys: true, products_max: 50 });
  });
  after(() => guarded?.stop());

  const signIn = async (key) => {
    await browser.type("input[type=password]", key);
    await browser.press([KEYS.Enter]);
  };

  test("the door opens to a key, which stays in the tab", async () => {
    await browser.open(guarded.admin("keys"));
    await browser.find("h1", "Sign in");
    await keep(browser, "sign-in-light");
    assert.deepEqual(await seriousFindings(browser), []);
    await signIn("nobody.knows");
    await browser.find(".note.bad", "not known");
    await signIn(guarded.key);
    await browser.find("h1", "Keys");
    const [address, local, session] = await browser.run(
      "() => [location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage)]",
    );
    assert.ok(!address.includes(guarded.key) && !local.includes(guarded.key) && session.includes(guarded.key));
  });

  test("a key is made, shown once, used and revoked", async () => {
    await browser.click("button", "New key");
    await browser.type("dialog input[placeholder='storefront']", "campaigns");
    await browser.click("dialog label", "merchandise");
    await browser.click("dialog button", "Make the key");
    const secret = await until("the secret is shown", () => browser.text("#made-key"));
    assert.match(secret, /^\S+\.\S+$/);
    await browser.click("dialog button", "I have it");
    await browser.find("tbody tr", "campaigns");
    assert.ok(!(await browser.text()).includes(secret), "it is not shown again");

    await browser.click("button", "Sign out");
    await signIn(secret);
    await browser.click("nav a", "Keys");
    await browser.find(".note", /* whichever says so: the console or the server */ "does not open");
    await browser.click("nav a", "Rules");
    await browser.find("h1", "Rules");
    await browser.find(".empty");
    await browser.click("button", "Sign out");
    assert.equal(await browser.run("() => sessionStorage.length"), 0, "nothing of it is left");

    await signIn(guarded.key);
    await browser.click("nav a", "Keys");
    if (await guarded.knows("POST", "/v1/keys/none/rotate", {})) {
      await browser.click("tbody button", "New secret for campaigns");
      await browser.click("dialog button", "Make a new secret");
      const next = await until("another secret is shown", () => browser.text("#made-key"));
      assert.notEqual(next, secret);
      await browser.click("dialog button", "I have it");
    }
    await browser.click("tbody button", "Revoke campaigns");
    await browser.click("dialog button", "Revoke");
    await browser.gone("tbody tr", "campaigns");
    await browser.click("button", "Sign out");
    await signIn(secret);
    await browser.find(".note.bad", "not known");
  });
}
