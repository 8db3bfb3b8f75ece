// The console's live profile in a real browser: what is clicked in the shop is seen there within a second.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DESKTOP, PHONE, assertFits, launch, picture, shopper, whyNoBrowser } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";

const WITHIN_MS = 1_000;

/** The bars of a part of the page: label to share. */
const bars = (page, id) =>
  page.locator(`#${id} .bars li`).evaluateAll((rows) =>
    Object.fromEntries(rows.map((row) => [row.querySelector(".key").textContent, row.querySelector("meter").value])),
  );

/** Waits until `look` gives something true; gives it with the milliseconds that took. */
async function soon(look, what) {
  const began = performance.now();
  for (;;) {
    const seen = await look();
    const took = performance.now() - began;
    if (seen) return { seen, took };
    assert.ok(took < 10_000, `not seen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("the live profile", { skip: whyNoBrowser() }, () => {
  let server;
  let browser;
  before(async () => {
    server = await startServer({ command: "demo", args: ["--days", "30"] });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const [name, device] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    test(`moves with each click, ${name}`, async () => {
      const { context, faults, page: shop } = await shopper(browser, server.base, device);
      await shop.goto(server.base);
      const live = await context.newPage();
      await live.goto(`${server.base}/console/live`);
      await live.locator("#state.live").waitFor();
      await live.evaluate(() => (document.body.dataset.page = "same"));
      await assertFits(live);
      await picture(live, `${name}-live-fresh`);
      const delays = [];

      // A product of one department: its category appears.
      await shop.locator(".departments a", { hasText: "Camping" }).click();
      await shop.locator(".cards.grid .card a").nth(1).click();
      const category = async () => Object.entries(await bars(live, "live-category_affinity")).filter(([name]) => /^Camping/.test(name));
      const first = await soon(async () => (await category()).length > 0 && (await category()), "the category");
      delays.push(first.took);
      const before = first.seen[0][1];
      const buying = (await bars(live, "live-intent"))["Ready to buy"];
      assert.ok(buying > 0 && buying < 0.5, `ready to buy after one look: ${buying}`);

      // Another look at the same category: it grows.
      await shop.locator(".crumbs a").last().click();
      await shop.locator(".cards.grid .card a").nth(2).click();
      delays.push((await soon(async () => (await category())[0]?.[1] > before, "a stronger affinity")).took);
      await picture(live, `${name}-live-looked`);

      // Into the cart, and on to the checkout: the visit is for buying.
      await shop.getByRole("button", { name: "Add to cart" }).click();
      delays.push((await soon(async () => (await bars(live, "live-intent"))["Ready to buy"] > 2 * buying, "the cart's effect")).took);
      await shop.getByRole("link", { name: "Check out" }).click();
      const ready = async () => /Ready to buy/.test(await live.locator("#live-intent .number").textContent());
      delays.push((await soon(ready, "the intent to buy")).took);
      await assertFits(live);
      await picture(live, `${name}-live-ready`);

      assert.equal(await live.evaluate(() => document.body.dataset.page), "same", "the page was not reloaded");
      // Counted from when the shop's page had come, which is after its events were taken.
      for (const delay of delays) assert.ok(delay < WITHIN_MS, `milliseconds from click to sight: ${delays.map(Math.round)}`);
      console.log(`# ${name}: milliseconds until seen: ${delays.map(Math.round).join(", ")}`);
      await context.close();
      assert.deepEqual(faults, []);
    });
  }
});
