// The console's live profile in a real browser: what is clicked in the shop is seen there within a second, and
// consent that is withdrawn in the shop's banner empties it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertFits, picture, shopper, whyNoBrowser } from "../lib/browser.mjs";
import { DEVICES, demoShop } from "../lib/demo.mjs";
import { film } from "../lib/film.mjs";
import { rail, toHome, why } from "../lib/shopping.mjs";

const WITHIN_MS = 1_000;
/** How often consent is withdrawn to measure it. */
const TRIES = 5;

/** The bars of a part of the page: label to share. */
const bars = (page, id) =>
  page.locator(`#${id} .bars li`).evaluateAll((rows) =>
    Object.fromEntries(rows.map((row) => [row.querySelector(".key").textContent, row.querySelector("meter").value])),
  );

/** The audiences that the page shows. */
const chips = (page) => page.locator("#live-audiences .chip:not(.left)").allTextContents();

/** Waits until `look` gives something true; gives it with the milliseconds that took. */
async function soon(look, what, patienceMs = 10_000) {
  const began = performance.now();
  for (;;) {
    const seen = await look();
    const took = performance.now() - began;
    if (seen) return { seen, took };
    assert.ok(took < patienceMs, `not seen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Clicks a button of the banner or of the page of privacy; gives the milliseconds from when the browser sends the
 * choice until `seen` is on the live page. A busy machine may take seconds for the click itself.
 */
async function choose(shop, button, seen) {
  const sent = shop.waitForRequest((request) => request.method() === "POST").then(() => performance.now());
  const landed = shop.waitForResponse((answer) => answer.request().isNavigationRequest() && answer.status() === 200);
  await button.click();
  await seen.waitFor();
  const took = performance.now() - (await sent);
  await landed;
  await shop.waitForLoadState();
  return took;
}

/** A shopper with the shop in one tab and the live page in another; `known` reads what the API says of them. */
async function visit({ browser, server }, device) {
  const { context, faults, page: shop } = await shopper(browser, server.base, device);
  await shop.goto(server.base);
  const live = await context.newPage();
  await live.goto(`${server.base}/console/live`);
  await live.locator("#state.live").waitFor();
  await live.evaluate(() => (document.body.dataset.page = "same"));
  const ownId = async () => (await context.cookies()).find((cookie) => cookie.name === "tw_anon").value;
  const known = async (id) => {
    const answer = await fetch(`${server.base}/v1/profiles/anonymous_id:${id ?? (await ownId())}`);
    return { status: answer.status, profile: await answer.json() };
  };
  const end = async () => {
    assert.equal(await live.evaluate(() => document.body.dataset.page), "same", "the page was not reloaded");
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { shop, live, ownId, known, end };
}

/** Three audiences of a test, and what waits until the page shows them; no audiences where profiles have none. */
async function audiences(base, live, test, known) {
  if (!Array.isArray((await known()).profile.audiences)) return {};
  const define = async (what, rule) => {
    const name = `${what}_${test}`;
    const answer = await fetch(`${base}/v1/audiences/${name}`, { method: "PUT", body: JSON.stringify({ rule }) });
    assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
    return name;
  };
  const campers = await define("campers", 'category_affinity["Camping"] > 0.1');
  const buyers = await define("buyers", "cart_products > 0");
  const lookers = await define("lookers", "cart_products < 1");
  // Everybody is asked first; from then on each click asks anew.
  const isAsked = async () => (await (await fetch(`${base}/v1/audiences`)).json()).audiences.every((one) => !one.evaluating);
  await soon(isAsked, "the audiences of everybody", 60_000);
  const enters = async (name) => (await soon(async () => (await chips(live)).includes(name), `in ${name}`)).took;
  const leaves = async (name) => (await soon(async () => !(await chips(live)).includes(name), `out of ${name}`)).took;
  return { campers, buyers, lookers, enters, leaves };
}

/** Opens the product of a department that stands in this place. */
async function look(shop, department, nth) {
  await shop.locator(".departments a", { hasText: department }).click();
  await shop.locator(".cards.grid .card a").nth(nth).click();
  await shop.getByRole("button", { name: "Add to cart" }).waitFor();
}

describe("the live profile", { skip: whyNoBrowser() }, () => {
  const demo = demoShop();

  for (const [name, device] of DEVICES) {
    test(`moves with each click, ${name}`, async () => {
      const { shop, live, known, end } = await visit(demo, device);
      const { frame, end: develop } = await film(live, `film-clicks-${name}`);
      await assertFits(live);
      await picture(live, `${name}-live-fresh`);
      await frame("a stranger");
      const delays = [];
      const { campers, buyers, lookers, enters, leaves } = await audiences(demo.server.base, live, name, known);

      // A product of one department: its category appears.
      await shop.locator(".departments a", { hasText: "Camping" }).click();
      await shop.locator(".cards.grid .card a").nth(1).click();
      const category = async () => Object.entries(await bars(live, "live-category_affinity")).filter(([name]) => /^Camping/.test(name));
      const first = await soon(async () => (await category()).length > 0 && (await category()), "the category");
      delays.push(first.took);
      if (campers) delays.push(await enters(campers), await enters(lookers));
      await frame("one look");
      const before = first.seen[0][1];
      const buying = (await bars(live, "live-intent"))["Ready to buy"];
      assert.ok(buying > 0 && buying < 0.5, `ready to buy after one look: ${buying}`);

      // Another look at the same category: it grows.
      await shop.locator(".crumbs a").last().click();
      await shop.locator(".cards.grid .card a").nth(2).click();
      delays.push((await soon(async () => (await category())[0]?.[1] > before, "a stronger affinity")).took);
      await frame("two looks");
      await picture(live, `${name}-live-looked`);

      // Into the cart, and on to the checkout: the visit is for buying.
      await shop.getByRole("button", { name: "Add to cart" }).click();
      delays.push((await soon(async () => (await bars(live, "live-intent"))["Ready to buy"] > 2 * buying, "the cart's effect")).took);
      if (buyers) delays.push(await enters(buyers), await leaves(lookers));
      await frame("in the cart");
      await shop.getByRole("link", { name: "Check out" }).click();
      const ready = async () => /Ready to buy/.test(await live.locator("#live-intent .number").textContent());
      delays.push((await soon(ready, "the intent to buy")).took);
      await frame("at the checkout");
      await assertFits(live);
      await picture(live, `${name}-live-ready`);

      if (buyers) assert.deepEqual(await chips(live), (await known()).profile.audiences, "as the profile has them");
      await develop();
      // Counted from when the shop's page had come, which is after its events were taken.
      for (const delay of delays) assert.ok(delay < WITHIN_MS, `milliseconds from click to sight: ${delays.map(Math.round)}`);
      console.log(`# ${name}: milliseconds until seen: ${delays.map(Math.round).join(", ")}`);
      await end();
    });

    test(`empties when consent is withdrawn, ${name}`, async () => {
      const { shop, live, known, end } = await visit(demo, device);
      const { frame, end: develop } = await film(live, `film-consent-${name}`);
      const empty = live.locator('#live-empty[data-why="no_consent"]');
      const categories = async () => Object.keys(await bars(live, "live-category_affinity"));
      const has = async (department) => (await categories()).some((label) => label.startsWith(department));
      const fills = async (department) => (await soon(() => has(department), department)).took;

      const stranger = await rail(shop, "home.for_you");
      await look(shop, "Camping", 1);
      await fills("Camping");
      await frame("looked at camping");
      await toHome(shop);
      assert.equal((await rail(shop, "home.recently_viewed")).length, 1);
      assert.notDeepEqual(await rail(shop, "home.for_you"), stranger, "the shop arranged itself");

      // The banner asks; both answers look the same and are as large.
      const banner = shop.getByRole("region", { name: "Privacy choices" });
      const [refuse, accept] = ["Refuse all", "Accept all"].map((words) => banner.getByRole("button", { name: words }));
      const sizes = await Promise.all([refuse, accept].map((button) => button.evaluate((part) => {
        const { backgroundColor, color, borderColor, fontWeight, fontSize } = getComputedStyle(part);
        const { width, height } = part.getBoundingClientRect();
        return { width, height, backgroundColor, color, borderColor, fontWeight, fontSize };
      })));
      assert.deepEqual(sizes[0], sizes[1]);
      await assertFits(shop);
      await picture(shop, `${name}-banner`);

      // Refused: empty, and every read that follows the answer is refused.
      const took = [await choose(shop, refuse, empty)];
      await frame("everything refused");
      await picture(live, `${name}-live-no-consent`);
      await assertFits(live);
      await banner.waitFor({ state: "detached" });
      assert.equal((await known()).status, 403);
      assert.deepEqual(await rail(shop, "home.recently_viewed"), [], "nothing was viewed as far as the shop may know");
      assert.deepEqual(await rail(shop, "home.for_you"), stranger, "what a stranger sees");
      assert.ok(!(await why(shop, "home.for_you")).some((line) => /you viewed|your/i.test(line)), "reasons name nobody");
      const row = shop.locator('section.rail[aria-labelledby="home-for_you"]');
      assert.match(await row.locator("summary").textContent(), /not personal/);
      await picture(shop, `${name}-home-no-consent`);

      // What is done meanwhile, with analytics refused too, is in no profile.
      await look(shop, "Kitchen", 1);
      assert.equal(await empty.count(), 1, "still empty");
      await frame("looked at kitchen, refused");

      // Given again under the footer's link: what was kept is there, what was done meanwhile is not.
      await shop.getByRole("link", { name: "Privacy choices" }).click();
      await picture(shop, `${name}-privacy`);
      await assertFits(shop);
      await shop.getByRole("button", { name: "Accept all" }).click();
      await fills("Camping");
      assert.equal(await has("Kitchen"), false, `${await categories()}`);
      await frame("everything accepted");
      await look(shop, "Kitchen", 2);
      await fills("Kitchen");
      await frame("looked at kitchen, accepted");

      // Only personalization withdrawn: empty too, but the profile is kept, and read once it may be again.
      const personal = shop.getByRole("checkbox", { name: "Arrange the shop for me" });
      const allow = async (isAllowed) => {
        await shop.goto(`${demo.server.base}/privacy`);
        await personal.setChecked(isAllowed);
        const save = shop.getByRole("button", { name: "Save choices" });
        return choose(shop, save, isAllowed ? live.locator("#live-intent") : empty);
      };
      took.push(await allow(false));
      await frame("personalization refused");
      await look(shop, "Footwear", 1);
      assert.equal(await empty.count(), 1, "still empty");
      const filled = [await allow(true)];
      assert.ok(await has("Footwear"), `${await categories()}`);
      await frame("personalization allowed");

      while (took.length < TRIES) {
        took.push(await allow(false));
        filled.push(await allow(true));
      }
      await develop();
      const told = (all) => `${all.map(Math.round).join(", ")} (median ${Math.round(all.toSorted((a, b) => a - b)[all.length >> 1])})`;
      console.log(`# ${name}: milliseconds from the choice until empty: ${told(took)}; until filled again: ${told(filled)}`);
      await end();
    });
  }

  test("lets audiences come and go", async () => {
    const { shop, live, end } = await visit(demo, DEVICES[0][1]);
    await look(shop, "Camping", 1);
    await live.locator("#live-audiences").waitFor();
    // The panel as the server drew it, told with other audiences by a stream of our own.
    const told = (names) => live.evaluate((names) => {
      const panel = document.getElementById("live-panel").cloneNode(true);
      const part = /** @type {Element} */ (panel).querySelector("#live-audiences");
      part.querySelectorAll("ul, p").forEach((old) => old.remove());
      const list = part.appendChild(document.createElement("ul"));
      list.className = "tags";
      for (const name of names) {
        const chip = list.appendChild(document.createElement("li"));
        chip.className = "chip";
        chip.dataset.name = chip.textContent = name;
      }
      return /** @type {Element} */ (panel).innerHTML;
    }, names);
    const long = `a name without an end ${"and-on-".repeat(20)}`;
    // Each connection is told one panel and ends; the next waits for what is told next.
    const waiting = [];
    const panels = [];
    const pass = () => {
      while (waiting.length > 0 && panels.length > 0) {
        const body = `retry: 50\nevent: panel\ndata: ${JSON.stringify(panels.shift())}\n\n`;
        waiting.shift().fulfill({ contentType: "text/event-stream", body }).catch(() => {});
      }
    };
    const tell = async (...names) => (panels.push(await told(names)), pass());
    await live.route("**/console/live/stream*", (route) => (waiting.push(route), pass()));

    await live.goto(live.url());
    await live.evaluate(() => (document.body.dataset.page = "same"));
    await tell("bargain hunters");
    await live.locator(".chip", { hasText: "bargain hunters" }).waitFor();
    assert.equal(await live.locator(".chip.entered").count(), 0, "what is told first is no news");
    await tell("bargain hunters", "campers", long);
    await live.locator(".chip.entered", { hasText: "campers" }).waitFor();
    assert.equal(await live.locator(".chip.entered").count(), 2, "one was there before");
    assert.match(await live.locator("#live-news").textContent(), /^Entered campers, a name/);
    await assertFits(live);
    await picture(live, "desktop-live-audiences");
    await tell("campers");
    await live.locator(".chip.left", { hasText: "bargain hunters" }).waitFor();
    await tell();
    await live.locator("#live-news", { hasText: "Left campers." }).waitFor();
    await live.locator(".chip").first().waitFor({ state: "detached" });
    await end();
  });
});
