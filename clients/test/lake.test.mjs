// The lake as other vendors' readers see it: delta-rs's Python package and DuckDB count what the server counted.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { stats, until } from "../lib/ask.mjs";
import { readLake, whyNoLakeReaders } from "../lib/python.mjs";
import { binary, startServer } from "../lib/server.mjs";

const skip = whyNoLakeReaders();
const DAY_MS = 86_400_000;

/** Sends messages as one batch. */
async function send(base, batch) {
  const response = await fetch(`${base}/v1/batch`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Basic azo=" },
    body: JSON.stringify({ batch }),
  });
  assert.equal(response.status, 200, await response.text());
}

/** The number that a metric without labels has. */
async function metric(base, name) {
  const text = await (await fetch(`${base}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(" ")[1]);
}

/** Waits until the lake holds everything up to the log's offset `end`. */
const lakeHolds = (base, end) =>
  until(`the lake at ${end}`, async () => (await metric(base, "tradewind_lake_position")) >= end, 60_000);

/** A shop's day or two: `count` messages of every family, over three days. */
function messages(prefix, count) {
  const products = [{ product_id: "vase", price: 20, quantity: 1 }, { product_id: "lamp", price: 5.5 }];
  const kinds = [
    { type: "track", event: "Product Viewed", properties: { product_id: "vase" } },
    { type: "track", event: "product added", properties: { product_id: "vase" } },
    { type: "track", event: "Order Completed", properties: { order_id: "o", revenue: 25.5, currency: "EUR", products } },
    { type: "track", event: "Products Searched", properties: { query: "vases" } },
    { type: "track", event: "Promotion Viewed", properties: {} },
    { type: "track", event: "Checkout Started", properties: {} },
    { type: "track", event: "Size Guide Opened", properties: {} },
    { type: "page", name: "Home", properties: { path: "/" } },
    { type: "identify", userId: "ann", traits: { plan: "gold" } },
  ];
  const now = Date.now();
  return Array.from({ length: count }, (_, n) => ({
    ...kinds[n % kinds.length],
    messageId: `${prefix}-${n}`,
    anonymousId: `browser-${n % 7}`,
    timestamp: new Date(now - (n % 3) * DAY_MS).toISOString(),
  }));
}

describe("the lake", { skip }, () => {
  let server;
  before(async () => {
    const lake = { TRADEWIND_LAKE_COMMIT_SECONDS: "1", TRADEWIND_LAKE_COMMIT_ROWS: "100" };
    server = await startServer({ settings: { TRADEWIND_COLLECT_WRITE_KEYS: '["k"]', ...lake } });
  });
  after(() => server?.stop());

  const lake = () => path.join(server.dataDir, "lake");

  test("delta-rs and DuckDB count what the server counted", async () => {
    for (let round = 0; round < 5; round += 1) await send(server.base, messages(`first${round}`, 90));
    await lakeHolds(server.base, 450);
    const { eventsByName } = await stats(server.base);
    assert.equal(eventsByName["Order Completed"], 50);
    const read = await readLake(lake());
    assert.deepEqual(read.deltalake, eventsByName);
    assert.deepEqual(read.duckdb, eventsByName);
    assert.deepEqual(read.lines, [100, 100]);
  });

  test("a message that comes twice is in it once", async () => {
    const again = messages("second", 90);
    await send(server.base, again);
    await send(server.base, [...again.slice(0, 45), ...messages("third", 9), ...again.slice(45)]);
    await lakeHolds(server.base, 450 + 90 + 99);
    const { eventsByName, eventsTotal } = await stats(server.base);
    assert.equal(eventsTotal, 450 + 99);
    const read = await readLake(lake());
    assert.deepEqual(read.deltalake, eventsByName);
    assert.deepEqual(read.duckdb, eventsByName);
  });

  test("SQL answers by HTTP and on the command line, beside the running server", async () => {
    const sql = "select sum(revenue_minor) as minor, count(*) as n from orders where message_id like 'first%'";
    const ask = (body) =>
      fetch(`${server.base}/v1/sql`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const answer = await (await ask({ sql })).json();
    assert.deepEqual(answer.rows, [{ minor: 50 * 2550, n: 50 }]);
    assert.equal(answer.truncated, false);
    const csv = await ask({ sql, format: "csv" });
    assert.match(csv.headers.get("content-type") ?? "", /^text\/csv/);
    assert.equal(await csv.text(), "minor,n\n127500,50\n");
    const refused = await ask({ sql: "drop table orders" });
    assert.equal(refused.status, 400);
    assert.equal((await refused.json()).code, "sql-invalid");

    const given = ["sql", "--data-dir", server.dataDir, "--format", "json", sql];
    const { stdout } = await promisify(execFile)(binary(), given, { env: {} });
    assert.deepEqual(JSON.parse(stdout), answer.rows);
  });
});
