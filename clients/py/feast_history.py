"""Compares Feast's point-in-time join with ours: feast_history.py PROGRAM FOLDER ROWS SEED; prints counts as JSON.

FOLDER is a repository that `feast apply` has seen, with the view shop_habits, whose features' history is made up
here. Times are whole milliseconds; some asks lie exactly on an event, and exactly at its age limit.

Feast's store of files has two faults, against its own documentation: it leaves out the asks of entities that it
knows and has no row of within the age limit; and of two rows with the same event_timestamp it takes any and not the one
created later, since the second of its sorts is not stable. So ours is compared with pandas' merge_asof in all rows,
and with Feast's in all that Feast gives and that do not hang on such a pair: at least ROWS. What Feast leaves out must
be asks that merge_asof finds no row of.
"""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from feast import FeatureStore

program, folder, count, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
# Some of these cannot be compared with Feast's, see above.
asked = count * 3 // 2
store = FeatureStore(repo_path=str(folder))
ttl = store.get_feature_view("shop_habits").ttl
random = np.random.default_rng(seed)
begin = pd.Timestamp("2026-03-01T00:00:00Z")
span_ms = 40 * 24 * 3600 * 1000


def times(numbers):
    return begin + pd.to_timedelta(numbers, unit="ms")


history = pd.DataFrame(
    {
        "customer": random.integers(0, 2_000, count),
        # Whole seconds, so that some rows of a customer have the same time, and the later made one counts.
        "at_ms": random.integers(0, span_ms // 1_000, count) * 1_000,
    }
)
twice = history.sample(frac=0.1, random_state=seed)
history = pd.concat([history, twice], ignore_index=True)
history["event_timestamp"] = times(history.pop("at_ms"))
history["created"] = history["event_timestamp"] + pd.to_timedelta(random.permutation(len(history)), unit="ms")
history["visits"] = pd.array(random.integers(0, 1_000, len(history)), dtype="Int64")
history["spend"] = random.random(len(history)) * 100
history["city"] = random.choice(["Köln", "Bonn, am Rhein", 'Aa"chen'], len(history))
for name in ["visits", "spend", "city"]:
    history.loc[random.random(len(history)) < 0.05, name] = None

# Two thirds anywhere, the rest on an event, or where one is just as old as it may be, or a moment older.
picked = history.sample(count // 3, random_state=seed + 1)
shifts = random.choice([0, int(ttl / timedelta(milliseconds=1)), int(ttl / timedelta(milliseconds=1)) + 1, -1], len(picked))
on_edges = pd.DataFrame({"customer": picked["customer"], "event_timestamp": picked["event_timestamp"] + pd.to_timedelta(shifts, unit="ms")})
anywhere = pd.DataFrame(
    {"customer": random.integers(0, 2_200, asked), "event_timestamp": times(random.integers(-span_ms // 10, span_ms, asked))}
)
asks = pd.concat([on_edges, anywhere]).drop_duplicates().head(asked).reset_index(drop=True)

features = ["visits", "spend", "city"]
stored = history.assign(likes=[["x"]] * len(history), vector=[[1.0]] * len(history))
stored.to_parquet(folder / "data" / "shop_habits.parquet")
theirs = store.get_historical_features(entity_df=asks, features=[f"shop_habits:{f}" for f in features]).to_df()

stamp = "%Y-%m-%dT%H:%M:%S.%fZ"
asks.to_csv(folder / "asks.csv", index=False, date_format=stamp)
history.to_csv(folder / "history.csv", index=False, date_format=stamp)
spec = {
    "name": "shop_habits",
    "entity": "subject",
    "joinKeys": [{"name": "customer", "type": "int64"}],
    "features": [{"name": n, "type": t} for n, t in zip(features, ["int64", "double", "string"])],
    "source": {"push": "habits_push"},
    "ttlSeconds": int(ttl.total_seconds()),
    "purpose": "personalization",
}
(folder / "spec.json").write_text(json.dumps(spec))
made = folder / "ours.csv"
with made.open("w") as out:
    given = ["--view", folder / "spec.json", "--entities", folder / "asks.csv", "--history", folder / "history.csv"]
    subprocess.run([program, "features", "training-set", *given], stdout=out, check=True)
ours = pd.read_csv(made, float_precision="round_trip", dtype={"city": str}, keep_default_na=False, na_values={"visits": [""], "spend": [""], "city": [""]})
ours["event_timestamp"] = pd.to_datetime(ours["event_timestamp"], utc=True, format="ISO8601")


def sorted_rows(frame):
    frame = frame[["customer", "event_timestamp", *features]].copy()
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).astype("datetime64[ms, UTC]")
    frame["customer"] = frame["customer"].astype("int64")
    frame["visits"] = frame["visits"].astype("float64")
    frame["spend"] = frame["spend"].astype("float64")
    return frame.sort_values(["customer", "event_timestamp"]).reset_index(drop=True)


def differing(one, other):
    """How many cells of each column differ; two that are missing are the same."""
    if len(one) != len(other):
        return {"rows": abs(len(one) - len(other))}
    return {n: int((~((one[n] == other[n]) | (one[n].isna() & other[n].isna()))).sum()) for n in one.columns}


keys = ["customer", "event_timestamp"]
ordered = history.sort_values(["event_timestamp", "created"])
ordered = ordered.assign(is_found=True, is_pair=ordered.duplicated(keys, keep=False))
oracle = pd.merge_asof(
    asks.sort_values("event_timestamp"), ordered, on="event_timestamp", by="customer", tolerance=ttl, direction="backward"
)
oracle = oracle.sort_values(keys).reset_index(drop=True)
is_found, is_pair = oracle["is_found"].notna().to_numpy(), oracle["is_pair"].eq(True).to_numpy()
theirs, ours, oracle = sorted_rows(theirs), sorted_rows(ours), sorted_rows(oracle)
given = (ours[keys].merge(theirs[keys], how="left", on=keys, indicator="side")["side"] == "both").to_numpy()
compared = ours[given & ~is_pair].reset_index(drop=True)
of_feast = theirs.merge(compared[keys], on=keys)
print(
    json.dumps(
        {
            "asked": len(ours),
            "rowsOfFeast": len(theirs),
            "compared": len(compared),
            "fromFeast": differing(compared, of_feast),
            "fromPandas": differing(ours, oracle),
            "leftOut": int((~given).sum()),
            "leftOutThoughFound": int((~given & is_found).sum()),
            "pairs": int(is_pair.sum()),
            "found": int(ours["spend"].notna().sum()),
            "missing": int(ours["spend"].isna().sum()),
        }
    )
)
