"""Cells: every spelling of a value is that value, everything else is nothing and on record."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.datasets.model import Dataset, Field, Gates
from app.errors import DraftQueenError
from pipeline.errors import SourceInvalid, SourceUnavailable
from pipeline.issues import KEPT_PER_RULE, Issue, IssueLog
from pipeline.steps import extract
from pipeline.steps.decode import decode, source_columns
from pipeline.steps.extract import describe_file, find_files, passed_over, unpacked

TINY = Dataset(
    name="tiny",
    title="tiny rows",
    rows="rows",
    about="Rows.",
    table="tiny",
    fields=(
        Field("season", "integer", "a year", required_by="the key"),
        Field("name", "text", "a name"),
        Field("good", "boolean", "a truth"),
        Field("time", "number", "a number"),
        Field("day", "date", "a day"),
    ),
    key=("season",),
    gates=Gates(min_rows=1, telling=("season",)),
    source="nowhere",
    licence="none",
    file_stem="tiny",
)


def _decode(tmp_path: Path, text: str | bytes) -> tuple[pl.DataFrame, IssueLog]:
    path = tmp_path / "tiny.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    issues = IssueLog()
    return decode(describe_file(path), TINY, issues), issues


@pytest.mark.parametrize("season", ["2000", "2000.0", " 2000 "])
@pytest.mark.parametrize("good", ["TRUE", "True", "true", "t", "1"])
@pytest.mark.parametrize("nothing", ["", "NA", "null", '""'])
def test_spellings(tmp_path: Path, season: str, good: str, nothing: str) -> None:
    frame, issues = _decode(tmp_path, f"season,name,good,time\n{season},{nothing},{good},4.50\n2001,x,FALSE,NA\n")
    assert frame.rows() == [(2000, None, True, 4.5), (2001, "x", False, None)]
    assert not issues.counts


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("20.5,a,TRUE,1", "season"),
        ("abc,a,TRUE,1", "season"),
        ("2000,a,maybe,1", "good"),
        ("2000,a,TRUE,inf", "time"),
        ("9e99,a,TRUE,1", "season"),
    ],
)
def test_what_does_not_fit_is_left_out_and_on_record(tmp_path: Path, row: str, field: str) -> None:
    frame, issues = _decode(tmp_path, f"season,name,good,time\n{row}\n2001,b,FALSE,2\n")
    assert frame[field][0] is None
    assert frame.row(1) == (2001, "b", False, 2.0)
    assert [(issue.severity, issue.field, issue.entity) for issue in issues.kept] == [("quarantine", field, "row 1")]


def test_only_the_broken_line_is_read_as_latin_1(tmp_path: Path) -> None:
    content = "season,name,good,time\n2000,Amaré,TRUE,1\n".encode() + "2001,José,TRUE,1\n".encode("latin-1")
    frame, issues = _decode(tmp_path, content)
    assert frame["name"].to_list() == ["Amaré", "José"]
    assert [issue.entity for issue in issues.kept] == ["line 3"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_one_sentence(tmp_path: Path, content: bytes) -> None:
    try:
        frame, _ = _decode(tmp_path, b"season,name,good,time\n" + content)
    except DraftQueenError as error:
        assert str(error).count("\n") == 0
    else:
        assert frame.schema == {"season": pl.Int32, "name": pl.String, "good": pl.Boolean, "time": pl.Float64}


def test_a_quote_that_is_never_closed_is_one_sentence(tmp_path: Path) -> None:
    """On this one polars panics, which is no ordinary exception."""
    with pytest.raises(SourceInvalid, match=r"^tiny\.csv is not a CSV file: .*\.$"):
        _decode(tmp_path, b'season,name,good,time\n"')


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"season,name,good,time\n2000,a,TRUE,1\n2001,b\0c,TRUE,1\n", "row 2 has a NUL character in name"),
        (b"season,name,good,time\n20\x0000,a,TRUE,1\n", "row 1 has a NUL character in season"),
        (b"season,name,good,time,mo\0re\n2000,a,TRUE,1,1\n", "its first line has NUL characters"),
        (b"season;name;good;time\n2000;a;TRUE;1\n", "separates its cells with semicolons"),
        (b"season\tname\tgood\ttime\n2000\ta\tTRUE\t1\n", "separates its cells with tabs"),
        (gzip.compress(gzip.compress(b"season,name,good,time\n2000,a,TRUE,1\n")), "is compressed with gzip twice"),
        (gzip.compress(b"X\n\0\0\0\3\0\4"), "is an R data file"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(bytes(range(256)) * 40)[:60], "is truncated or damaged and cannot be unpacked"),
        ("season,name,good,time\n2000,a,TRUE,1\n".encode("utf-16"), "is written in UTF-16"),
        (b"PK\x03\x04" + bytes(40), "is a ZIP archive or a spreadsheet"),
    ],
    ids=[
        "nul in text",
        "nul in a number",
        "nul in the header",
        "semicolons",
        "tabs",
        "gzip twice",
        "rds",
        "gzip of nothing",
        "gzip cut off",
        "utf-16",
        "zip",
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "tiny.csv"
    path.write_bytes(content)

    def read() -> pl.DataFrame:
        with unpacked(describe_file(path)) as source:
            source_columns(source)
            return decode(source, TINY, IssueLog())

    with pytest.raises(SourceInvalid, match=reason):
        read()


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_a_nul_in_a_parquet_file(tmp_path: Path, kind: type[pl.DataType]) -> None:
    path = tmp_path / "tiny.parquet"
    names = pl.Series(["a\0"], dtype=kind)
    pl.DataFrame({"season": [2000], "name": names, "good": [True], "time": [1.0]}).write_parquet(path)
    with pytest.raises(SourceInvalid, match="row 1 has a NUL character in name"):
        decode(describe_file(path), TINY, IssueLog())


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_what_stands_between_cells_on_the_way_to_the_database_stands_in_none(tmp_path: Path, kind: type[pl.DataType]) -> None:
    lines = "season,name,good,time\n2000,Ray\x1fCrash,TRUE,1\n2001,\x1f,TRUE,1\n2002,Al\x1f,TRUE,1\n2003,Ed,TRUE,1\n"
    read, issues = _decode(tmp_path, lines)
    assert read["name"].to_list() == ["Ray Crash", None, "Al", "Ed"]
    assert [(issue.severity, issue.rule, issue.field, issue.entity) for issue in issues.kept] == [
        ("warning", "control_character", "name", f"row {row}") for row in (1, 2, 3)
    ]
    path = tmp_path / "tiny.parquet"
    names = pl.Series(["Ray\x1fCrash", "\x1f", "Al\x1f", "Ed"], dtype=kind)
    pl.DataFrame({"season": [2000, 2001, 2002, 2003], "name": names, "good": [True] * 4, "time": [1.0] * 4}).write_parquet(path)
    issues = IssueLog()
    assert decode(describe_file(path), TINY, issues).equals(read)
    assert issues.counts[("warning", "control_character")] == 3


def test_newest_file_of_a_folder(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    for name in (
        "tiny.csv",
        "below/tiny_2024-01-31.csv",
        "below/tiny_2025-02-13.csv",
        "tiny_2025-02-13.parquet",
        "tiny_notes.csv",
        "other.csv",
    ):
        (tmp_path / name).touch()
    assert find_files(tmp_path, TINY)[0].name == "tiny_2025-02-13.parquet"


def test_an_undated_file_is_as_old_as_its_time_stamp(tmp_path: Path) -> None:
    for name, stamp in (("tiny.parquet", 1_000), ("tiny.csv", 3_000), ("tiny.csv.gz", 2_000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (stamp, stamp))
    assert [path.name for path in find_files(tmp_path, TINY)] == ["tiny.csv", "tiny.csv.gz", "tiny.parquet"]


def test_a_dated_file_is_read_before_a_later_copy_which_is_a_warning(tmp_path: Path) -> None:
    for name, stamp in (("tiny.csv.gz", 1_767_268_800), ("tiny.csv", 1_700_000_000), ("tiny_2025-01-01.parquet", 1_000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (stamp, stamp))
    read, *others = find_files(tmp_path, TINY)
    assert read.name == "tiny_2025-01-01.parquet"
    later, earlier = (passed_over(path, read) for path in others)
    assert (later.severity, earlier.severity) == ("warning", "info")
    assert later.message == (
        "tiny.csv.gz was not read although its time stamp (2026-01-01) is later than the date in the name of tiny_2025-01-01.parquet: a"
        " time stamp may be that of a copy. To load it, add its date to its name (tiny_2026-01-01.csv.gz)."
    )
    (tmp_path / "tiny.csv.gz").rename(tmp_path / "tiny_2026-01-01.csv.gz")
    assert find_files(tmp_path, TINY)[0].name == "tiny_2026-01-01.csv.gz"


def test_a_folder_without_the_file_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "tiny.rds").touch()
    with pytest.raises(SourceUnavailable, match=r"holds no tiny\.csv, tiny\.csv\.gz or tiny\.parquet, only tiny\.rds\."):
        find_files(tmp_path, TINY)


def test_a_packed_file_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny.csv.gz").write_bytes(gzip.compress(bytes(3_000_000)))
    monkeypatch.setattr(extract, "MAX_UNPACKED", 2_000_000)
    with pytest.raises(SourceInvalid, match=r"^tiny\.csv\.gz unpacks to more than 2 MB"), unpacked(describe_file(tmp_path / "tiny.csv.gz")):
        pass


def test_a_flood_of_findings_is_counted_not_kept() -> None:
    log = IssueLog()
    for number in range(KEPT_PER_RULE + 50):
        log.add(Issue("warning", "rule", f"{number}"))
    log.add_uncounted("warning", "rule", 7)
    assert log.count("warning") == KEPT_PER_RULE + 57
    assert len(log.kept) == KEPT_PER_RULE
    assert list(log.all())[-1].message == "57 more findings of this rule are not listed."


@pytest.mark.parametrize(("repeated", "message"), [("season", "more than 2,500,000 rows"), ("name", "more than 500 MB of text")])
def test_a_parquet_file_of_a_few_kilobytes_may_not_fill_the_memory(tmp_path: Path, repeated: str, message: str) -> None:
    path = tmp_path / "tiny.parquet"
    rows, value = {"season": (3_000_000, 2000), "name": (6_000, "x" * 100_000)}[repeated]
    pl.LazyFrame().select(pl.repeat(value, rows).alias(repeated)).sink_parquet(path, row_group_size=100_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(SourceInvalid, match=message):
        decode(describe_file(path), TINY, IssueLog())


def test_columns_of_parquet_that_are_not_declared_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wide.parquet"
    pl.DataFrame({"season": [2000], "nothing_of_ours": ["x" * 1000]}).write_parquet(path)
    monkeypatch.setattr("pipeline.steps.decode.MAX_TEXT", 100)
    assert decode(describe_file(path), TINY, IssueLog()).to_dicts() == [{"season": 2000}]
