"""The benchmark of the development loop counts what it says it counts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from devloop_benchmarks.application import Application
from devloop_benchmarks.checkout import copy_of_checkout
from devloop_benchmarks.edits import edited_file, percentile
from devloop_benchmarks.generator import generate, line_of_breakpoint
from devloop_benchmarks.load_clients import NEW, RAW, Exchange
from devloop_benchmarks.request_cost import ratios
from devloop_benchmarks.under_load import Outcome


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return generate(tmp_path / "application", {})


def test_the_generated_application_has_thirty_modules(application: Application) -> None:
    modules = [path for path in application.folder.rglob("*.py") if path.name != "__init__.py"]
    assert len(modules) == 30
    for path in modules:
        ast.parse(path.read_text())


def test_an_edit_changes_the_mark_and_not_the_size(application: Application) -> None:
    editable = application.routers[0]
    before = editable.file.read_text()
    marks = {editable.edit() for _ in range(3)}
    after = editable.file.read_text()
    assert len(marks) == 3
    assert len(before) == len(after)
    assert sum(mark.decode() in after for mark in marks) == 1


def test_a_file_without_a_mark_is_not_edited_silently(application: Application) -> None:
    application.base.file.write_text("")
    with pytest.raises(ValueError, match="0 lines"):
        application.base.edit()


def test_edits_go_to_several_files_some_in_a_row(application: Application) -> None:
    edited = [edited_file(application, number).file.stem for number in range(20)]
    assert len(set(edited)) == 4
    assert edited[:6] == ["coach"] * 5 + ["combine"]


def test_the_breakpoint_is_followed_by_the_lines_that_are_stepped_over(application: Application) -> None:
    file = application.routers[-1].file
    lines = file.read_text().splitlines()[line_of_breakpoint(file) - 1 :]
    assert [line.split("=")[0].strip() for line in lines[:3]] == ["total", "difference", "product"]


def test_the_copy_of_the_checkout_can_be_edited(tmp_path: Path) -> None:
    copy = copy_of_checkout(tmp_path / "copy", {})
    for editable in (*copy.routers, copy.base):
        assert editable.edit() in editable.file.read_bytes()
        ast.parse(editable.file.read_text())


def exchange(asked: float, ended: float, status: int, generation: int, kind: str = NEW) -> Exchange:
    return Exchange(kind, asked, ended, status, generation)


def test_an_old_answer_counts_when_a_new_one_was_there_before_the_request() -> None:
    outcome = Outcome()
    outcome.exchanges += [exchange(0, 1, 200, 1), exchange(2, 4, 200, 2), exchange(3, 5, 200, 1)]
    assert not outcome.old_after_new
    outcome.exchanges.append(exchange(4.1, 6, 200, 1, RAW))
    assert outcome.old_after_new == {RAW: 1}


def test_server_errors_count_and_wrong_questions_do_not() -> None:
    outcome = Outcome()
    outcome.exchanges += [exchange(0, 1, 503, 1), exchange(0, 1, 404, 1), Exchange(RAW, 0, 1, failure="reset")]
    assert outcome.failures == {f"server error, {NEW}": 1, f"reset, {RAW}": 1}
    assert outcome.answered == 2


def test_cost_is_compared_round_by_round() -> None:
    rounds = {"ours": {"a": [2.0, 20.0, 2.0], "b": [2.0, 20.0, 2.0]}, "plain": {"a": [1.0, 10.0, 2.0], "b": [1.0, 10.0, 2.0]}}
    assert ratios(rounds, "ours", "plain") == {"a": 2.0, "b": 2.0}


def test_percentiles_lie_between_the_values() -> None:
    assert percentile([1.0], 95) == 1.0
    assert percentile([float(value) for value in range(101)], 95) == 95.0
