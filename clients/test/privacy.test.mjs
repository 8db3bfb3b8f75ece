// The shop's banner and its page of privacy in a real browser: by keyboard, without JavaScript, to the end of it all.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { assertFits, picture, shopper, whyNoBrowser } from "../lib/browser.mjs";
import { DEVICES, demoShop } from "../lib/demo.mjs";

/** What the API says that a browser agrees to: purpose to yes or no, and where it was said. */
async function agreed(base, context) {
  const id = (await context.cookies()).find((cookie) => cookie.name === "tw_anon").value;
  const ask = async (path) => (await fetch(`${base}/v1/consent/anonymous_id:${id}${path}`)).json();
  const [now, history] = [await ask(""), await ask("/history")];
  const said = Object.entries(now.purposes).filter(([, purpose]) => purpose.basis === "said");
  return { id, said: Object.fromEntries(said.map(([name, { allowed }]) => [name, allowed])), changes: history.changes };
}

const ALL = ["ads_sharing", "analytics", "experimentation", "model_training", "personalization"];
const every = (allowed) => Object.fromEntries(ALL.map((name) => [name, allowed]));

describe("the shop's privacy", { skip: whyNoBrowser() }, () => {
  const demo = demoShop();

  test("is chosen by keyboard, with proof of what was shown", async () => {
    const { base } = demo.server;
    const { context, faults, page } = await shopper(demo.browser, base, DEVICES[0][1]);
    await page.goto(`${base}/search?q=mug`);
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
    const order = [];
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press("Tab");
      order.push(await focused());
    }
    assert.deepEqual(order, ["Skip to content", "Refuse all", "Accept all", "Choose by purpose"]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Privacy choices" }).waitFor({ state: "detached" });
    assert.equal(page.url(), `${base}/search?q=mug`, "back where it was asked");
    const { said, changes } = await agreed(base, context);
    assert.deepEqual(said, every(false));
    assert.deepEqual([changes[0].source, changes[0].notice.id], ["banner", "storefront.banner"]);
    await context.close();
    assert.deepEqual(faults, []);
  });

  for (const [name, device] of DEVICES) {
    test(`is chosen by purpose without JavaScript, ${name}`, async () => {
      const { base } = demo.server;
      const { context, faults, page } = await shopper(demo.browser, base, { ...device, javaScriptEnabled: false });
      await page.goto(base);
      const banner = page.getByRole("region", { name: "Privacy choices" });
      await banner.getByText("Choose by purpose").click();
      const boxes = banner.getByRole("checkbox");
      assert.equal(await boxes.count(), ALL.length);
      for (const box of await boxes.all()) assert.equal(await box.isChecked(), false, "nothing is ticked beforehand");
      await assertFits(page);
      await picture(page, `${name}-banner-purposes`);
      await banner.getByRole("checkbox", { name: "Count my visits" }).check();
      await banner.getByRole("button", { name: "Save choices" }).click();
      await banner.waitFor({ state: "detached" });
      assert.deepEqual((await agreed(base, context)).said, { ...every(false), analytics: true });

      await page.getByRole("link", { name: "Privacy choices" }).click();
      assert.equal(await page.getByRole("checkbox", { name: "Count my visits" }).isChecked(), true);
      assert.equal(await page.getByRole("checkbox", { name: "Arrange the shop for me" }).isChecked(), false);
      await page.getByRole("button", { name: "Accept all" }).click();
      await page.waitForURL(`${base}/privacy`);
      assert.deepEqual((await agreed(base, context)).said, every(true));
      await context.close();
      assert.deepEqual(faults, []);
    });

    test(`hands out and deletes, ${name}`, async () => {
      const { base } = demo.server;
      const { context, faults, page } = await shopper(demo.browser, base, device);
      await page.goto(base);
      await page.getByRole("button", { name: "Accept all" }).click();
      await page.locator(".departments a", { hasText: "Camping" }).click();
      await page.locator(".cards.grid .card a").first().click();
      const title = await page.getByRole("heading", { level: 1 }).textContent();
      await page.getByRole("link", { name: "Privacy choices" }).click();
      assert.match(await page.locator("#known").textContent(), new RegExp(title));
      await picture(page, `${name}-privacy-known`);
      await assertFits(page);

      const { id } = await agreed(base, context);
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download my data" }).click()]);
      const held = await readFile(await download.path(), "utf8");
      assert.ok(held.includes(id) && held.includes("Product Viewed"), "the file holds what was done");

      await page.getByRole("checkbox", { name: "Yes, delete everything" }).check();
      await page.getByRole("button", { name: "Delete my data" }).click();
      await page.getByRole("heading", { name: "Deleted" }).waitFor({ timeout: 60_000 });
      await picture(page, `${name}-privacy-deleted`);
      const after = await agreed(base, context);
      assert.notEqual(after.id, id);
      assert.equal((await fetch(`${base}/v1/profiles/anonymous_id:${id}`)).status, 404);
      await page.getByRole("link", { name: "Back to the shop" }).click();
      await page.getByRole("region", { name: "Privacy choices" }).waitFor();
      await context.close();
      assert.deepEqual(faults, []);
    });
  }
});
