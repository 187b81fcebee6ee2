// The console in a real browser, before a real server with the sample shop.

import { after, before, describe } from "node:test";
import { access } from "./access.js";
import { look } from "./look.js";
import { merchandising } from "./merchandising.js";
import { Shop } from "./shop.js";
import { Browser } from "./webdriver.js";

describe("the console", { timeout: 900_000 }, () => {
  const context = {};

  before(async () => {
    [context.shop, context.browser] = await Promise.all([Shop.start(), Browser.start()]);
    await context.browser.size(1440, 900);
  });
  after(async () => {
    await context.browser?.quit();
    await context.shop?.stop();
  });

  describe("merchandising", () => merchandising(context));
  describe("access", () => access(context));
  describe("look", () => look(context));
});
