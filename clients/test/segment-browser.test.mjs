// @segment/analytics-next in a real browser, on a shop's page of another origin than the collector's.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { decide, profile, stats, until } from "../lib/ask.mjs";
import { launch, whyNoBrowser } from "../lib/browser.mjs";
import { TROUBLE, startDoorman } from "../lib/doorman.mjs";
import { startServer } from "../lib/server.mjs";
import { startSite } from "../lib/site.mjs";

const UMD = path.join(path.dirname(createRequire(import.meta.url).resolve("@segment/analytics-next/package.json")), "dist/umd");
const VISIT = "/?utm_campaign=spring&utm_source=letter";

describe("@segment/analytics-next", { skip: whyNoBrowser() }, () => {
  let server;
  let doorman;
  let shop;
  let browser;
  before(async () => {
    shop = await startSite(UMD);
    const origins = JSON.stringify([shop.base]);
    server = await startServer({
      settings: { TRADEWIND_COLLECT_WRITE_KEYS: '["k"]', TRADEWIND_COLLECT_ALLOWED_ORIGINS: origins },
    });
    doorman = await startDoorman(server.base);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await doorman?.stop();
    await server?.stop();
    await shop?.stop();
  });

  /** Opens the shop with the client loaded as its documentation says, and calls it once for each of `calls`. */
  async function visit(calls, delivery, collector = doorman.base) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const faults = [];
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(String(error)));
    await page.goto(shop.base + VISIT);
    const anonymousId = await page.evaluate(
      async ({ collector, calls, delivery }) => {
        const segment = { apiHost: `${new URL(collector).host}/v1`, protocol: "http", ...delivery };
        const client = globalThis["AnalyticsNext"].AnalyticsBrowser.load(
          { writeKey: "k", cdnURL: collector },
          { integrations: { "Segment.io": segment } },
        );
        for (const [call, ...given] of calls) await client[call](...given);
        return (await client.user()).anonymousId();
      },
      { collector, calls, delivery },
    );
    return { context, anonymousId, faults };
  }

  const sent = (path) => doorman.seen.filter((one) => one.path === path && one.status === 200);

  test("boots, and delivers across origins", async () => {
    const { context, anonymousId, faults } = await visit([
      ["page", "Home"],
      ["track", "Product Viewed", { product_id: "vase", price: 20 }],
      ["screen", "Basket"],
      ["group", "g1", { name: "Friends" }],
      ["identify", "ann", { email: "ann@example.com" }],
      ["alias", "ann-2", "ann"],
    ]);
    await until("six events", async () => (await stats(server.base)).eventsTotal >= 6);
    assert.deepEqual(faults, []);
    assert.equal(sent("/v1/projects/k/settings").length, 1);
    for (const kind of ["p", "t", "s", "g", "i", "a"]) {
      const requests = sent(`/v1/${kind}`);
      assert.equal(requests.length, 1, `one request to /v1/${kind}`);
      assert.match(requests[0].headers["content-type"], /^text\/plain/);
      assert.equal(requests[0].answer["access-control-allow-origin"], shop.base);
    }
    assert.ok(doorman.seen.some((one) => one.status === 204), "preflights are answered");
    const { eventsByName, rejectedTotal } = await stats(server.base);
    assert.deepEqual(eventsByName, { alias: 1, group: 1, identify: 1, page: 1, screen: 1, "Product Viewed": 1 });
    assert.equal(rejectedTotal, 0);
    assert.match((await profile(server.base, `anonymous_id:${anonymousId}`)).subject, /^user_id:ann/);
    await context.close();
  });

  test("delivers in batches", async () => {
    const batching = { deliveryStrategy: { strategy: "batching", config: { size: 2, timeout: 500 } } };
    const before = (await stats(server.base)).eventsTotal;
    const view = (id) => ["track", "Product Viewed", { product_id: id }];
    const { context, anonymousId, faults } = await visit([view("jug"), view("bowl")], batching);
    await until("two events", async () => (await stats(server.base)).eventsTotal === before + 2);
    assert.deepEqual(faults, []);
    assert.ok(sent("/v1/b").length >= 1);
    const { ids } = await decide(server.base, { anonymousId }, ["home.recently_viewed"]);
    assert.deepEqual(ids["home.recently_viewed"], ["bowl", "jug"]);
    await context.close();
  });

  test("through trouble it loses nothing, and nothing is stored twice", async (t) => {
    const trouble = await startDoorman(server.base, TROUBLE);
    t.after(trouble.stop);
    const views = ["cup", "pot", "pan"].map((id) => ["track", "Product Viewed", { product_id: id }]);
    const { context, anonymousId } = await visit(views, {}, trouble.base);
    const answered = () => trouble.seen.filter((one) => one.path === "/v1/t" && one.status === 200).length;
    await until("three deliveries", () => answered() === 3, 30_000);
    const known = await profile(server.base, `anonymous_id:${anonymousId}`);
    assert.deepEqual([known.events, known.actions.view], [3, 3]);
    const failed = trouble.seen.map((one) => one.status).filter((status) => status >= 300);
    assert.deepEqual(failed.sort(), [429, 503, 503], "each trouble was met");
    await context.close();
  });

  test("a preflight from an origin that is not allowed gets no leave", async () => {
    const headers = { origin: "https://elsewhere.example", "access-control-request-method": "POST" };
    const answer = await fetch(`${server.base}/v1/t`, { method: "OPTIONS", headers });
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  });
});
