// What a shopper does in the demo shop, by links, buttons and forms only.
import assert from "node:assert/strict";

/** The product ids of the cards in a rail, `placement` as in `home.for_you`; empty when it is not there. */
export async function rail(page, placement) {
  const links = page.locator(`section.rail[aria-labelledby="${placement.replaceAll(".", "-")}"] .card a`);
  const hrefs = await links.evaluateAll((found) => found.map((link) => link.pathname));
  return hrefs.map((path) => path.split("/").pop());
}

/** What a rail says of how it came about: sources and reasons, slot by slot. */
export function why(page, placement) {
  const lines = page.locator(`section.rail[aria-labelledby="${placement.replaceAll(".", "-")}"] details.why li`);
  return lines.evaluateAll((found) => found.map((line) => line.textContent.trim()));
}

export const toHome = (page) => page.locator("a.mark").click();
export const productId = (page) => new URL(page.url()).pathname.split("/").pop();

/** Opens three products of one department as a shopper would; returns them in the order of time. */
export async function lookAround(page, department) {
  await page.locator(".departments a", { hasText: department }).click();
  await page.locator(".cards.grid .card a").nth(1).click();
  const first = productId(page);
  const category = page.locator(".crumbs a").last();
  const seen = [first];
  for (const nth of [2, 4]) {
    await category.click();
    await page.locator(".cards.grid .card a").nth(nth).click();
    seen.push(productId(page));
  }
  assert.equal(new Set(seen).size, 3, `three products: ${seen}`);
  return seen;
}

/** Buys what the cart holds; returns the order's page. */
export async function checkOut(page) {
  await page.getByRole("link", { name: "Check out" }).click();
  await page.getByLabel("E-mail").fill("ann@example.com");
  await page.getByLabel("Full name").fill("Ann Example");
  await page.getByLabel("Street and number").fill("1 Quay Street");
  await page.getByLabel("Postcode").fill("AB1 2CD");
  await page.getByLabel("Town or city").fill("Harbourtown");
  await page.getByLabel("Country").fill("Scotland");
  await page.getByRole("button", { name: "Place order" }).click();
  await page.waitForURL(/\/order\/[0-9a-f-]{36}$/);
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Thank you");
}
