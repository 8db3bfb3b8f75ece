// A page filmed as a strip of pictures, since Playwright's own films need an encoder that is not everywhere.
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { SCREENSHOTS } from "./browser.mjs";

/**
 * Begins a film of `page`. `frame(what)` keeps a picture of what is to be seen, with the milliseconds since the
 * beginning; `end()` puts all of them on one sheet, `<name>.png` beside the folder of the frames.
 */
export async function film(page, name) {
  const folder = path.join(SCREENSHOTS, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const began = performance.now();
  const frames = [];

  const frame = async (what) => {
    const at = Math.round(performance.now() - began);
    const picture = await page.screenshot();
    const label = `${String(frames.length + 1).padStart(2, "0")}-${String(at).padStart(6, "0")}ms-${what.replaceAll(" ", "-")}`;
    frames.push({ caption: `${(at / 1000).toFixed(2)} s · ${what}`, data: picture.toString("base64") });
    await writeFile(path.join(folder, `${label}.png`), picture);
  };

  const end = async () => {
    const sheet = await page.context().browser().newPage({ viewport: { width: 1800, height: 100 } });
    const cells = frames.map(({ caption, data }) => `<figure><img src="data:image/png;base64,${data}"><figcaption>${caption}</figcaption></figure>`);
    await sheet.setContent(`<!doctype html><style>
      body { margin: 16px; display: grid; grid-template-columns: repeat(5, 1fr); gap: 16px; font: 15px sans-serif; background: #fff; }
      figure { margin: 0; } img { width: 100%; border: 1px solid #888; } </style>${cells.join("")}`);
    await sheet.screenshot({ path: `${folder}.png`, fullPage: true });
    await sheet.close();
  };
  return { frame, end };
}
