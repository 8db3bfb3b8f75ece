"""Drives a server with Feast's own SDK: feast_client.py SERVER FOLDER; prints what it saw as JSON.

FOLDER gets the repository that the server generates, and `feast apply` runs in it unchanged.
"""

import io
import json
import subprocess
import sys
import tarfile
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

server, folder = sys.argv[1], Path(sys.argv[2])
packed = urllib.request.urlopen(f"{server}/v1/feast/repo.tar.gz").read()
with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
    archive.extractall(folder, filter="data")
(folder / "data").mkdir(exist_ok=True)
applied = subprocess.run([Path(sys.executable).parent / "feast", "apply"], cwd=folder, capture_output=True, text=True)
if applied.returncode != 0:
    sys.exit(f"feast apply failed:\n{applied.stdout}\n{applied.stderr}")

import pandas as pd  # noqa: E402
from feast import FeatureStore  # noqa: E402

store = FeatureStore(repo_path=str(folder))
seen = {}
now = datetime.now(timezone.utc).replace(microsecond=0)


def raised(call):
    """The class of what a call raises, with its module and whether it speaks of the name."""
    try:
        call()
    except Exception as error:  # noqa: BLE001
        return {"class": type(error).__name__, "module": type(error).__module__, "words": str(error)}
    return None


def rows(**columns):
    return pd.DataFrame({**columns, "event_timestamp": [now] * len(columns["customer"]), "created": [now] * len(columns["customer"])})


def read(features, customers, **more):
    entities = [{"customer": c} for c in customers]
    response = store.get_online_features(features=features, entity_rows=entities, **more)
    # Each feature with its values, and the statuses that the proto has.
    names = response.proto.metadata.feature_names.val
    statuses = {n: [int(s) for s in r.statuses] for n, r in zip(names, response.proto.results)}
    return {"values": response.to_dict(), "statuses": statuses}


LIST = ["shop_habits:visits", "shop_habits:spend", "shop_habits:city", "shop_habits:likes"]
seen["views"] = sorted(v.name for v in store.list_feature_views())
seen["services"] = [s.name for s in store.list_feature_services()]
store.write_to_online_store(
    "shop_habits",
    rows(customer=[1001, 1002], visits=[3, 4], spend=[2.0, 0.5], city=["Köln", None], likes=[["a", "b"], ["c"]], vector=[[0.5, 1.0], [2.0]]),
)
seen["list"] = read(LIST, [1001, 1002, 9])
seen["service"] = read(store.get_feature_service("ranker"), [1001])
seen["full"] = read(LIST[:1], [1001], full_feature_names=True)
store.push(
    "habits_push",
    rows(customer=[1001], visits=[30], spend=[1.0], city=["Bonn"], likes=[["z"]], vector=[[1.0]]),
)
seen["pushed"] = read(["shop_habits:visits", "shop_habits:vector"], [1001, 1002])
profile = store.get_online_features(
    features=["subject_profile:events", "subject_profile:is_first_time_shopper", "subject_profile:days_since_last_order"],
    entity_rows=[{"subject": "user_id:ann"}],
)
seen["profile"] = profile.to_dict()
store.materialize_incremental(end_date=datetime.now(timezone.utc))
seen["materialized"] = True
seen["no_view"] = raised(lambda: read(["gone:x"], [1001]))
seen["no_feature"] = raised(lambda: read(["shop_habits:gone"], [1001]))
service = store.get_feature_service("ranker")
service.name = "gone_service"
seen["no_service"] = raised(lambda: read(service, [1001]))
seen["no_key"] = raised(lambda: store.get_online_features(features=LIST, entity_rows=[{"subject": "x"}]))
seen["search"] = raised(
    lambda: store.retrieve_online_documents_v2(features=["shop_habits:vector"], query=[0.1, 0.2], top_k=2)
)
thousand = read(LIST, list(range(1000, 2000)))
seen["thousand"] = sum(status == 1 for status in thousand["statuses"]["visits"])
late = pd.DataFrame({"customer": [1001], "visits": [1], "spend": [1.0], "city": ["x"], "likes": [["x"]], "vector": [[1.0]],
                     "event_timestamp": [now - timedelta(days=1)], "created": [now]})
store.write_to_online_store("shop_habits", late)
seen["late"] = read(["shop_habits:visits"], [1001])
print(json.dumps(seen))
