// Stands before the server, passes every request on untouched, and remembers what clients really sent.
import http from "node:http";

/** Resolves to the address to give to a client, and the requests `seen` so far with the headers of their answers. */
export async function startDoorman(base) {
  const seen = [];
  const door = http.createServer((request, response) => {
    const { method, url, headers } = request;
    const onward = http.request(new URL(url, base), { method, headers }, (answer) => {
      seen.push({ path: url, headers, status: answer.statusCode, answer: answer.headers });
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.once("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => door.listen(0, "127.0.0.1", () => resolve(undefined)));
  const stop = () => {
    door.closeAllConnections();
    return new Promise((resolve) => door.close(resolve));
  };
  return { base: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (door.address()).port}`, seen, stop };
}
