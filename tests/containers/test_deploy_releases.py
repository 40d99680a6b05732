"""What browsers and API clients hold of one release is not good for another: they see a deploy and a rollback at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.containers.production import Answer, Production

#: Everything that a client may hold: a page, a list, static files as nginx stores them, and an export, whose bytes stay the same.
PAGE, LIST, EXPORT = "/classes/{season}", "/api/v1/draft-picks?limit=2", "/api/v1/exports/combine.csv"
STATIC = "/static/css/app.css"
PACKED = f"{STATIC} (gzip)"
#: In another release: a template, a field of the lists, and a static file of the same size.
EDITS = {
    "app/web/templates/pages/class.html": ("<h1>Class of ", "<h1>Draft class of "),
    "app/listing/query.py": ("    dataset_version: str\n", "    data_version: str\n"),
    "app/web/static/css/app.css": ("#faf8f2", "#faf8f3"),
}


def edit(folder: Path) -> None:
    """Make another release of the checkout. In the images all files have one time, whatever they have here."""
    for name, (old, new) in EDITS.items():
        path = folder / name
        text = path.read_text()
        assert text.count(old) == 1, name
        path.write_text(text.replace(old, new))


def ask(production: Production, held: Mapping[str, str] | None = None) -> dict[str, Answer]:
    """Ask for everything, with the tags of an earlier release."""
    season = production.sql("select max(season) from draft_pick")
    answers = {}
    for name in (PAGE, LIST, EXPORT, STATIC, PACKED):
        headers = {"Accept-Encoding": "gzip" if name == PACKED else "identity"}
        if held is not None:
            headers["If-None-Match"] = held[name]
        answers[name] = production.ask(name.removesuffix(" (gzip)").format(season=season), headers)
    return answers


def tags(answers: Mapping[str, Answer]) -> dict[str, str]:
    return {name: answer.headers["etag"] for name, answer in answers.items()}


def contents(answers: Mapping[str, Answer]) -> dict[str, bool]:
    """Whether each of them is the edited one."""
    page, listed, style = (answers[name].body.decode() for name in (PAGE, LIST, STATIC))
    return {
        PAGE: "<h1>Draft class of " in page and "<h1>Class of " not in page,
        LIST: '"data_version":' in listed and '"dataset_version":' not in listed,
        STATIC: "#faf8f3" in style and "#faf8f2" not in style,
    }


def assert_release(production: Production, answers: Mapping[str, Answer], name: str) -> None:
    """All of them are sent in full by this release, which also readiness and ``dq version`` name."""
    release = production.release(name)
    assert {path: answer.status for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert {path: answer.headers["x-release"] for path, answer in answers.items()} == dict.fromkeys(answers, release)
    readiness = production.ask("/health/ready")
    assert readiness.document["release"] == readiness.headers["x-release"] == release
    for service in ("api", "pipeline"):
        assert json.loads(production.execute(service, "dq", "version", "--json").stdout)["release"] == release


@pytest.fixture(scope="module")
def responses(deployed: Production) -> dict[str, dict[str, Answer]]:
    """What release `a` answers, then `b` and after a rollback `a` again, each asked with the tags of the one before."""
    first = ask(deployed)
    assert_release(deployed, first, "a")
    assert {name: answer.status for name, answer in ask(deployed, tags(first)).items()} == dict.fromkeys(first, 304)
    edit(deployed.folder)
    deployed.make("deploy", f"RELEASE={deployed.release('b')}", timeout=900)
    second = ask(deployed, tags(first))
    assert_release(deployed, second, "b")
    deployed.make("rollback", timeout=300)
    third = ask(deployed, tags(second))
    assert_release(deployed, third, "a")
    return {"a": first, "b": second, "a again": third}


def test_a_deploy_and_a_rollback_are_seen_at_once(responses: Mapping[str, Mapping[str, Answer]]) -> None:
    edited = {name: set(contents(answers).values()) for name, answers in responses.items()}
    assert edited == {"a": {False}, "b": {True}, "a again": {False}}


@pytest.mark.parametrize("name", [PAGE, LIST, EXPORT, STATIC, PACKED])
def test_each_release_has_tags_of_its_own(responses: Mapping[str, Mapping[str, Answer]], name: str) -> None:
    found = {release: answers[name].headers["etag"] for release, answers in responses.items()}
    assert found["a"] == found["a again"] != found["b"]


def test_nginx_names_its_release_in_its_own_errors(deployed: Production, responses: Mapping[str, Mapping[str, Answer]]) -> None:
    assert responses
    assert deployed.ask("/static/nothing.css").headers["x-release"] == deployed.release("a")


def test_a_front_end_on_another_origin_may_read_the_api_when_it_is_named(
    deployed: Production, responses: Mapping[str, Mapping[str, Answer]]
) -> None:
    assert responses
    asked = {"Origin": "https://front.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    assert deployed.ask(LIST, asked, method="OPTIONS").status == 405
    deployed.make("deploy", f"RELEASE={deployed.release('a')}", ALLOWED_ORIGINS="https://front.example", timeout=300)
    preflight = deployed.ask(LIST, asked, method="OPTIONS")
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, "https://front.example")
    for origin, allowed in (("https://front.example", "https://front.example"), ("https://other.example", None)):
        for _ in range(4):  # both replicas, with and without a cached response
            answer = deployed.ask(LIST, {"Origin": origin})
            assert answer.status == 200
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert "Origin" in answer.headers["vary"]
