// A shop's own web server for tests in a browser: one page, and the files of a client's package.
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";

const PAGE = '<!doctype html><title>A shop</title><link rel="icon" href="data:,"><script src="/index.js"></script>';

/** Serves the files of the folder `files`; the page loads its `index.js`. */
export async function startSite(files) {
  const site = http.createServer(async (request, response) => {
    const file = path.basename(new URL(request.url, "http://shop").pathname);
    const body = file ? await readFile(path.join(files, file)).catch(() => null) : PAGE;
    response.writeHead(body === null ? 404 : 200, { "content-type": file ? "text/javascript" : "text/html" });
    response.end(body ?? "");
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", () => resolve(undefined)));
  const stop = () => (site.closeAllConnections(), new Promise((resolve) => site.close(resolve)));
  return { base: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}`, stop };
}
