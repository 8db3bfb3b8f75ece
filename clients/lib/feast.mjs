// Runs Feast's SDK in the virtual environment that `install.sh feast` makes.
import { execFile, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CLIENTS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const PYTHON = path.join(CLIENTS, ".venv-feast", "bin", "python");
const TIMEOUT_MS = 600_000;

/** Why Feast's SDK cannot be driven here; `false` when it can. */
export function whyNoFeast() {
  const probe = spawnSync(PYTHON, ["-c", "from importlib.metadata import version; version('feast')"], { encoding: "utf8" });
  if (probe.status === 0) return false;
  return "SKIPPED: Feast's SDK is not installed in clients/.venv-feast; run clients/install.sh feast";
}

async function run(script, given) {
  const all = [path.join(CLIENTS, "py", script), ...given];
  // The program refuses settings that it does not know, TRADEWIND_BIN among them; Feast would tell its makers of
  // every run.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("TRADEWIND_"));
  const env = { ...Object.fromEntries(own), FEAST_USAGE: "False" };
  const { stdout } = await promisify(execFile)(PYTHON, all, { timeout: TIMEOUT_MS, env, maxBuffer: 16 << 20 });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

/** Applies the server's repository in `folder` and goes through the SDK's calls; resolves to what it saw. */
export const driveFeast = (base, folder) => run("feast_client.py", [base, folder]);

/** Compares Feast's point-in-time join with the program's, on so many made-up rows. */
export const compareHistory = (program, folder, rows, seed) =>
  run("feast_history.py", [program, folder, String(rows), String(seed)]);
