"""Changes since a load or a day, and changes as they come: server-sent events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import polars as pl
import pytest

from pipeline.options import LoadOptions
from tests.conftest import CHECKOUT
from tests.integration.api.conftest import Api, serve
from tests.integration.cli.conftest import Dq
from tests.integration.history.conftest import Past, load, write
from tests.support.waiting import PATIENCE, free_port, until

EVENTS = {"accept": "text/event-stream"}
Event = dict[str, object]


@contextmanager
def listening(api: httpx.Client, url: str = "/api/v1/changes", **headers: str) -> Iterator[Iterator[Event]]:
    """A stream of events, as rows with their id."""
    with api.stream("GET", url, headers=EVENTS | headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "etag" not in response.headers
        yield events(response)


def events(response: httpx.Response) -> Iterator[Event]:
    data: Event = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name == "data":
            data = json.loads(value)
        elif name == "id":
            yield {**data, "id": value}
        elif name == "":
            yield {}  # a sign of life


def numbers(rows: list[Event]) -> list[int]:
    return [int(str(row["event_id"])) for row in rows]


def test_since_a_load_or_a_day(api: Api, past: Past) -> None:
    everything = api.items("changes", limit=1000, sort="event_id")
    second = past.runs[1]
    later = api.items("changes", limit=1000, sort="event_id", since=second)
    assert 0 < len(later) < len(everything)
    assert later == [row for row in everything if int(str(row["run_id"])) > second]
    today = datetime.now(UTC).date()
    assert api.items("changes", limit=1000, sort="event_id", since=today - timedelta(days=1)) == everything
    assert api.items("changes", since=today + timedelta(days=2)) == []
    for wrong in ("tomorrow", "0", "2026-02-30", "-1", "٣", "1e3"):
        refused = api.v1("changes", since=wrong)
        assert refused.status_code == 422, wrong
        assert "must be the number of a load or a day such as 2026-05-06" in refused.text


def test_a_field_that_no_data_set_has_is_refused(api: Api) -> None:
    for query, said in (
        ({"field": "gamse"}, "No data set has a field 'gamse'. Did you mean \"games\"? /api/v1/quality"),
        ({"field": "games", "dataset": "combine"}, "The combine results have no field 'games'. /api/v1/quality"),
        (
            {"field": "game", "dataset": "combine,draft_picks"},
            "These data sets have no field 'game'. Did you mean \"games\"? /api/v1/quality",
        ),
    ):
        refused = api.v1("changes", **query)
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["field"]) == (422, "field")
        assert error["message"].startswith(said)
    assert api.v1("changes", field="games", dataset="combine,draft_picks").status_code == 200


def test_events_have_the_rows_of_the_list_and_go_on_after_the_last_one(api: Api, past: Past) -> None:
    everything = api.items("changes", limit=1000, sort="event_id")
    with listening(api, "/api/v1/changes?since=1&fields=name,kind") as stream:
        found = [next(row for row in stream if row) for _ in everything]
    assert [(row["id"], row["name"], row["kind"]) for row in found] == [
        (str(row["event_id"]), row["name"], row["kind"]) for row in everything
    ]
    place = numbers(everything)[-3]
    with listening(api, f"/api/v1/changes?person_id={past.person_id}", **{"last-event-id": "0"}) as stream:
        ours = [row for row in everything if row["person_id"] == past.person_id]
        assert [{**next(row for row in stream if row)}["event_id"] for _ in ours] == numbers(ours)
    with listening(api, **{"last-event-id": str(place)}) as stream:
        assert [next(row for row in stream if row)["event_id"] for _ in range(2)] == numbers(everything)[-2:]


def test_what_makes_no_sense_of_events_is_refused(api: Api) -> None:
    for query in ("sort=name", "cursor=x", "limit=5", "format=csv"):
        refused = api.get(f"/api/v1/changes?{query}", headers=EVENTS)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, query.partition("=")[0])
    for text in ("x", "1_0", "9" * 5000, str(2**63)):
        assert "must be the id of an event" in api.get("/api/v1/changes", headers={**EVENTS, "last-event-id": text}).text
        assert api.get("/api/v1/draft-picks", params={"as_of": text}).status_code == 422
    assert api.get("/api/v1/combine", headers=EVENTS).status_code == 406
    assert api.head("/api/v1/changes", headers=EVENTS).headers["content-type"].startswith("text/event-stream")


def test_streams_of_events_are_limited_as_others_are(past: Past, tmp_path: Path) -> None:
    with serve(past.dsn, tmp_path, streams_per_minute=1) as api:
        with listening(api):
            pass
        assert api.get("/api/v1/changes", headers=EVENTS).status_code == 429


def test_the_command_lists_changes(dq: Dq, past: Past) -> None:
    found = dq("changes", "--since", str(past.runs[0]), "--dataset", "draft_picks", "--field", "games", "--json", dsn=past.dsn)
    assert [(row["season"], row["pick"]) for row in found.lines] == [(past.season, past.pick)]
    assert dq("changes", "--since", "yesterday").code == 2


def test_a_stream_ends_when_the_server_stops(past: Past, tmp_path: Path) -> None:
    port = free_port()
    changed = {"DATABASE_URL": past.dsn, "DATA_DIR": str(tmp_path), "ENVIRONMENT": "test", "PORT": str(port), "RELOAD": "0"}
    process = subprocess.Popen([sys.executable, "-m", "app.server"], cwd=CHECKOUT, env={**os.environ, **changed})
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:

            def responds() -> bool:
                with suppress(httpx.TransportError):
                    return client.get("/health").status_code == 200
                return False

            until(responds, lambda: "the server does not respond", step=0.1)
            with listening(client) as stream:
                assert next(stream) == {}
                process.send_signal(signal.SIGTERM)
                assert [row for row in stream if row] == [], "it would raise if the connection broke off"
        assert process.wait(PATIENCE) == -signal.SIGTERM
    finally:
        process.kill()
        process.wait()


def test_what_a_load_changes_comes_while_the_client_listens(api: Api, past: Past) -> None:
    before = numbers(api.items("changes", limit=1))
    picks = pl.read_parquet(past.folder / "2026-06-01" / "draft_picks_2026-06-01.parquet")
    is_target = (pl.col("season") == past.season) & (pl.col("pick") == past.pick)
    changed = picks.with_columns(allpro=pl.when(is_target).then(9).otherwise("allpro"))
    folder = write(past.folder / "2026-07-01", {"draft_picks": changed}, "2026-07-01")
    with listening(api) as stream:
        assert next(stream) == {}
        options = LoadOptions(dsn=past.dsn, exports_dir=past.exports, source="files", directory=folder, datasets=("draft_picks",))
        load(options)
        row = next(row for row in stream if row)
    assert (row["field"], row["new_value"], row["season"], row["pick"]) == ("allpro", "9", past.season, past.pick)
    assert numbers([row]) > before


@pytest.mark.parametrize("accept", ["text/event-stream, application/json", "*/*"])
def test_json_is_preferred_to_events(api: Api, accept: str) -> None:
    assert api.get("/api/v1/changes", headers={"accept": accept}).headers["content-type"] == "application/json"
