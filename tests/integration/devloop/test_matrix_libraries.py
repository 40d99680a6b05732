"""Applications that compute and store with well-known libraries: what is kept in memory of each, and what is not and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.loop import Loop
from tests.support.matrix import Case, matrix_loop, needed, reloads

pytestmark = [pytest.mark.slow, needed()]

NUMPY = Case(
    parts="import numpy\nvalue = lambda: int(numpy.arange(4).dot(numpy.arange(4)))",
    answer="{word} 14",
    kept=("numpy",),  # its threads end before a fork
)
PANDAS = Case(
    parts="import pandas\nvalue = lambda: int(pandas.Series([1, 2]).sum())",
    answer="{word} 3",
    kept=("dateutil", "numpy", "pandas"),
)
TORCH = Case(
    parts="import torch\nvalue = lambda: int(torch.arange(4).sum())",
    answer="{word} 6",
    kept=("numpy",),
    left_out={"torch": "starts a thread when it is imported"},
)
DUCKDB = Case(
    parts="import duckdb\nDATA = duckdb.connect('data.duckdb')\nvalue = lambda: DATA.execute('select 1').fetchall()[0][0]",
    kept=("duckdb",),
    once={"app.parts": "needs what the running process holds"},
    stops_first=True,
)
DUCKDB_IN_MEMORY = Case(
    parts="import duckdb\nvalue = lambda: duckdb.connect().execute('select 1').fetchall()[0][0]",
    kept=("duckdb",),
)
SQLALCHEMY = Case(
    parts="""
from sqlalchemy import create_engine, text
ENGINE = create_engine("sqlite:///data.sqlite", pool_size=2)
with ENGINE.connect() as connection:
    connection.execute(text("create table if not exists t (n int)"))
def value():
    with ENGINE.connect() as connection:
        return connection.execute(text("select 1")).scalar_one()
""",
    kept=("sqlalchemy",),
    once={"app.parts": "opens a database"},
)
CELERY = Case(
    parts="""
from celery import Celery
tasks = Celery("tasks", broker="memory://", backend="cache+memory://")
@tasks.task
def add(x, y):
    return x + y
value = lambda: add.apply(args=(1, 1)).get()
""",
    answer="{word} 2",
    kept=("celery", "kombu", "billiard"),
)
ALL = {name: case for name, case in globals().items() if isinstance(case, Case)}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needed("torch") if name == "TORCH" else ()) for name in ALL], ids=lambda name: name.lower()
)
def test_a_library(project: Callable[..., Loop], name: str) -> None:
    reloads(matrix_loop(project, ALL[name].written()), ALL[name])
