// @rudderstack/analytics-js in a real browser, on a shop's page of another origin than the collector's.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { profile, stats, until } from "../lib/ask.mjs";
import { launch, whyNoBrowser } from "../lib/browser.mjs";
import { TROUBLE, startDoorman } from "../lib/doorman.mjs";
import { startServer } from "../lib/server.mjs";
import { startSite } from "../lib/site.mjs";

const PACKAGE = path.dirname(createRequire(import.meta.url).resolve("@rudderstack/analytics-js"));
// The build with every plugin in it: the others fetch theirs from the vendor when a page opens.
const BUNDLE = path.join(PACKAGE, "../bundled/umd");

describe("@rudderstack/analytics-js", { skip: whyNoBrowser() }, () => {
  let server;
  let shop;
  let browser;
  before(async () => {
    shop = await startSite(BUNDLE);
    const origins = JSON.stringify([shop.base]);
    server = await startServer({
      settings: { TRADEWIND_COLLECT_WRITE_KEYS: '["k"]', TRADEWIND_COLLECT_ALLOWED_ORIGINS: origins },
    });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await shop?.stop();
  });

  /** Opens the shop, loads the client as its documentation says, and calls it once for each of `calls`. */
  async function visit(t, calls, { options = {}, faults = [] } = {}) {
    const doorman = await startDoorman(server.base, faults);
    t.after(doorman.stop);
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const complaints = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(shop.base);
    const anonymousId = await page.evaluate(
      async ({ collector, calls, options }) => {
        const given = globalThis["rudderanalytics"];
        const client = given.RudderAnalytics ? new given.RudderAnalytics() : given;
        await new Promise((resolve) => {
          client.load("k", collector, { configUrl: collector, logLevel: "ERROR", ...options });
          client.ready(() => resolve(undefined));
        });
        for (const [call, ...given] of calls) client[call](...given);
        return client.getAnonymousId();
      },
      { collector: doorman.base, calls, options },
    );
    return { doorman, page, anonymousId, complaints };
  }

  const view = (id) => ["track", "Product Viewed", { product_id: id }];
  const applied = (id, events) =>
    until(`${events} events of ${id}`, async () => {
      const answer = await fetch(`${server.base}/v1/profiles/${encodeURIComponent(`anonymous_id:${id}`)}`);
      return answer.ok && (await answer.json()).events >= events;
    }, 30_000);

  test("starts, and delivers all kinds of calls across origins", async (t) => {
    const { doorman, anonymousId, complaints } = await visit(t, [
      ["page", "Home"],
      view("vase"),
      ["group", "g1", { name: "Friends" }],
      ["identify", "ann", { email: "ann@example.com" }],
      ["alias", "ann-2", "ann"],
    ]);
    await until("five events", async () => (await stats(server.base)).eventsTotal >= 5, 30_000);
    assert.deepEqual(complaints, []);
    assert.ok(doorman.seen.some((one) => one.path.startsWith("/sourceConfig") && one.status === 200));
    assert.ok(doorman.seen.some((one) => one.status === 204), "preflights are answered");
    const sent = doorman.seen.filter((one) => /^\/v1\/(track|page|group|identify|alias)$/.test(one.path) && one.status === 200);
    assert.equal(sent.length, 5);
    const encoded = Buffer.from(anonymousId).toString("base64");
    assert.equal(sent[0].headers.anonymousid, encoded, "with a header of its own");
    assert.ok(sent.every((one) => one.answer["access-control-allow-origin"] === shop.base));
    const { eventsByName, rejectedTotal } = await stats(server.base);
    assert.deepEqual(eventsByName, { alias: 1, group: 1, identify: 1, page: 1, "Product Viewed": 1 });
    assert.equal(rejectedTotal, 0);
    assert.match((await profile(server.base, `anonymous_id:${anonymousId}`)).subject, /^user_id:ann/);
  });

  test("delivers by beacon when its page closes", async (t) => {
    const options = { useBeacon: true, beaconQueueOptions: { maxItems: 50, flushQueueInterval: 600_000 } };
    const { doorman, page, anonymousId, complaints } = await visit(t, [view("jug"), view("bowl")], { options });
    assert.ok(!doorman.seen.some((one) => one.path.startsWith("/beacon")), "nothing before");
    await page.close({ runBeforeUnload: true });
    await applied(anonymousId, 2);
    assert.deepEqual(complaints, []);
    const beacons = doorman.seen.filter((one) => one.path.startsWith("/beacon/v1/batch?writeKey=k"));
    assert.deepEqual(beacons.map((one) => one.status), [200]);
    assert.equal(beacons[0].headers.authorization, undefined);
    assert.equal((await profile(server.base, `anonymous_id:${anonymousId}`)).actions.view, 2);
  });

  test("through trouble it loses nothing, and nothing is stored twice", async (t) => {
    const options = { queueOptions: { minRetryDelay: 50, maxRetryDelay: 200 } };
    const calls = ["cup", "pot", "pan"].map(view);
    const { doorman, anonymousId } = await visit(t, calls, { options, faults: TROUBLE });
    const answered = () => doorman.seen.filter((one) => one.path === "/v1/track" && one.status === 200).length;
    await until("three deliveries", () => answered() === 3, 30_000);
    const known = await profile(server.base, `anonymous_id:${anonymousId}`);
    assert.deepEqual([known.events, known.actions.view], [3, 3]);
    const failed = doorman.seen.map((one) => one.status).filter((status) => status >= 300);
    assert.deepEqual(failed.sort(), [429, 503, 503], "each trouble was met");
  });
});
