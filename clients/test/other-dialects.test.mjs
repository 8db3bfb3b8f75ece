// Clients of other vendors, each with nothing of ours but the address.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as snowplow from "@snowplow/node-tracker";
import { CloudEvent, Mode, emitterFor, httpTransport } from "cloudevents";
import { PostHog } from "posthog-node";
import { counted, profile } from "../lib/ask.mjs";
import { startServer } from "../lib/server.mjs";

const settings = { TRADEWIND_COLLECT_WRITE_KEYS: '["k"]' };
const order = { order_id: "o1", revenue: 20, currency: "EUR", products: [{ product_id: "vase", price: 20, quantity: 1 }] };

/** Starts a server of its own for each of a suite's tests. */
function house() {
  const own = { server: /** @type {Awaited<ReturnType<typeof startServer>>} */ (/** @type {unknown} */ (null)) };
  before(async () => void (own.server = await startServer({ settings })));
  after(() => own.server?.stop());
  return own;
}

/** What any of the clients has to have left behind of Ann. */
async function checkAnn(base) {
  const ann = await profile(base, "user_id:ann");
  assert.equal(ann.orders, 1);
  assert.deepEqual(ann.revenueMinor, { EUR: 2000 });
  assert.deepEqual(ann.bought, ["vase"]);
}

describe("posthog-node", () => {
  const own = house();

  test("delivers events, identities and aliases, and is told of no flags", async () => {
    const errors = [];
    const posthog = new PostHog("k", { host: own.server.base, flushAt: 100 });
    posthog.on("error", (error) => errors.push(error));
    posthog.identify({ distinctId: "ann", properties: { email: "ann@example.com" } });
    posthog.capture({ distinctId: "ann", event: "order completed", properties: order });
    posthog.alias({ distinctId: "ann", alias: "browser-1" });
    assert.equal(await posthog.getFeatureFlag("f", "ann", { sendFeatureFlagEvents: false }), undefined);
    await posthog.shutdown();
    assert.deepEqual(errors, []);
    await counted(own.server.base, { identify: 1, alias: 1, "Order Completed": 1 });
    await checkAnn(own.server.base);
    assert.equal((await profile(own.server.base, "anonymous_id:browser-1")).subject, "user_id:ann");
  });
});

describe("cloudevents", () => {
  const own = house();

  test("delivers in binary and in structured mode", async () => {
    const emit = (mode) => emitterFor(httpTransport(`${own.server.base}/v1/cloudevents?writeKey=k`), { mode });
    const subject = "ann";
    const event = new CloudEvent({ source: "/shop", type: "com.shop.order_completed", subject, data: order });
    await emit(Mode.BINARY)(event);
    await emit(Mode.STRUCTURED)(event);
    const viewed = { source: "/shop", type: "Product Viewed", subject, data: { product_id: "vase" } };
    await emit(Mode.STRUCTURED)(new CloudEvent(viewed));
    await counted(own.server.base, { "Order Completed": 1, "Product Viewed": 1 });
    await checkAnn(own.server.base);
  });
});

describe("@snowplow/node-tracker", () => {
  const own = house();

  test("delivers pages and ecommerce actions with their entities", async () => {
    const failed = [];
    const tracker = snowplow.newTracker(
      { namespace: "n", appId: "k", encodeBase64: true },
      { endpoint: own.server.base, eventMethod: "post", bufferSize: 1, onRequestFailure: (batch) => failed.push(batch) },
    );
    tracker.setUserId("ann");
    const schema = (name) => `iglu:com.snowplowanalytics.snowplow.ecommerce/${name}/jsonschema/1-0-0`;
    tracker.track(snowplow.buildPageView({ pageUrl: "https://shop.example/", pageTitle: "Home" }));
    tracker.track(
      snowplow.buildSelfDescribingEvent({ event: { schema: schema("snowplow_ecommerce_action"), data: { type: "transaction" } } }),
      [
        { schema: schema("transaction"), data: { transaction_id: "o1", revenue: 20, currency: "EUR" } },
        { schema: schema("product"), data: { id: "vase", price: 20, currency: "EUR", category: "home" } },
      ],
    );
    await tracker.flush();
    await counted(own.server.base, { page: 1, "Order Completed": 1 });
    assert.deepEqual(failed, []);
    await checkAnn(own.server.base);
  });
});
