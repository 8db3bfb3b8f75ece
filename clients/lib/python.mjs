// Runs the Python clients in the virtual environment that install.sh makes.
import { execFile, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CLIENTS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const PYTHON = path.join(CLIENTS, ".venv", "bin", "python");
const TIMEOUT_MS = 60_000;

/** Why Python's clients cannot be driven here; `false` when they can. */
export function whyNoPython() {
  const probe = spawnSync(PYTHON, ["-c", "import segment.analytics, rudderstack.analytics"], { encoding: "utf8" });
  if (probe.status === 0) return false;
  return "SKIPPED: Python's clients are not installed in clients/.venv; run clients/install.sh";
}

/** Why no lake can be read here by others; `false` when it can. */
export function whyNoLakeReaders() {
  const probe = spawnSync(PYTHON, ["-c", "import deltalake, duckdb, pyarrow"], { encoding: "utf8" });
  if (probe.status === 0) return false;
  return "SKIPPED: deltalake, duckdb and pyarrow are not installed in clients/.venv; run clients/install.sh";
}

/** What other readers count in the lake at `folder`. */
export async function readLake(folder) {
  const script = path.join(CLIENTS, "py", "lake_readers.py");
  const { stdout } = await promisify(execFile)(PYTHON, [script, folder], { timeout: TIMEOUT_MS });
  return JSON.parse(stdout);
}

/** Sends `calls`, each [name, arguments], through one of the scripts in `py/`; resolves to what it printed. */
export function drive(script, host, writeKey, calls) {
  return new Promise((resolve, reject) => {
    const given = [path.join(CLIENTS, "py", script), host, writeKey];
    const child = spawn(PYTHON, given, { timeout: TIMEOUT_MS, stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`${script} ended with ${signal ?? code}:\n${err}`));
    });
    child.stdin.end(JSON.stringify(calls));
  });
}
