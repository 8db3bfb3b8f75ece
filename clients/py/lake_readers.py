"""Counts the events in a lake with two readers that know nothing of Tradewind.

Usage: lake_readers.py LAKE. Prints {"deltalake": {name: count}, "duckdb": {...}, "lines": [n, n]} with the
events of all families by name, or by kind where they are no track events, and the order lines.
"""

import collections
import json
import pathlib
import sys

import duckdb
import pyarrow.compute as compute
from deltalake import DeltaTable

FAMILIES = ("browse", "searches", "carts", "checkouts", "orders", "promotions", "identities", "other")


def by_delta_rs(root):
    counts = collections.Counter()
    for family in FAMILIES:
        rows = DeltaTable(root / family).to_pyarrow_table(columns=["kind", "name"])
        names = compute.if_else(compute.equal(rows["kind"], "track"), rows["name"], rows["kind"])
        counts.update(names.to_pylist())
    return counts


def parquet(root, table):
    """The files that the newest commit refers to, for DuckDB's own Parquet reader; none for an empty table."""
    files = DeltaTable(root / table).file_uris()
    return duckdb.read_parquet(files, hive_partitioning=True) if files else None


def by_duckdb(root):
    counts = collections.Counter()
    for family in FAMILIES:
        rows = parquet(root, family)
        if rows is not None:
            sql = "select case when kind = 'track' then name else kind end as n, count(*) from rows group by n"
            counts.update(dict(duckdb.sql(sql).fetchall()))
    return counts


def lines(root):
    by_rs = DeltaTable(root / "order_lines").to_pyarrow_dataset().count_rows()
    rows = parquet(root, "order_lines")
    return [by_rs, 0 if rows is None else len(rows)]


def main():
    root = pathlib.Path(sys.argv[1])
    told = {"deltalake": by_delta_rs(root), "duckdb": by_duckdb(root), "lines": lines(root)}
    json.dump(told, sys.stdout)


main()
