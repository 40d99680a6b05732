"""What people ask about the draft: each question is one request or one command, and its answer is compared with the real files.

Those that no source answers are in docs/questions.md.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shlex
import threading
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, StringIO, TextIOWrapper
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import polars as pl
import pytest

from app.settings import CHECKOUT, get_settings
from cli.main import main
from tests.conftest import run_apart
from tests.integration.api.questions.analysts import ANALYST, SCOUT
from tests.integration.api.questions.fans import DYNASTY, JOURNALIST
from tests.integration.api.questions.model import Answer, AtLeast, Question, Raw
from tests.integration.cli.conftest import dq, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.conftest import Server
    from tests.integration.api.conftest import Api
    from tests.integration.cli.conftest import Dq

__all__ = ["dq", "environment"]  # fixtures
c = pl.col
pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def raw(real_data: Path) -> Raw:
    return Raw(real_data)


@pytest.mark.parametrize("question", [*ANALYST, *SCOUT, *DYNASTY, *JOURNALIST], ids=lambda question: f"{question.number}: {question.words}")
def test_of_people(real_api: Api, real_dsn: str, dq: Dq, raw: Raw, question: Question) -> None:
    if question.asked.startswith("dq "):
        done = dq(*shlex.split(question.asked)[1:], dsn=real_dsn)
        assert done.code == 0, done.err
        answer = Answer(done.out.encode())
    else:
        response = real_api.get(f"/api/v1/{question.asked}")
        assert response.status_code == 200, response.text
        answer = Answer(response.content)
    expected = question.expected(raw) if callable(question.expected) else question.expected
    found = question.found(answer)
    if isinstance(expected, AtLeast):
        assert expected.rows
        assert expected.rows <= found
    else:
        assert found == expected


def test_j11_a_card_for_an_article(real_api: Api) -> None:
    """An image of the player card, by the id that every list has."""
    [metcalf] = real_api.items("combine", name="D.K. Metcalf")
    card = real_api.get(f"/people/{metcalf['person_id']}/card.svg")
    assert card.headers["content-type"].startswith("image/svg+xml")
    assert "D.K. Metcalf" in card.text
    assert "9.21" in card.text or "9.208" in card.text


# --- docs/questions.md -------------------------------------------------------------------------------------------------------

GUIDE = (CHECKOUT / "docs" / "questions.md").read_text(encoding="utf-8")
#: Numbers of people, which depend on the order of loads.
PERSON_ID = re.compile(r"\d{5}")


def test_the_ten_answers_of_the_guide(real_api: Api, real_dsn: str, dq: Dq) -> None:
    blocks = re.findall(r"```(sh|python)\n(.*?)```\n\n```text\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert len(blocks) == 10
    names: dict[str, Any] = {}
    for language, code, expected in blocks:
        local = code.replace("http://127.0.0.1:8000", str(real_api.base_url).rstrip("/"))
        if language == "python":
            printed = StringIO()
            with redirect_stdout(printed):
                exec(compile(local, "docs/questions.md", "exec"), names)  # noqa: S102 - the project's own page
            text = printed.getvalue()
        else:
            program, *arguments = shlex.split(local)
            text = dq(*arguments, dsn=real_dsn).out if program == "dq" else real_api.get(arguments[-1]).text
        assert PERSON_ID.sub("ID", "\n".join(line.rstrip() for line in text.splitlines())) == PERSON_ID.sub("ID", expected.rstrip("\n"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("S4", "arm length"),
        ("S6", "pro-day"),
        ("D8", "fantasy points"),
        ("D11", "dominator rating, breakout age"),
        ("J14", "next year's order"),
        ("D12", "Sleeper"),
        ("J10", "state of a college"),
    ],
)
def test_the_guide_says_where_to_look_for_what_no_source_has(number: str, words: str) -> None:
    [row] = [line for line in GUIDE.splitlines() if line.startswith("|") and words in line.split("|")[1]]
    assert row.split("|")[2].strip(), number


# --- data engineers ----------------------------------------------------------------------------------------------------------


class Loads(NamedTuple):
    """A database with a release of 2022, gzipped, and then today's; what the commands printed that loaded them."""

    dsn: str
    older: dict[str, Any]
    tried: dict[str, Any]
    newer: dict[str, Any]


