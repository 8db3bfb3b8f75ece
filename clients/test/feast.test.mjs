// Feast's own SDK, unmodified: it applies the repository that the server generates, writes, reads and raises.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { compareHistory, driveFeast, whyNoFeast } from "../lib/feast.mjs";
import { binary, startServer } from "../lib/server.mjs";

const ROWS = Number(process.env.FEAST_ROWS ?? 100_000);
const DAY_S = 86_400;

const HABITS = {
  entity: "subject",
  joinKeys: [{ name: "customer", type: "int64" }],
  features: [
    { name: "visits", type: "int64", unit: "visits" },
    { name: "spend", type: "double", unit: "EUR" },
    { name: "city", type: "string" },
    { name: "likes", type: "string_list" },
    { name: "vector", type: "float_list" },
  ],
  source: { push: "habits_push" },
  ttlSeconds: 7 * DAY_S,
  owner: "data@shop.example",
  purpose: "personalization",
  description: 'How often, how much; "quoted"',
};

/** The numbers of Feast's FieldStatus. */
const PRESENT = 1;
const NOT_FOUND = 3;

async function declare(base, kind, name, spec) {
  const answer = await fetch(`${base}/v1/features/${kind}/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(spec),
  });
  assert.equal(answer.status, 200, await answer.text());
}

describe("feast's SDK", { skip: whyNoFeast() }, () => {
  let server;
  let folder;
  let seen;
  before(async () => {
    server = await startServer();
    folder = await mkdtemp(path.join(tmpdir(), "tradewind-feast-"));
    await declare(server.base, "views", "shop_habits", HABITS);
    const features = ["shop_habits:visits", "shop_habits:spend", "subject_profile:orders"];
    await declare(server.base, "services", "ranker", { features: features.slice(0, 2), models: ["ranker_v1"] });
    const track = await fetch(`${server.base}/v1/track?writeKey=k`, {
      method: "POST",
      body: JSON.stringify({ userId: "ann", event: "Product Viewed", properties: { product_id: "vase" } }),
    });
    assert.equal(track.status, 200);
    seen = await driveFeast(server.base, folder);
  });
  after(async () => {
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test("applies the generated repository", () => {
    assert.deepEqual(seen.views, ["calendar", "category_stats", "product_stats", "shop_habits", "subject_profile"]);
    assert.deepEqual(seen.services, ["ranker"]);
  });

  test("reads what it wrote, with missing entities and nulls", () => {
    const { values, statuses } = seen.list;
    assert.deepEqual(values.customer, [1001, 1002, 9]);
    assert.deepEqual(values.visits, [3, 4, null]);
    assert.deepEqual(values.spend, [2, 0.5, null]);
    assert.deepEqual(values.city, ["Köln", null, null]);
    assert.deepEqual(values.likes, [["a", "b"], ["c"], null]);
    assert.deepEqual(statuses.visits, [PRESENT, PRESENT, NOT_FOUND]);
    assert.deepEqual(statuses.city, [PRESENT, PRESENT, NOT_FOUND]);
  });

  test("reads a service, and full names", () => {
    assert.deepEqual(seen.service.values, { customer: [1001], visits: [3], spend: [2] });
    assert.deepEqual(seen.full.values, { customer: [1001], shop_habits__visits: [3] });
  });

  test("pushes, and a later push takes the place of an earlier", () => {
    assert.deepEqual(seen.pushed.values.visits, [30, 4]);
    assert.deepEqual(seen.pushed.values.vector, [[1], [2]]);
    assert.deepEqual(seen.late.values.visits, [30], "a row of yesterday changes nothing");
  });

  test("has a push endpoint as Feast's server has, with its errors", async () => {
    const post = (body) =>
      fetch(`${server.base}/push`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const at = new Date().toISOString();
    const df = { customer: [77], visits: [1], spend: [1], city: ["x"], likes: [[]], vector: [[]], event_timestamp: [at] };
    const pushed = await post({ push_source_name: "habits_push", df, to: "online" });
    assert.deepEqual([pushed.status, await pushed.text()], [200, ""]);
    const refused = await post({ push_source_name: "gone", df, to: "online" });
    assert.equal(refused.status, 422);
    assert.equal(JSON.parse(await refused.json()).class, "PushSourceNotFoundException");
  });

  test("reads the live profile", () => {
    assert.deepEqual(seen.profile.events, [1]);
    assert.deepEqual(seen.profile.is_first_time_shopper, [true]);
    assert.deepEqual(seen.profile.days_since_last_order, [null]);
  });

  test("materializes", () => assert.equal(seen.materialized, true));

  test("raises Feast's own exceptions", () => {
    const of = (name) => `${seen[name]?.module}.${seen[name]?.class}`;
    assert.equal(of("no_view"), "feast.errors.FeatureViewNotFoundException");
    assert.match(seen.no_view.words, /gone/);
    assert.equal(of("no_service"), "feast.errors.FeatureServiceNotFoundException");
    assert.equal(of("no_feature"), "feast.errors.SpecifiedFeaturesNotPresentError");
    assert.equal(of("no_key"), "feast.errors.FeastError");
    assert.match(seen.no_key.words, /customer/);
    assert.equal(of("search"), "feast.errors.FeastProviderNotImplementedError");
  });

  test("reads a thousand entities at once", () => assert.equal(seen.thousand, 2));

  test(`joins ${ROWS} rows point in time as we do, cell by cell`, async (t) => {
    const compared = await compareHistory(binary(), folder, ROWS, 7);
    const same = { customer: 0, event_timestamp: 0, visits: 0, spend: 0, city: 0 };
    assert.ok(compared.compared >= ROWS && compared.pairs > ROWS / 100, JSON.stringify(compared));
    assert.deepEqual(compared.fromFeast, same);
    assert.deepEqual(compared.fromPandas, same);
    // What Feast's store of files gets wrong is told in py/feast_history.py.
    assert.equal(compared.leftOutThoughFound, 0);
    assert.equal(compared.rowsOfFeast + compared.leftOut, compared.asked);
    t.diagnostic(JSON.stringify(compared));
    assert.ok(compared.found > ROWS / 10 && compared.missing > ROWS / 10, JSON.stringify(compared));
  });
});
