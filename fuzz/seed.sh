#!/bin/sh
# Adds seeds from captured requests of real clients, where there are any: fuzz/seed.sh [FOLDER]
# FOLDER holds *.jsonl, a request a line, its body as text under "b". The seeds are not kept in git.
set -eu
cd "$(dirname "$0")"
captures=${1:-../../shared/contracts/captures}
if [ ! -d "$captures" ] || ! command -v python3 >/dev/null 2>&1; then
    echo "fuzz/seed.sh: no seeds from captures: $captures or python3 is not there" >&2
    exit 0
fi
python3 - "$captures" <<'PY'
import glob, hashlib, json, os, sys

# Two of the targets read from the first byte how the body is sent.
PREFIX = {"body": [b"\0", b"\3", b"\4"], "cloudevents": [b"\0"]}
TARGETS = ["segment", "body", "decide", "posthog", "ga4", "snowplow", "cloudevents"]
count = 0
for name in sorted(glob.glob(os.path.join(sys.argv[1], "*.jsonl"))):
    for line in open(name, encoding="utf-8"):
        body = json.loads(line).get("b", "").encode()
        for target in TARGETS if body else []:
            os.makedirs(f"seeds/{target}", exist_ok=True)
            for prefix in PREFIX.get(target, [b""]):
                seed = prefix + body
                with open(f"seeds/{target}/{hashlib.sha1(seed).hexdigest()}", "wb") as file:
                    file.write(seed)
                count += 1
print(f"fuzz/seed.sh: {count} seeds from {sys.argv[1]}")
PY
