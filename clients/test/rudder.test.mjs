// RudderStack's clients, which speak the same protocol with the key in the header only and gzip by default.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { SIX_CALLS, counted, profile } from "../lib/ask.mjs";
import { startDoorman } from "../lib/doorman.mjs";
import { drive, whyNoPython } from "../lib/python.mjs";
import { startServer } from "../lib/server.mjs";

const products = [{ product_id: "vase", price: 20, quantity: 1 }];
const properties = { order_id: "o1", revenue: 20, currency: "EUR", products };
const settings = { TRADEWIND_COLLECT_WRITE_KEYS: '["k"]' };

/** A server, and the doorman that the clients are sent to. */
async function open() {
  const server = await startServer({ settings });
  const doorman = await startDoorman(server.base);
  const close = async () => {
    await doorman.stop();
    await server.stop();
  };
  return { server, doorman, close };
}

/** What either client has to have sent and left behind. */
async function check({ server, doorman }) {
  assert.ok(doorman.seen.length > 0);
  for (const { headers, path, status } of doorman.seen) {
    assert.deepEqual([path, headers["content-encoding"], status], ["/v1/batch", "gzip", 200]);
    assert.match(headers.authorization, /^Basic /);
  }
  await counted(server.base, SIX_CALLS);
  const known = await profile(server.base, "user_id:ann");
  assert.equal(known.orders, 1);
  assert.deepEqual(known.bought, ["vase"]);
}

describe("@rudderstack/rudder-sdk-node", () => {
  let house;
  before(async () => (house = await open()));
  after(() => house?.close());

  const client = (writeKey, errors) =>
    new RudderAnalytics(writeKey, {
      dataPlaneUrl: house.doorman.base,
      flushAt: 100,
      retryCount: 0,
      logLevel: "none",
      errorHandler: (error) => errors.push(error),
    });

  test("delivers all six call types", async () => {
    const errors = [];
    const rudder = client("k", errors);
    const userId = "ann";
    rudder.identify({ userId, traits: { email: "ann@example.com" } });
    rudder.track({ userId, event: "Order Completed", properties });
    rudder.page({ userId, name: "Home" });
    rudder.screen({ userId, name: "Basket" });
    rudder.group({ userId, groupId: "g1" });
    rudder.alias({ previousId: "browser-0", userId });
    await rudder.flush();
    assert.deepEqual(errors, []);
    await check(house);
  });

  test("a write key that is not known reaches the error handler", async () => {
    const errors = [];
    const rudder = client("wrong", errors);
    rudder.track({ userId: "eve", event: "Product Viewed", properties: { product_id: "vase" } });
    await rudder.flush().catch((error) => errors.push(error));
    assert.ok(errors.length > 0);
    assert.match(String(errors[0]), /401|Unauthorized/);
    assert.equal((await fetch(`${house.server.base}/v1/profiles/user_id:eve`)).status, 404);
  });
});

describe("rudder-sdk-python", { skip: whyNoPython() }, () => {
  let house;
  before(async () => (house = await open()));
  after(() => house?.close());

  const send = (calls, writeKey = "k") => drive("rudder_client.py", house.doorman.base, writeKey, calls);

  test("delivers all six call types, gzipped", async () => {
    const user_id = "ann";
    const reported = await send([
      ["identify", { user_id, traits: { email: "ann@example.com" } }],
      ["track", { user_id, event: "Order Completed", properties }],
      ["page", { user_id, name: "Home" }],
      ["screen", { user_id, name: "Basket" }],
      ["group", { user_id, group_id: "g1" }],
      ["alias", { previous_id: "browser-0", user_id }],
    ]);
    assert.deepEqual(reported, { sent: 6, errors: [] });
    await check(house);
  });

  test("a write key that is not known reaches on_error", async () => {
    const calls = [["track", { user_id: "eve", event: "Product Viewed", properties: { product_id: "vase" } }]];
    const { errors } = await send(calls, "wrong");
    assert.equal(errors.length, 1);
    assert.match(errors[0].error, /unknown-write-key/);
  });
});
