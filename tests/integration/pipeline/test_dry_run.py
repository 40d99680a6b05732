"""A dry run says what a load would do, and leaves the database and the exports as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from tests.integration.pipeline.conftest import Loader, Writer

Frames = dict[str, pl.DataFrame]


def _everything(load: Loader) -> dict[str, object]:
    """Every row of every table, and every exported file."""
    tables = [name for (name,) in load.rows("select table_name from information_schema.tables where table_schema = 'public' order by 1")]
    rows: dict[str, object] = {str(name): sorted(map(str, load.rows(f"select * from {name}"))) for name in tables}
    files = sorted((path.name, path.stat().st_mtime_ns) for path in load.exports.glob("*")) if load.exports.exists() else []
    return rows | {"exports": files}


def test_the_first_load(load: Loader, folder: Writer) -> None:
    directory, before = folder(), _everything(load)
    preview = load(directory, dry_run=True)
    assert _everything(load) == before
    real = load(directory)
    assert {name: (report.state, report.rows_inserted, report.rows_quarantined, report.warnings) for name, report in preview.items()} == {
        name: (report.state, report.rows_inserted, report.rows_quarantined, report.warnings) for name, report in real.items()
    }
    assert {report.state for report in preview.values()} == {"loaded"}


def test_a_changed_and_a_refused_file(load: Loader, folder: Writer, made_up: Frames) -> None:
    load(folder())
    grown = pl.when(pl.col("season") < 2000).then(pl.col("games") + 1).otherwise("games").alias("games")
    changed = folder(
        "changed",
        draft_picks=made_up["draft_picks"].with_columns(grown),
        combine=made_up["combine"].filter(pl.col("season") != 2010),
    )
    before = _everything(load)
    preview = load(changed, dry_run=True)
    assert _everything(load) == before
    real = load(changed)
    told = ("state", "rows_inserted", "rows_updated", "rows_deleted", "rows_unchanged", "warnings", "error")
    for name, report in real.items():
        assert [getattr(preview[name], each) for each in told] == [getattr(report, each) for each in told], name
    events = load.counts("select kind || ' ' || field, count(*) from change_event where dataset = 'draft_picks' group by 1")
    assert preview["draft_picks"].changes == events
    assert set(events) == {"changed games"}
    assert preview["combine"].state == "failed"
    assert (preview["combine"].findings or {})["QualityGateFailed"] == 1
    assert "changes" not in real["draft_picks"].as_dict()