PUBLISHED = datetime(2026, 5, 6, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def loads(server: Server, migrated: str, raw: Raw, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loads]:
    """Joe Burrow has played 8 games fewer in the older release; the newer one is on a web server."""
    older, web = tmp_path_factory.mktemp("2022"), tmp_path_factory.mktemp("web")
    burrow = (c("season") == 2020) & (c("pick") == 1)
    games = pl.when(burrow).then(c("games") - 8).otherwise("games").alias("games")
    text = raw.picks.filter(c("season") <= 2022).with_columns(games).write_csv()
    (older / "draft_picks.csv.gz").write_bytes(gzip.compress(text.encode(), compresslevel=1))
    newer = web / "draft_picks" / "draft_picks.parquet"
    newer.parent.mkdir()
    raw.picks.write_parquet(newer)
    os.utime(newer, (PUBLISHED.timestamp(), PUBLISHED.timestamp()))
    with server.new(migrated) as dsn, serving_files(web) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in {"DATABASE_URL": dsn, "DATA_DIR": str(older / "data"), "ENVIRONMENT": "test", "SOURCE_BASE_URL": url}.items():
            patch.setenv(name, value)
        yield Loads(dsn, load("--from", str(older)), load("--from", str(newer.parent), "--dry-run"), load())


@contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()


def load(*options: str) -> dict[str, Any]:
    """Run ``dq etl run`` in this process."""
    get_settings.cache_clear()
    printed = BytesIO()
    with redirect_stdout(TextIOWrapper(printed, encoding="utf-8", write_through=True)), pytest.raises(SystemExit) as ended:
        main(["etl", "run", "--dataset", "draft_picks", "--json", *options])
    assert not ended.value.code
    report: dict[str, Any] = json.loads(printed.getvalue())
    return report


def test_e1_nightly_parquet_is_sent_once(real_api: Api, raw: Raw) -> None:
    """A second request with the ETag of the first brings nothing."""
    first = real_api.get("/api/v1/exports/draft_picks.parquet")
    columns = ["season", "pick", "w_av"]
    assert pl.read_parquet(BytesIO(first.content)).select(columns).sort(columns).rows() == raw.picks.select(columns).sort(columns).rows()
    assert real_api.get("/api/v1/exports/draft_picks.parquet", headers={"if-none-match": first.headers["etag"]}).status_code == 304


def test_e2_changes_since_a_load(dq: Dq, loads: Loads, raw: Raw) -> None:
    [change] = dq("changes", "--since", "1", "--kind", "changed", "--json", dsn=loads.dsn).lines
    games = int(raw.picks.filter(season=2020, pick=1)["games"].item())
    assert [change[name] for name in ("run_id", "name", "field", "old_value", "new_value")] == [
        *(loads.newer["run_id"], "Joe Burrow", "games"),
        *(str(games - 8), str(games)),
    ]


def test_e3_every_id_of_everyone_as_a_file(real_api: Api, raw: Raw) -> None:
    ids = pl.read_parquet(BytesIO(real_api.get("/api/v1/exports/person-ids.parquet").content))
    assert ids["person_id"].is_unique().all()
    [burrow] = ids.filter(pfr_id="BurrJo01").select("gsis_id", "cfb_id").rows()
    assert burrow == ("00-0036442", "joe-burrow-1")
    known = set(ids["gsis_id"].drop_nulls().str.split(";").explode())
    assert known >= set(raw.players.filter(c("gsis_id").str.starts_with("00-"))["gsis_id"])


def test_e4_a_schema_for_machines(real_api: Api) -> None:
    schemas = real_api.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["DraftPickItem"]["properties"]["w_av"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]


def test_e5_codes_that_join_with_nflverse(real_api: Api) -> None:
    [goff] = real_api.items("draft-picks", franchise="LA", season=2016, round=1)
    assert (goff["name"], goff["franchise"], goff["nflverse_team"]) == ("Jared Goff", "LAR", "LA")


def test_e6_a_release_of_2022_is_loaded(loads: Loads, raw: Raw) -> None:
    assert (loads.older["state"], loads.older["rows_inserted"]) == ("loaded", raw.picks.filter(c("season") <= 2022).height)


def test_e7_from_a_gzipped_file(loads: Loads) -> None:
    assert loads.older["location"].endswith("draft_picks.csv.gz")


def test_e8_and_j12_the_data_as_they_were(dq: Dq, loads: Loads, raw: Raw) -> None:
    """Of a load, or of a day such as 1 January; before the first load nothing is known, and the message says so."""
    then = dq("picks", "list", "--as-of", "1", "--season", "2020", "--pick", "1", "--json", "--fields", "games", dsn=loads.dsn)
    assert then.lines == [{"games": raw.picks.filter(season=2020, pick=1)["games"].item() - 8}]
    today = datetime.now(UTC).date()
    assert len(dq("picks", "list", "--hof", "--as-of", str(today), "--all", "--json").lines) == 102
    before = dq("picks", "list", "--hof", "--as-of", "2020-01-01")
    assert (before.code, "known as of load 1 of" in before.err) == (2, True)


def test_e9_a_load_is_announced(loads: Loads, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    """As server-sent events; WEBHOOK_URL sends a request instead."""
    with (
        serving(loads.dsn) as api,
        api.stream("GET", "/api/v1/changes?since=1&kind=changed", headers={"accept": "text/event-stream"}) as events,
    ):
        line = next(line for line in events.iter_lines() if line.startswith("data: "))
    assert json.loads(line.removeprefix("data: "))["name"] == "Joe Burrow"


def test_e10_sql(real_dsn: str, raw: Raw) -> None:
    """``make psql`` opens a shell for it."""

    async def fetch() -> object:
        connection = await asyncpg.connect(real_dsn)
        try:
            return await connection.fetchval(
                "select count(*) from draft_pick join franchise using (franchise_id) where hof and code = 'CHI'"
            )
        finally:
            await connection.close()

    assert run_apart(lambda: asyncio.run(fetch())) == raw.picks.filter(c("hof"), team="CHI").height


def test_e11_what_a_load_noticed(dq: Dq, real_dsn: str) -> None:
    shown = dq("etl", "show", "2", "--json", dsn=real_dsn).value()
    assert {each["rule"]: each["number"] for each in shown["issue_counts"]}["outlier_forty"] == 30  # type: ignore[attr-defined]


def test_e12_a_conflict_is_settled_for_good(dq: Dq, real: str) -> None:
    settled = dq("identity", "resolve", "1", "--different", "--reason", "two people", "--by", "a scout", "--json", dsn=real)
    assert settled.code == 0, settled.err
    assert dq("identity", "conflicts", "--state", "different_people", "--json").lines[0]["conflict_id"] == 1


def test_e14_a_file_is_tried_without_a_load(loads: Loads, raw: Raw) -> None:
    assert loads.tried["rows_inserted"] == raw.picks.filter(c("season") > 2022).height
    assert loads.tried["rows_updated"] == 1


def test_e15_when_upstream_published(dq: Dq, loads: Loads) -> None:
    [run] = dq("etl", "runs", "--limit", "1", "--json", "--fields", "published_at", dsn=loads.dsn).lines
    assert datetime.fromisoformat(str(run["published_at"])) == PUBLISHED


def test_a10_what_the_last_load_changed(dq: Dq, loads: Loads, raw: Raw) -> None:
    rows = dq("changes", "--since", str(datetime.now(UTC).date()), "--all", "--json", "--fields", "kind,run_id", dsn=loads.dsn).lines
    assert {row["run_id"] for row in rows} == {loads.newer["run_id"]}
    assert sum(row["kind"] == "added" for row in rows) == raw.picks.filter(c("season") > 2022).height


def test_e13_a_load_is_taken_back(dq: Dq, loads: Loads) -> None:
    """The last test with these loads."""
    undone = dq("etl", "rollback", str(loads.newer["run_id"]), "--yes", "--json", dsn=loads.dsn)
    assert undone.code == 0, undone.err
    assert dq("picks", "list", "--season-min", "2023", "--json").lines == []
