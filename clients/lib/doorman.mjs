// Stands before the server, passes every request on untouched, and remembers what clients really sent. Told so,
// it answers deliveries itself first, as a server that is too busy or out of reach would.
import http from "node:http";

/** What a client has to live through: too busy, out of reach, and taken though the answer got lost. */
export const TROUBLE = [{ status: 429, retryAfter: 1 }, { status: 503 }, { status: 503, taken: true }];

/**
 * Resolves to the address to give to a client, and the requests `seen` so far with the headers of their answers.
 * Each of `faults` is the answer to one delivery, in their order; one that is `taken` reaches the server first.
 */
export async function startDoorman(base, faults = []) {
  const seen = [];
  const left = [...faults];
  const door = http.createServer((request, response) => {
    const { method, url, headers } = request;
    const fault = method === "POST" ? left.shift() : undefined;
    const answerWith = (status, answer, body) => {
      seen.push({ path: url, headers, status, answer });
      response.writeHead(status, answer);
      body(response);
    };
    const fail = () => {
      const origin = headers.origin ?? "*";
      const answer = { "access-control-allow-origin": origin, "access-control-expose-headers": "Retry-After" };
      if (fault.retryAfter) answer["retry-after"] = String(fault.retryAfter);
      answerWith(fault.status, answer, (to) => to.end());
    };
    if (fault && !fault.taken) {
      request.resume();
      request.once("end", fail);
      return;
    }
    const onward = http.request(new URL(url, base), { method, headers }, (answer) => {
      if (!fault) return answerWith(answer.statusCode, answer.headers, (to) => answer.pipe(to));
      answer.resume();
      answer.once("end", fail);
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
