"""The loads that a user would otherwise write: one file of rows into one table, with no checks, no persons and no exports.

Run by ``benchmarks.usual_loads`` with an interpreter that has these libraries: ``python usual_ways.py WAY DSN FOLDER`` prints seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

TABLES = ("draft_picks", "combine")


def pandas_to_sql(dsn: str, folder: Path) -> None:
    """``DataFrame.to_sql`` with many rows per statement, which is its quickest form without a callback."""
    import pandas as pd  # type: ignore[import-untyped, import-not-found, unused-ignore]
    from sqlalchemy import create_engine

    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))
    for table in TABLES:
        frame = pd.read_csv(folder / f"{table}.csv")
        frame.to_sql(table, engine, index=False, method="multi", chunksize=1_000)


def polars_adbc(dsn: str, folder: Path) -> None:
    """``DataFrame.write_database`` through ADBC, which uses COPY."""
    import polars as pl

    for table in TABLES:
        frame = pl.read_csv(folder / f"{table}.csv", infer_schema_length=None)
        frame.write_database(table, dsn, engine="adbc")


def dlt_pipeline(dsn: str, folder: Path) -> None:
    """A dlt pipeline that replaces two tables from Arrow frames."""
    import dlt  # type: ignore[import-not-found, unused-ignore]
    import polars as pl

    # it insists on a host and a password; the host of the query string, a folder with a socket, is the one that counts
    complete = dsn.replace("postgres@/", "postgres:unused@localhost/")
    destination = dlt.destinations.postgres(complete)
    pipeline = dlt.pipeline("usual", destination=destination, dataset_name="usual", pipelines_dir=str(folder / "dlt"))
    for table in TABLES:
        frame = pl.read_csv(folder / f"{table}.csv", infer_schema_length=None)
        pipeline.run(frame.to_arrow(), table_name=table, write_disposition="replace")


WAYS = {"pandas": pandas_to_sql, "polars": polars_adbc, "dlt": dlt_pipeline}

if __name__ == "__main__":
    started = time.perf_counter()
    WAYS[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
    print(time.perf_counter() - started)
