"""Sends calls through rudder-sdk-python, unmodified, and prints what it reported as one line of JSON.

Usage: rudder_client.py HOST WRITE_KEY, with a JSON array of [call, arguments] on standard input.
"""

import json
import sys

from rudderstack import analytics


def main() -> None:
    errors = []

    def on_error(error, items):
        errors.append({"error": str(error), "items": len(items)})

    analytics.dataPlaneUrl, analytics.write_key = sys.argv[1:3]
    analytics.on_error = on_error
    calls = json.load(sys.stdin)
    for call, arguments in calls:
        getattr(analytics, call)(**arguments)
    analytics.shutdown()
    print(json.dumps({"sent": len(calls), "errors": errors}))


if __name__ == "__main__":
    main()
