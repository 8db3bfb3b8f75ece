// What the tests ask the server, beside what the clients send.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Every call type that Segment's specification has, as the server counts them when each was sent once. */
export const SIX_CALLS = { alias: 1, group: 1, identify: 1, page: 1, screen: 1, "Order Completed": 1 };

/** Calls `probe` until it returns something truthy, and returns that. */
export async function until(what, probe, timeout_ms = 10_000) {
  const giveUpAt = Date.now() + timeout_ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > giveUpAt) assert.fail(`within ${timeout_ms} ms there was not: ${what}`);
    await sleep(25);
  }
}

async function json(url, init) {
  const response = await fetch(url, init);
  const body = await response.text();
  assert.equal(response.status, 200, `${url}: ${body}`);
  return JSON.parse(body);
}

export const stats = (base) => json(`${base}/v1/stats`);
export const profile = (base, subject) => json(`${base}/v1/profiles/${encodeURIComponent(subject)}`);

/** One decision: the product ids by placement, and the answer itself. */
export async function decide(base, subject, names, limit = 8) {
  const placements = names.map((name) => ({ name, limit }));
  // Duplicates are allowed so that one placement does not take another's products away.
  const body = JSON.stringify({ subject, placements, allowDuplicates: true, deadlineMs: 2_000 });
  const answer = await json(`${base}/v1/decide`, { method: "POST", body, headers: { "content-type": "application/json" } });
  const of = (name) => answer.placements.find((placement) => placement.name === name);
  const ids = Object.fromEntries(names.map((name) => [name, of(name).slots.map((slot) => slot.productId)]));
  return { answer, ids, of };
}

/** Waits until the server has applied exactly `expected` events, by name. */
export async function counted(base, expected) {
  const total = Object.values(expected).reduce((sum, count) => sum + count, 0);
  await until(`${total} events applied`, async () => (await stats(base)).eventsTotal >= total);
  const { eventsByName, eventsTotal, rejectedTotal } = await stats(base);
  assert.deepEqual(eventsByName, expected);
  assert.equal(eventsTotal, total);
  assert.equal(rejectedTotal, 0);
}

/** Earlier sessions of other shoppers, as [shopper, product] clicks: who looks at a lamp looks at bulbs. */
export function priorSessions() {
  const visits = [];
  for (let n = 0; n < 12; n += 1) {
    visits.push([`lamp-fan-${n}`, "lamp"], [`lamp-fan-${n}`, "bulb"], [`lamp-fan-${n}`, "shade"]);
    visits.push([`cook-${n}`, "pan"], [`cook-${n}`, "ladle"], [`cook-${n}`, "pot"], [`passer-by-${n}`, "pan"]);
  }
  return visits;
}

/** Checks that a click on the lamp is in the very next decision, and that the decision changed for it. */
export async function checkNextDecision(base, subject, click) {
  const names = ["home.for_you", "home.recently_viewed"];
  const before = await decide(base, subject, names);
  assert.deepEqual(before.ids["home.recently_viewed"], []);
  assert.ok(before.ids["home.for_you"].length > 0, "a stranger is shown something");
  await click();
  const after = await decide(base, subject, names);
  assert.deepEqual(after.ids["home.recently_viewed"], ["lamp"]);
  assert.notDeepEqual(after.ids["home.for_you"], before.ids["home.for_you"]);
  assert.deepEqual(new Set(after.ids["home.for_you"].slice(0, 2)), new Set(["bulb", "shade"]));
  return { before, after };
}
