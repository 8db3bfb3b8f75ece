// The demo shop in a real browser: on a desk, on a phone, and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stats } from "../lib/ask.mjs";
import { assertFits, picture, shopper, whyNoBrowser } from "../lib/browser.mjs";
import { DEVICES, demoShop } from "../lib/demo.mjs";
import { checkOut, lookAround, productId, rail, toHome, why } from "../lib/shopping.mjs";

const FOR_YOU = "home.for_you";
const RECENT = "home.recently_viewed";

describe("the demo shop", { skip: whyNoBrowser() }, () => {
  const demo = demoShop();

  /** A walk through the shop that checks itself on the way; `name` begins its pictures' names. */
  async function shop(page, name, department) {
    const look = async (what) => {
      await assertFits(page);
      await picture(page, `${name}-${what}`);
    };
    await page.goto(demo.server.base);
    const fresh = await rail(page, FOR_YOU);
    assert.ok(fresh.length >= 8, `a stranger sees ${fresh.length} products`);
    assert.deepEqual(await rail(page, RECENT), [], "a stranger has viewed nothing");
    await look("home-fresh");

    const seen = await lookAround(page, department);
    await look("product");
    await toHome(page);
    const known = await rail(page, FOR_YOU);
    const added = known.filter((id) => !fresh.includes(id));
    assert.ok(added.length >= 5, `after three clicks ${added.length} of ${known.length} products are new`);
    assert.deepEqual(await rail(page, RECENT), seen.toReversed(), "the newest first");
    const reasons = await why(page, FOR_YOU);
    assert.ok(reasons.some((line) => !/popular/i.test(line)), `reasons: ${reasons}`);
    assert.equal(await page.locator(".why .source", { hasText: "degraded" }).count(), 0, "nothing is degraded");
    await look("home-known");

    await page.locator(".departments a", { hasText: department }).click();
    await look("category");

    await page.getByRole("searchbox").fill("mug");
    await page.getByRole("searchbox").press("Enter");
    await page.waitForURL(/\/search\?q=mug/);
    assert.ok((await page.locator(".cards.grid .card").count()) > 0, "there are mugs");
    await look("search");

    await toHome(page);
    await page.locator('section.rail[aria-labelledby="home-for_you"] .card a').first().click();
    const bought = productId(page);
    assert.match(page.url(), /[?&]from=.+&slot=home\.for_you\.1$/, "the click says what it followed");
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.waitForURL(/\/cart$/);
    assert.equal(await page.locator(".lines > li").count(), 1);
    const addOns = await rail(page, "cart.add_ons");
    assert.ok(addOns.length > 0, "the cart has add-ons");
    assert.ok(!addOns.includes(bought), "the add-ons do not repeat the cart");
    await look("cart");

    const orders = (await stats(demo.server.base)).eventsByName["Order Completed"];
    await checkOut(page);
    assert.equal(await page.locator(".cart-link .count").textContent(), "0");
    assert.equal((await stats(demo.server.base)).eventsByName["Order Completed"], orders + 1);
    await look("thanks");
    return { seen, bought };
  }

  for (const [name, device] of DEVICES) {
    test(`learns from a shopper, ${name}`, async () => {
      const { context, faults, page } = await shopper(demo.browser, demo.server.base, device);
      const { bought } = await shop(page, name, "Camping");

      await page.getByRole("link", { name: "Console", exact: true }).click();
      await page.locator("#state.live").waitFor();
      const events = page.locator("#panel-events tr.mine");
      assert.match(await events.allTextContents().then((all) => all.join("\n")), /Order Completed/);
      assert.match(await page.locator("#panel-profile").textContent(), /orders/i);
      const mine = page.locator("#panel-decisions .decision.mine").first();
      assert.ok((await mine.locator(".placement h3").count()) > 0);
      assert.ok((await mine.locator(".meta .badge").count()) > 0, "slots name their source");
      assert.ok((await mine.locator(".reasons").count()) > 0, "slots say why");
      await assertFits(page);
      await picture(page, `${name}-console`);

      // Somebody opens an older decision: that must not hold up what comes.
      const older = page.locator("#panel-decisions details:not([open])").first();
      const opened = await older.getAttribute("id");
      await older.locator("summary").click();

      // Another tab clicks; this one is not reloaded.
      await page.evaluate(() => (document.body.dataset.page = "same"));
      const other = await context.newPage();
      await other.goto(`${demo.server.base}/p/${bought}`);
      await other.locator('section.rail[aria-labelledby="product-similar"] .card a').first().click();
      const title = await other.getByRole("heading", { level: 1 }).textContent();
      await events.filter({ hasText: title }).first().waitFor();
      await page.locator("#panel-decisions .decision.mine", { hasText: "product.similar" }).first().waitFor();
      await page.locator("#panel-profile", { hasText: title }).waitFor();
      assert.equal(await page.evaluate(() => document.body.dataset.page), "same");
      assert.ok((await page.locator("#panel-decisions details[open]").count()) <= 3, "older decisions fold up");
      const kept = page.locator(`[id="${opened}"]`);
      if ((await kept.count()) > 0) assert.equal(await kept.evaluate((part) => part.open), true, "what was opened stays so");
      await picture(page, `${name}-console-live`);
      await context.close();
      assert.deepEqual(faults, []);
    });
  }

  test("needs no JavaScript", async () => {
    for (const [name, device] of DEVICES) {
      const options = { ...device, javaScriptEnabled: false };
      const { context, faults, page } = await shopper(demo.browser, demo.server.base, options);
      await shop(page, `${name}-noscript`, "Kitchen");
      await page.getByRole("link", { name: "Console", exact: true }).click();
      assert.match(await page.locator("#panel-events tr.mine").first().textContent(), /you/);
      await context.close();
      assert.deepEqual(faults, []);
    }
  });
});
