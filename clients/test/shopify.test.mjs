// Shopify's webhooks, signed by Node's own crypto as Shopify signs them, to the real program.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { decide, profile, stats, until } from "../lib/ask.mjs";
import { startServer } from "../lib/server.mjs";

const SECRETS = ["next-secret", "secret"];
const PAYLOADS = new URL("../../crates/api/src/dialects/shopify/tests/", import.meta.url);
const payload = (name) => readFile(new URL(`${name}.json`, PAYLOADS), "utf8");
const MUG = "8100000000001";
const ANN = "user_id:7100000000001";

describe("Shopify's webhooks", () => {
  let server;
  before(async () => {
    const settings = { TRADEWIND_COLLECT_SHOPIFY_SECRETS: JSON.stringify(SECRETS) };
    server = await startServer({ settings });
  });
  after(() => server?.stop());

  /** One delivery. Two of one `event` are a retry, or two subscriptions to one topic. */
  function deliver(topic, body, { event = randomUUID(), secret = "secret", signed = body } = {}) {
    const headers = {
      "content-type": "application/json",
      "x-shopify-topic": topic,
      "x-shopify-shop-domain": "kiosk.myshopify.com",
      "x-shopify-api-version": "2026-10",
      "x-shopify-webhook-id": randomUUID(),
      "x-shopify-event-id": event,
      "x-shopify-triggered-at": new Date().toISOString(),
      "x-shopify-hmac-sha256": createHmac("sha256", secret).update(signed).digest("base64"),
    };
    return fetch(`${server.base}/webhooks/shopify`, { method: "POST", headers, body });
  }

  async function taken(topic, body, options) {
    const answer = await deliver(topic, body, options);
    assert.equal(answer.status, 200, `${topic}: ${await answer.text()}`);
  }

  const shown = async () => (await decide(server.base, { anonymousId: "passer-by" }, ["home.trending"])).ids["home.trending"];
  const level = (available, minutes) =>
    JSON.stringify({
      inventory_item_id: 5100000000001,
      location_id: 1,
      available,
      updated_at: new Date(Date.parse("2026-11-20T12:00:00Z") + minutes * 60_000).toISOString(),
    });

  test("a product is shown while it can be had", async () => {
    await taken("products/create", await payload("product"));
    await until("the mug is shown", async () => (await shown()).includes(MUG));
    await taken("inventory_levels/update", level(0, 2));
    await until("the mug is not shown", async () => !(await shown()).includes(MUG));
    await taken("inventory_levels/update", level(5, 1));
    await taken("inventory_levels/update", level(5, 3), { secret: "next-secret" });
    await until("the mug is shown again", async () => (await shown()).includes(MUG));
  });

  test("an order is the customer's once, whoever tells of it and however often", async () => {
    const order = await payload("order");
    const event = randomUUID();
    await Promise.all([deliver("orders/create", order, { event }), deliver("orders/create", order, { event })]);
    await taken("orders/paid", order);
    await taken("refunds/create", await payload("refund"));
    const ann = await until("the order and the refund", async () => {
      const found = await fetch(`${server.base}/v1/profiles/${ANN}`).then((answer) => answer.ok && answer.json());
      return found && found.refunds === 1 ? found : null;
    });
    assert.deepEqual([ann.orders, ann.bought, ann.revenueMinor], [1, [MUG], { EUR: 3109 }]);
    assert.equal((await profile(server.base, "anonymous_id:shopify:cart:c1-5f2e")).subject, ANN);
  });

  test("privacy requests are acknowledged and counted", async () => {
    const customer = { id: 72, email: "ben@example.com" };
    await taken("customers/data_request", JSON.stringify({ shop_id: 9, customer, orders_requested: [1] }));
    await taken("customers/redact", JSON.stringify({ shop_id: 9, customer: { email: "ben@example.com" } }));
    await taken("shop/redact", JSON.stringify({ shop_id: 9, shop_domain: "kiosk.myshopify.com" }));
    const names = ["Privacy Data Requested", "Privacy Erasure Requested", "Shop Erasure Requested"];
    await until("three requests", async () => {
      const { eventsByName } = await stats(server.base);
      return names.every((name) => eventsByName[name] === 1);
    });
    const metrics = await fetch(`${server.base}/metrics`).then((answer) => answer.text());
    for (const name of names) assert.match(metrics, new RegExp(`privacy_requests_total\\{kind="${name}"\\} 1`));
    assert.equal((await fetch(`${server.base}/v1/profiles/user_id:72`)).status, 404, "asking makes no profile");
  });

  test("what was not signed with a secret of the shop is refused", async () => {
    const order = await payload("order");
    const before = (await stats(server.base)).eventsTotal;
    assert.equal((await deliver("orders/updated", order, { secret: "guessed" })).status, 401);
    assert.equal((await deliver("orders/updated", order, { signed: `${order} ` })).status, 401);
    const answer = await fetch(`${server.base}/webhooks/shopify`, { method: "POST", body: order });
    assert.equal(answer.status, 401);
    assert.equal((await answer.json()).code, "webhook-signature");
    assert.equal((await stats(server.base)).eventsTotal, before);
  });
});

describe("Shopify's webhooks, without a secret", () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  test("are refused so that they come again", async () => {
    const answer = await fetch(`${server.base}/webhooks/shopify`, { method: "POST", body: "{}" });
    assert.equal(answer.status, 503);
    assert.equal((await answer.json()).code, "webhook-not-configured");
  });
});
