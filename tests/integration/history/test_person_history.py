"""Every value of a person with the loads between which it was served, and where it comes from."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from pipeline import decisions
from tests.conftest import run_apart
from tests.integration.api.conftest import Api

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Dq
    from tests.integration.history.conftest import Past


def values(history: dict[str, Any], dataset: str, field: str) -> list[tuple[object, int, int | None]]:
    """The values of a field of the person's only record of a data set."""
    [record] = [each for each in history["records"] if each["dataset"] == dataset]
    [found] = [each["values"] for each in record["fields"] if each["field"] == field]
    return [(each["value"], each["from_run"], each["until_run"]) for each in found]


def test_a_value_that_changed_has_both_with_their_loads(api: Api, past: Past) -> None:
    history = api.v1(f"people/{past.person_id}/history", dataset="draft-picks").json()
    first, second, third = (run - 1 for run in past.runs)
    (games, *start), (more, *end) = values(history, "draft_picks", "games")
    assert (more, start, end) == (int(str(games or 0)) + 17, [first, second], [second, None])
    assert [each[1:] for each in values(history, "draft_picks", "age")] == [(first, second), (second, None)]
    assert values(history, "draft_picks", "age")[1][0] is None
    # the pick is another person's since the third load; a value that stayed is one value
    assert [each[1:] for each in values(history, "draft_picks", "person_id")] == [(first, third), (third, None)]
    assert len(values(history, "draft_picks", "round")) == 1
    [record] = api.v1(f"people/{past.person_id}/history", dataset="draft_picks", field="games,round", changed="true").json()["records"]
    assert [each["field"] for each in record["fields"]] == ["games"]
    times = record["fields"][0]["values"]
    assert times[0]["from_time"] < times[0]["until_time"] == times[1]["from_time"]


def test_the_card_shows_what_loads_have_changed_and_nothing_else(api: Api, past: Past) -> None:
    [pick] = api.items("draft-picks", season=past.season, pick=past.pick)
    [(before, _, _), (after, run, _)] = values(api.v1(f"people/{pick['person_id']}/history").json(), "draft_picks", "games")
    page = api.get(f"/people/{pick['person_id']}").text
    [shown] = re.findall(r"<dt>Games, <.*?</dd>", page, re.DOTALL)
    assert f"draft picks {past.season}/{past.pick}" in shown
    was = "no value" if before is None else before
    assert re.search(rf"<span>{was}, then {after} \(load {run}, \d+ \w+ \d{{4}}\)</span>", shown), shown
    assert "<dt>Round, <" not in page
    [unchanged] = api.items("draft-picks", season=past.season, pick=1)
    assert "History of the values" not in api.get(f"/people/{unchanged['person_id']}").text


def test_the_person_who_has_the_pick_now_sees_what_it_was_before(api: Api, past: Past) -> None:
    [pick] = api.items("draft-picks", season=past.season, pick=past.pick)
    assert pick["person_id"] != past.person_id
    history = api.v1(f"people/{pick['person_id']}/history", field="person_id,pfr_player_name").json()
    assert [each[0] for each in values(history, "draft_picks", "person_id")] == [past.person_id, pick["person_id"]]
    assert values(history, "draft_picks", "pfr_player_name")[1][0] == "Another Player" == history["name"]


def test_provenance_names_the_load_and_the_file_of_each_value(api: Api, past: Past) -> None:
    [pick] = api.items("draft-picks", season=past.season, pick=past.pick)
    found = api.v1(f"people/{pick['person_id']}/provenance").json()
    [record] = found["records"]
    origin = {field: each["run_id"] for each in record["origins"] for field in each["fields"]}
    first, second, third = (run - 1 for run in past.runs)
    assert (origin["round"], origin["games"], origin["pfr_player_id"]) == (first, second, third)
    assert "age" not in origin, "there is none"
    loads = {load["run_id"]: load for load in found["loads"]}
    assert sorted(loads) == [first, second, third]
    assert loads[second]["published_at"] == "2026-05-01T00:00:00Z"
    assert loads[second]["location"].endswith("draft_picks_2026-05-01.parquet")
    assert (loads[second]["source"], loads[second]["licence"]) == ("nflverse, Pro-Football-Reference", "CC-BY-4.0")


def test_what_is_not_there_is_said(api: Api) -> None:
    for path in ("history", "provenance"):
        missing = api.v1(f"people/99999999/{path}")
        assert (missing.status_code, missing.json()["detail"]) == (404, "No person has the ID 99999999.")
        wrong = api.v1(f"people/1/{path}", field="gmaes")
        assert wrong.status_code == 422
        assert "No data set of people has a field 'gmaes'. Did you mean" in wrong.text
        other = api.v1(f"people/1/{path}", dataset="pick-values")
        assert other.status_code == 422
        assert other.json()["errors"][0]["message"] == "must be one of draft_picks, combine, players, trades"


def test_a_decision_about_who_is_who_holds_for_the_past_too(api: Api, past: Past) -> None:
    first = past.runs[0]
    changed = {row["person_id"] for row in api.items("changes", dataset="combine", field="wt")}
    [visitor] = [row for row in api.items("combine", limit=1000, as_of=first) if row["person_id"] in changed]
    entries = {row["person_id"] for row in api.items("combine", limit=1000)}
    taken = {row["season"] for row in api.items("draft-picks", limit=1000, person_id=visitor["person_id"])}
    picks = api.items("draft-picks", limit=1000, sort="season", as_of=first)
    pick = next(row for row in picks if row["person_id"] not in entries and row["season"] not in taken)
    other = int(str(pick["person_id"]))

    async def merge() -> None:
        async with decisions.deciding(past.dsn, past.exports) as connection:
            await decisions.merge(connection, other, int(str(visitor["person_id"])), decisions.Act("a test", "ana"))

    run_apart(lambda: asyncio.run(merge()))
    # another URL: nothing of before the decision is cached under it
    [then] = [row for row in api.items("combine", limit=999, as_of=first) if row["name"] == visitor["name"]]
    drafting = {name: pick[name] for name in ("franchise", "nflverse_team")} if visitor["franchise"] is None else {}
    assert then == {**visitor, **drafting, "person_id": other}
    weights = values(api.v1(f"people/{other}/history").json(), "combine", "wt")
    assert api.v1(f"people/{visitor['person_id']}/history").json()["person_id"] == other, "a former id"
    for suffix in ("?earlier_only=true&season_min=1999", "/card.svg?earlier_only=true&theme=dark"):
        page = api.get(f"/people/{visitor['person_id']}{suffix}", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (307, f"/people/{other}{suffix}")
    assert [value for value, _, _ in weights] == [visitor["wt"], int(str(visitor["wt"])) + 1]


def test_the_command_shows_the_same(dq: Dq, past: Past) -> None:
    told = dq("person", "history", str(past.person_id), "--changed", "--field", "games", dsn=past.dsn)
    assert told.code == 0, told.err
    assert len([line for line in told.out.splitlines() if f"{past.season}/{past.pick}" in line]) == 2
    assert dq("person", "history", str(past.person_id), "--json").value()["person_id"] == past.person_id
    assert dq("person", "history", "1", "--field", "gmaes").code == 2
    entries = dq("person", "provenance", "1")
    assert (entries.code, "draft_picks_2026-04-01.parquet" in entries.out) == (0, True)
