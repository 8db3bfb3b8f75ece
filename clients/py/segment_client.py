"""Sends calls through segment-analytics-python, unmodified, and prints what it reported as one line of JSON.

Usage: segment_client.py HOST WRITE_KEY, with a JSON array of [call, arguments] on standard input.
"""

import json
import sys

from segment.analytics.client import Client


def main() -> None:
    host, write_key = sys.argv[1:3]
    errors = []

    def on_error(error, items):
        fields = {name: getattr(error, name, None) for name in ("status", "code", "message")}
        errors.append({**fields, "items": len(items)})

    client = Client(write_key, host=host, gzip=True, on_error=on_error, max_retries=2)
    calls = json.load(sys.stdin)
    for call, arguments in calls:
        getattr(client, call)(**arguments)
    client.flush()
    client.join()
    print(json.dumps({"sent": len(calls), "errors": errors}))


if __name__ == "__main__":
    main()
