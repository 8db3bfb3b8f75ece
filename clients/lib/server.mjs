// Starts the real program on a free port with a data directory of its own, and takes both away again.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const READY_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 10_000;
const LOG_CHARS = 20_000;

/** The program under test: TRADEWIND_BIN, else what cargo has built. */
export function binary() {
  const built = ["debug", "release"].map((profile) => path.join(ROOT, "target", profile, "tradewind"));
  const candidates = process.env.TRADEWIND_BIN ? [path.resolve(process.env.TRADEWIND_BIN)] : built;
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found) return found;
  throw new Error(`there is no program at ${candidates.join(" or ")}; run 'cargo build -p tradewind' or set TRADEWIND_BIN`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/** The caller's environment without settings of the program, TRADEWIND_BIN included: it refuses unknown ones. */
function environment(settings) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("TRADEWIND_"));
  return { ...Object.fromEntries(own), ...settings };
}

/**
 * Runs `tradewind <command>` until `stop()`. `settings` are TRADEWIND_* variables.
 * Resolves once /readyz answers 200; rejects with the program's output when it ends before.
 */
export async function startServer({ command = "serve", args = [], settings = {} } = {}) {
  const program = binary();
  const dir = await mkdtemp(path.join(tmpdir(), "tradewind-clients-"));
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const given = [command, "--data-dir", path.join(dir, "data"), "--port", String(port), ...args];
  const child = spawn(program, given, { cwd: dir, env: environment(settings), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (output = (output + chunk).slice(-LOG_CHARS)));
  }
  const exited = new Promise((resolve) => {
    child.once("error", (error) => {
      ended = true;
      resolve(String(error));
    });
    child.once("exit", (code, signal) => {
      ended = true;
      resolve(signal ?? code);
    });
  });

  const stop = async () => {
    const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    if (!ended) child.kill("SIGTERM");
    const how = await exited;
    clearTimeout(deadline);
    await rm(dir, { recursive: true, force: true });
    if (how !== 0) throw new Error(`the program did not stop cleanly (${how}):\n${output}`);
  };

  const giveUpAt = Date.now() + READY_TIMEOUT_MS;
  while (!(await isReady(base))) {
    if (!ended && Date.now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    const why = ended ? `ended (${await exited})` : `was not ready within ${READY_TIMEOUT_MS / 1000} s`;
    child.kill("SIGKILL");
    await exited;
    await rm(dir, { recursive: true, force: true });
    throw new Error(`tradewind ${command} ${why}:\n${output}`);
  }
  return { base, port, stop, dataDir: path.join(dir, "data"), log: () => output };
}

async function isReady(base) {
  try {
    return (await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
