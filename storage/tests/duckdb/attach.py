"""Attaches a data directory's catalog with DuckDB, read-only, and compares what it answers with the bare Parquet files.

Usage: attach.py DATA_DIR

DuckDB plans with the statistics in the catalog; `read_parquet` and pyarrow do not know it. Where both sides differ, our
statistics, types or ids are wrong. Ends with status 1 and the differences.
"""

import glob
import sys

import duckdb
import duckdb_extension_ducklake
import duckdb_extension_sqlite_scanner
import pyarrow.parquet

TABLES = {
    "spans": ["start_time", "received_at", "service_name", "name", "kind", "duration_ns", "flags", "span_id", "trace_id"],
    "logs": ["time", "received_at", "service_name", "severity_number", "flags", "body"],
    "metrics": ["time", "metric_name", "series_id", "value_int", "value_double", "flags"],
    "operation_minutes": ["time", "received_at", "service_name", "operation", "span_kind", "spans", "duration_sum_ns", "duration_max_ns", "newest_time"],
}


def connect(data_dir):
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for package in (duckdb_extension_ducklake, duckdb_extension_sqlite_scanner):
        for extension in glob.glob(package.__path__[0] + "/**/*.duckdb_extension", recursive=True):
            connection.execute(f"LOAD '{extension}'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"ATTACH 'ducklake:sqlite:{data_dir}/catalog.sqlite' AS lake (READ_ONLY)")
    return connection


def main(data_dir):
    connection = connect(data_dir)
    differences, comparisons = [], 0

    def compare(what, lake, files, parameters=()):
        nonlocal comparisons
        comparisons += 1
        left = connection.execute(lake, parameters).fetchall()
        right = connection.execute(files, parameters).fetchall()
        if left != right:
            differences.append(f"{what}: catalog {left}, files {right}")

    for table, columns in TABLES.items():
        paths = sorted(glob.glob(f"{data_dir}/data/1/{table}/*.parquet"))
        if not paths:
            continue
        lake, files = f"lake.{table}", f"read_parquet({paths!r}, union_by_name = true)"
        rows = sum(pyarrow.parquet.read_table(path).num_rows for path in paths)
        counted = connection.execute(f"SELECT count(*) FROM {lake}").fetchone()[0]
        if counted != rows:
            differences.append(f"{table}: catalog {counted} rows, pyarrow {rows}")
        types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {lake}").fetchall()}
        values = ", ".join(f"count({column})" for column in types)
        compare(f"{table} values", f"SELECT {values} FROM {lake}", f"SELECT {values} FROM {files}")
        for column in columns:
            bounds = f"SELECT CAST(min({column}) AS VARCHAR), CAST(max({column}) AS VARCHAR) FROM "
            compare(f"{table}.{column} bounds", bounds + lake, bounds + files)
            sample = f"SELECT CAST(value AS VARCHAR) FROM (SELECT DISTINCT {column} AS value FROM {files}) WHERE value IS NOT NULL ORDER BY value"
            values = [row[0] for row in connection.execute(sample).fetchall()]
            picks = {values[0], values[len(values) // 2], values[-1]} if values else set()
            for value in picks:
                for operator in ("=", "<", ">"):
                    query = f" WHERE {column} {operator} CAST(? AS {types[column]})"
                    count = "SELECT count(*) FROM "
                    compare(f"{table}.{column} {operator} {value!r}", count + lake + query, count + files + query, [value])
            missing = f" WHERE {column} IS NULL"
            compare(f"{table}.{column} nulls", "SELECT count(*) FROM " + lake + missing, "SELECT count(*) FROM " + files + missing)
    print(f"{comparisons} comparisons, {len(differences)} differences")
    print("\n".join(differences))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
