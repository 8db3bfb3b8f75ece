// segment-analytics-python with gzip, as a shop's back end would use it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SIX_CALLS, checkNextDecision, counted, priorSessions, profile, stats } from "../lib/ask.mjs";
import { startDoorman } from "../lib/doorman.mjs";
import { drive, whyNoPython } from "../lib/python.mjs";
import { startServer } from "../lib/server.mjs";

const send = (base, calls, writeKey = "k") => drive("segment_client.py", base, writeKey, calls);
const view = (user_id, product_id) => ["track", { user_id, event: "Product Viewed", properties: { product_id } }];
const skip = whyNoPython();

describe("segment-analytics-python", { skip }, () => {
  let server;
  let doorman;
  before(async () => {
    server = await startServer({ settings: { TRADEWIND_COLLECT_WRITE_KEYS: '["k"]' } });
    doorman = await startDoorman(server.base);
  });
  after(async () => {
    await doorman?.stop();
    await server?.stop();
  });

  test("delivers all six call types, gzipped", async () => {
    const products = [{ product_id: "vase", price: 20, quantity: 1 }];
    const user_id = "ann";
    const reported = await send(doorman.base, [
      ["identify", { user_id, anonymous_id: "browser-1", traits: { email: "ann@example.com" } }],
      ["track", { user_id, event: "Order Completed", properties: { order_id: "o1", revenue: 20, currency: "EUR", products } }],
      ["page", { user_id, category: "Shop", name: "Home", properties: { url: "https://shop.example/" } }],
      ["screen", { user_id, name: "Basket" }],
      ["group", { user_id, group_id: "g1", traits: { name: "Friends" } }],
      ["alias", { previous_id: "browser-0", user_id }],
    ]);
    assert.deepEqual(reported, { sent: 6, errors: [] });
    assert.ok(doorman.seen.length > 0);
    assert.ok(doorman.seen.every((one) => one.headers["content-encoding"] === "gzip" && one.status === 200));
    await counted(server.base, SIX_CALLS);
    const known = await profile(server.base, "user_id:ann");
    assert.equal(known.orders, 1);
    assert.deepEqual(known.bought, ["vase"]);
  });

  test("a message id that comes twice is stored once", async () => {
    const twice = ["track", { .../** @type {object} */ (view("ben", "vase")[1]), message_id: "twice-1" }];
    assert.deepEqual(await send(server.base, [twice]), { sent: 1, errors: [] });
    assert.deepEqual(await send(server.base, [twice, view("ben", "vase")]), { sent: 2, errors: [] });
    assert.equal((await profile(server.base, "user_id:ben")).actions.view, 2);
  });

  test("reads code and message of a refusal", async () => {
    const before = (await stats(server.base)).eventsTotal;
    const { errors } = await send(server.base, [view("eve", "vase")], "wrong");
    assert.equal(errors.length, 1);
    assert.equal(errors[0].status, 401);
    assert.equal(errors[0].code, "unknown-write-key");
    assert.match(errors[0].message, /write key/);
    assert.equal(errors[0].items, 1);
    assert.equal((await stats(server.base)).eventsTotal, before);
  });
});

describe("segment-analytics-python, a click", { skip }, () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  test("is in the next decision", async () => {
    const earlier = await send(server.base, priorSessions().map(([who, product]) => view(who, product)));
    assert.deepEqual(earlier.errors, []);
    await checkNextDecision(server.base, { userId: "cleo" }, async () => {
      assert.deepEqual((await send(server.base, [view("cleo", "lamp")])).errors, []);
    });
  });
});
