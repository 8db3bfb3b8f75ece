// Trouble on the way: the server is too busy, then out of reach, then takes a delivery whose answer gets lost.
// Afterwards everything is there exactly once, unless the client itself gives up, and then that is told here.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { Analytics } from "@segment/analytics-node";
import * as snowplow from "@snowplow/node-tracker";
import { CloudEvent, Mode, emitterFor, httpTransport } from "cloudevents";
import { PostHog } from "posthog-node";
import { profile, stats } from "../lib/ask.mjs";
import { TROUBLE, startDoorman } from "../lib/doorman.mjs";
import { drive, whyNoPython } from "../lib/python.mjs";
import { startServer } from "../lib/server.mjs";

const EVENT = "Product Viewed";
const PRODUCTS = ["vase", "jug", "bowl"];
const properties = PRODUCTS.map((product_id) => ({ product_id }));

/** A client that comes again by itself, and what it needs to be told to come sooner than its defaults say. */
const CLIENTS = {
  "@segment/analytics-node": async (base, userId) => {
    const analytics = new Analytics({ writeKey: "k", host: base, flushAt: PRODUCTS.length });
    const errors = [];
    analytics.on("error", (error) => errors.push(error));
    for (const one of properties) analytics.track({ userId, event: EVENT, properties: one });
    await analytics.closeAndFlush({ timeout: 30_000 });
    return errors;
  },
  "@rudderstack/rudder-sdk-node": async (base, userId) => {
    const errors = [];
    const rudder = new RudderAnalytics("k", {
      dataPlaneUrl: base,
      flushAt: 100,
      logLevel: "none",
      errorHandler: (error) => errors.push(error),
    });
    for (const one of properties) rudder.track({ userId, event: EVENT, properties: one });
    await rudder.flush();
    return errors;
  },
  "posthog-node": async (base, distinctId) => {
    const posthog = new PostHog("k", { host: base, flushAt: 100, fetchRetryDelay: 50 });
    const errors = [];
    posthog.on("error", (error) => errors.push(error));
    for (const one of properties) posthog.capture({ distinctId, event: EVENT, properties: one });
    await posthog.shutdown();
    return errors;
  },
  "@snowplow/node-tracker": async (base, userId) => {
    const lost = [];
    const onRequestFailure = ({ willRetry, events }) => void (willRetry || lost.push(...events));
    const where = { endpoint: base, eventMethod: /** @type {const} */ ("post"), bufferSize: 100, onRequestFailure };
    const tracker = snowplow.newTracker({ namespace: "n", appId: "k", encodeBase64: false }, where);
    tracker.setUserId(userId);
    const commerce = (name) => `iglu:com.snowplowanalytics.snowplow.ecommerce/${name}/jsonschema/1-0-0`;
    const viewed = { schema: commerce("snowplow_ecommerce_action"), data: { type: "product_view" } };
    for (const id of PRODUCTS) {
      tracker.track(snowplow.buildSelfDescribingEvent({ event: viewed }), [{ schema: commerce("product"), data: { id } }]);
    }
    // What failed stays in its buffer until the next flush; it has no clock of its own for that.
    for (let n = 0; n <= TROUBLE.length; n += 1) await tracker.flush();
    return lost;
  },
  "segment-analytics-python": python("segment_client.py"),
  "rudder-sdk-python": python("rudder_client.py"),
};

function python(script) {
  return async (base, user_id) => {
    const calls = properties.map((one) => ["track", { user_id, event: EVENT, properties: one }]);
    return (await drive(script, base, "k", calls)).errors;
  };
}

/** Checks that each trouble was met, and that everything was answered well in the end. */
function checkMet(doorman) {
  const failed = doorman.seen.map((one) => one.status).filter((status) => status >= 300);
  assert.deepEqual(failed, TROUBLE.map((one) => one.status));
  assert.ok(doorman.seen.at(-1).status < 300);
}

describe("through trouble", { concurrency: true }, () => {
  let server;
  before(async () => (server = await startServer({ settings: { TRADEWIND_COLLECT_WRITE_KEYS: '["k"]' } })));
  after(() => server?.stop());

  for (const [name, send] of Object.entries(CLIENTS)) {
    const skip = name.endsWith("python") && whyNoPython();
    test(`${name} loses nothing, and nothing is stored twice`, { skip }, async (t) => {
      const who = `shopper of ${name}`;
      const doorman = await startDoorman(server.base, TROUBLE);
      t.after(doorman.stop);
      assert.deepEqual(await send(doorman.base, who), []);
      checkMet(doorman);
      const known = await profile(server.base, `user_id:${who}`);
      assert.equal(known.events, PRODUCTS.length);
      assert.equal(known.actions.view, PRODUCTS.length);
    });
  }

  test("cloudevents hands the refusal to its caller, who may send the same event again", async (t) => {
    const doorman = await startDoorman(server.base, TROUBLE);
    t.after(doorman.stop);
    const emit = emitterFor(httpTransport(`${doorman.base}/v1/cloudevents?writeKey=k`), { mode: Mode.STRUCTURED });
    const event = new CloudEvent({ source: "/shop", type: "product_viewed", subject: "caller", data: properties[0] });
    for (let n = 0; n <= TROUBLE.length; n += 1) {
      await emit(event);
      const stored = await fetch(`${server.base}/v1/profiles/user_id:caller`);
      // Nothing comes again by itself: it is there once the third attempt has reached the server.
      assert.equal(stored.status, n < 2 ? 404 : 200, `after attempt ${n + 1}`);
    }
    checkMet(doorman);
    assert.equal((await profile(server.base, "user_id:caller")).events, 1);
  });

  test("what a client must not send again, it does not", { skip: whyNoPython() }, async (t) => {
    for (const script of ["segment_client.py", "rudder_client.py"]) {
      const doorman = await startDoorman(server.base, [{ status: 400 }]);
      t.after(doorman.stop);
      const calls = [["track", { user_id: `refused by ${script}`, event: EVENT, properties: properties[0] }]];
      const { errors } = await drive(script, doorman.base, "k", calls);
      assert.deepEqual([errors.length, doorman.seen.length], [1, 1]);
    }
    assert.equal((await stats(server.base)).rejectedTotal, 0);
  });
});
