// The demo shop and a browser, for the tests of one suite.
import { after, before } from "node:test";
import { DESKTOP, PHONE, launch } from "./browser.mjs";
import { startServer } from "./server.mjs";

/** The widths that every page is looked at in, by name. */
export const DEVICES = Object.entries({ desktop: DESKTOP, phone: PHONE });

/** Called within `describe`: its tests find a server with a month of trade in `server`, and a browser in `browser`. */
export function demoShop() {
  const shop = { server: null, browser: null };
  before(async () => {
    shop.server = await startServer({ command: "demo", args: ["--days", "30"] });
    shop.browser = await launch();
  });
  after(async () => {
    await shop.browser?.close();
    await shop.server?.stop();
  });
  return shop;
}
