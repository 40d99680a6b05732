"""The recipes of CONTRIBUTING.md for a field and a data set, followed in a copy of the checkout, with the number of files they take."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import polars as pl
import pytest

from pipeline.sources.sample.generate import generate
from pipeline.steps.extract import SYNTHETIC_MARKER
from tests.recipes.conftest import Measured, Recipe

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")]

DQ = str(Path(sys.executable).parent / "dq")
REQUEST = """
import sys
from fastapi.testclient import TestClient
from app.main import create_app
with TestClient(create_app()) as client:
    for url in sys.argv[1:]:
        print(client.get(url).text.replace("\\n", " "))
"""
STANDINGS = '''"""How a team finished a season."""

from __future__ import annotations

from app.datasets.model import Dataset, Field, Filter, Gates

STANDINGS = Dataset(
    name="standings",
    title="standings",
    rows="standings",
    about="How a team finished a season.",
    table="standing",
    fields=(
        Field("season", "integer", "the season", low=1920, high=2100, example=2020, required_by="the key"),
        Field("team", "text", "team code as recorded", example="KC", required_by="the key"),
        Field("wins", "smallint", "games won", low=0, high=20, example=14),
    ),
    key=("season", "team"),
    season="season",
    gates=Gates(min_rows=1, telling=("season", "team")),
    filters=(Filter("season", "season", "The season."), Filter("wins_min", "count", "Minimum games won.")),
    source="made up",
    licence="none",
    file_stem="standings",
)
'''


def folder_of(tmp_path: Path, **frames: pl.DataFrame) -> Path:
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / SYNTHETIC_MARKER).touch()
    for name, frame in frames.items():
        frame.write_csv(directory / f"{name}.csv")
    return directory


def test_fields_take_their_declarations_and_what_make_writes(copy: Recipe, tmp_path: Path, measured: Measured) -> None:
    sacks = '    Field("def_sacks", "number", "sacks", low=0, high=300, label="Sacks", section=_DEFENSE),\n'
    number = '    Field("pressures", "integer", "pressures of the quarterback", label="Pressures", section=_DEFENSE),\n'
    text = '    Field("agent", "text", "agency of the first contract", label="Agent", section=_HONORS),\n'
    copy.edit("app/datasets/draft_picks.py", sacks, sacks + number + text)
    migration = copy.migrate("add pressures and agent")
    copy.make("docs")
    touched = copy.touched()
    assert touched.keys() == {"app/datasets/draft_picks.py", "docs/data-dictionary.md", migration}
    measured(touched)

    frames = generate(rows=600, seed=4)
    picks = frames["draft_picks"].with_columns(pressures=pl.col("pick") * 2, agent=pl.lit("Agency"))
    files = folder_of(tmp_path, draft_picks=picks, combine=frames["combine"])
    loaded = copy.run(DQ, "etl", "run", "--from", str(files), "--replace", "--older")  # fewer players than the league that is loaded
    assert loaded.returncode == 0, loaded.stderr
    listed = copy.run(DQ, "picks", "list", "--fields", "pick,pressures,person_id", "--sort=-pressures", "--limit", "1", "--json")
    row = json.loads(listed.stdout)
    assert row["pressures"] == 2 * row["pick"]
    answers = copy.run(
        sys.executable, "-c", REQUEST,
        "/api/v1/draft-picks?fields=pressures&sort=-pressures&limit=1",
        f"/people/{row['person_id']}",
        "/api/v1/quality/completeness?dataset=draft_picks",
        "/api/v1/prospects?pressures_min=2&fields=agent&limit=1",
        "/scatter?x=wt&y=pressures",
        "/api/v1/draft-picks?format=csv&fields=pick,pressures",
    ).stdout.splitlines()  # fmt: skip
    api, card, completeness, prospects, scatter, csv_rows = answers
    assert json.loads(api)["items"] == [{"pressures": row["pressures"]}]
    assert "Pressures" in card
    assert "Agency" in card
    assert json.loads(prospects)["items"] == [{"agent": "Agency"}]
    assert "Pressures" in scatter
    assert '"agent"' not in scatter  # not a measure
    assert "pressures" in [item["field"] for item in json.loads(completeness)["items"]]
    assert csv_rows.startswith("pick,pressures ")
    exports = copy.folder / ".data" / "exports"
    [parquet] = exports.glob("draft_picks-v*.parquet")
    assert pl.read_parquet(parquet)["pressures"].to_list() == picks["pressures"].to_list()
    [csv] = exports.glob("draft_picks-v*.csv")
    assert "pressures" in csv.open().readline().strip().split(",")
    copy.is_green(
        "tests/unit/test_datasets.py",
        "tests/integration/api/test_derived_lists.py",
        "tests/unit/api/test_read_model_definitions.py",
        "tests/unit/sample/test_generate.py::test_same_rows_and_seed_give_the_same_league_everywhere",
    )


def test_a_data_set_takes_its_declaration_its_line_and_what_make_writes(copy: Recipe, tmp_path: Path, measured: Measured) -> None:
    (copy.folder / "app/datasets/standings.py").write_text(STANDINGS)
    copy.edit("app/datasets/__init__.py", "PICK_VALUES, TRADES)}", "PICK_VALUES, TRADES, STANDINGS)}")
    imported = "from app.datasets.trades import TRADES\n"
    copy.edit("app/datasets/__init__.py", imported, f"from app.datasets.standings import STANDINGS\n{imported}")
    migration = copy.migrate("add standings")
    copy.make("docs")
    touched = copy.touched()
    assert touched.keys() == {"app/datasets/standings.py", "app/datasets/__init__.py", "docs/data-dictionary.md", migration}
    measured(touched)

    standings = pl.DataFrame({"season": [2020, 2020, 2021], "team": ["KC", "BUF", "KC"], "wins": [14, 13, 12]})
    files = folder_of(tmp_path, standings=standings)
    loaded = copy.run(DQ, "etl", "run", "--from", str(files), "--dataset", "standings", "--json")
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads(loaded.stdout)["rows_inserted"] == 3
    again = copy.run(DQ, "etl", "run", "--from", str(files), "--dataset", "standings", "--json")
    assert json.loads(again.stdout)["state"] == "unchanged"
    listed = copy.run(DQ, "list", "standings", "--season", "2020", "--json")
    assert [json.loads(line)["team"] for line in listed.stdout.splitlines()] == ["BUF", "KC"]
    api, runs, exports = copy.run(
        sys.executable, "-c", REQUEST, "/api/v1/standings?wins_min=13&sort=-wins", "/api/v1/etl/runs?dataset=standings", "/api/v1/exports"
    ).stdout.splitlines()  # fmt: skip
    assert [item["wins"] for item in json.loads(api)["items"]] == [14, 13]
    assert json.loads(runs)["total"] == 2
    assert "standings" in {item["dataset"] for item in json.loads(exports)["items"]}
    copy.is_green("tests/unit/test_datasets.py", "tests/integration/api/test_derived_lists.py")
