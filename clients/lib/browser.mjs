// A real Chromium, and what every page must keep to: no errors, no strangers, no sideways scrolling.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CLIENTS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const SCREENSHOTS = path.resolve(process.env.SCREENSHOTS_DIR ?? path.join(CLIENTS, "../screenshots"));
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/opt/google/chrome/chrome"];

const program = [process.env.CHROMIUM ?? "", ...PLACES].find((place) => place && existsSync(place));

/** Why no browser can be driven here; `false` when one can. */
export const whyNoBrowser = () =>
  program ? false : "SKIPPED: there is no Chromium; run clients/install.sh or set CHROMIUM to its program";

export const DESKTOP = { viewport: { width: 1280, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

export function launch() {
  // Chromium's sandbox needs rights that containers often lack; the pages are our own.
  return chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A shopper with a browser profile of its own. `faults` holds everything that went wrong on its pages. */
export async function shopper(browser, base, options) {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  context.setDefaultTimeout(15_000);
  const faults = [];
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== base && protocol !== "data:") faults.push(`asked another origin: ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
  });
  context.on("requestfailed", (request) => {
    // What a page was loading when it was left, the console's stream above all, ends so.
    const why = request.failure()?.errorText ?? "";
    if (why !== "net::ERR_ABORTED") faults.push(`${why} ${request.url()}`);
  });
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => faults.push(`script: ${error.error()}`));
  return { context, faults, page: await context.newPage() };
}

/** Checks that the page does not scroll sideways, and names what sticks out when it does. */
export async function assertFits(page) {
  const { width, over } = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const inScroller = (part) => {
      for (let above = part.parentElement; above && above !== document.body; above = above.parentElement) {
        if (/auto|scroll|hidden|clip/.test(getComputedStyle(above).overflowX)) return true;
      }
      return false;
    };
    const wide = document.documentElement.scrollWidth > width;
    const sticksOut = (part) => part.getBoundingClientRect().right > width + 1 && !inScroller(part);
    const over = wide ? [...document.body.querySelectorAll("*")].filter(sticksOut) : [];
    return { width, over: wide ? [document.documentElement.scrollWidth, ...over.map((part) => part.outerHTML.slice(0, 120))] : [] };
  });
  assert.deepEqual(over, [], `${page.url()} is wider than ${width} px`);
  assert.equal(width, page.viewportSize().width, `${page.url()} was laid out for another width`);
}

/** Keeps a picture of the whole page. */
export async function picture(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  // Pictures below the fold load when they come near.
  await page.evaluate(async () => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
