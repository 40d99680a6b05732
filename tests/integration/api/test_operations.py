"""Health, metrics, the access log's request id, security headers and the offline documentation page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.datasets import EXPECTED
from tests.integration.api.conftest import Api, serve


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_alive(league_api: Api, path: str) -> None:
    response = league_api.get(path)
    assert (response.status_code, response.text) == (200, '{"status":"ok"}')
    assert response.headers["cache-control"] == "no-store"


def test_ready(league_api: Api) -> None:
    response = league_api.get("/health/ready")
    assert response.status_code == 200, response.text
    assert {name: check["ok"] for name, check in response.json()["checks"].items()} == {"database": True, "schema": True, "cache": True}


def test_backups_are_nobodys_business_where_none_are_expected(league_api: Api) -> None:
    assert "backup" not in league_api.get("/health/ready").json()["checks"]
    assert "dq_backup" not in league_api.get("/metrics").text


def test_a_cache_that_is_away_is_a_detail(database: str, tmp_path: Path) -> None:
    with serve(database, tmp_path, redis_url="redis://127.0.0.1:1/0") as api:
        response = api.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    cache = response.json()["checks"]["cache"]
    assert not cache["ok"]
    assert cache["detail"].startswith("degraded")


def test_metrics_count_requests_by_route(league_api: Api) -> None:
    def count(text: str, start: str) -> float:
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(start))

    route = 'dq_http_requests_total{method="GET",route="/api/v1/people/{person_id}",status="404"}'
    before = count(league_api.get("/metrics").text, route)
    for person_id in (2_000_000_001, 2_000_000_002):
        league_api.get(f"/api/v1/people/{person_id}")
    text = league_api.get("/metrics").text
    assert count(text, route) == before + 2
    assert "2000000001" not in text
    assert count(text, 'dq_http_request_duration_seconds_count{route="/api/v1/people/{person_id}"}') >= before + 2
    assert sum(count(text, f'dq_dataset_rows{{dataset="{name}"}}') for name in EXPECTED) == 3000
    assert count(text, 'dq_dataset_version{dataset="combine"}') >= 1
    assert "dq_database_pool_connections" in text
    assert count(text, "process_resident_memory_bytes") > 0


def test_static_files_are_one_route(league_api: Api) -> None:
    for path in ("/static/css/app.css", "/static/nothing.css"):
        assert league_api.get(path).status_code == league_api.head(path).status_code
    text = league_api.get("/metrics").text
    for method in ("GET", "HEAD"):
        assert f'dq_http_requests_total{{method="{method}",route="/static/{{path:path}}",status="200"}}' in text
    assert "app.css" not in text


def test_addresses_of_strangers_do_not_grow_the_metrics(league_api: Api) -> None:
    for number in range(5):
        league_api.get(f"/wp-admin/{number}")
    league_api.request("BREW", "/health")
    text = league_api.get("/metrics").text
    assert "wp-admin" not in text
    assert "BREW" not in text


def test_a_request_id_is_taken_over_when_it_is_harmless(league_api: Api) -> None:
    assert league_api.get("/health", headers={"x-request-id": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    for hostile in ("a b", "x" * 65, "<script>", "a;b"):
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", league_api.get("/health", headers={"x-request-id": hostile}).headers["x-request-id"])


@pytest.mark.parametrize("path", ["/", "/docs", "/classes/2020", "/nothing"])
def test_pages_have_every_security_header_once(league_api: Api, path: str) -> None:
    headers = league_api.get(path, headers={"accept": "text/html"}).headers
    for name in ("x-content-type-options", "referrer-policy", "content-security-policy", "cross-origin-opener-policy"):
        assert len(headers.get_list(name)) == 1, name
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/api/v1/draft-picks", "/api/v1/people/0", "/metrics", "/health", "/docs/static/swagger-ui.css", "/nothing"]
)
def test_data_stay_data(league_api: Api, path: str) -> None:
    for _ in range(2):
        assert league_api.get(path).headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/static/css/app.css", "/docs/static/swagger-ui.css", "/favicon.ico"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_range_of_a_static_file_is_the_whole_file(league_api: Api, path: str, method: str) -> None:
    whole = league_api.get(path)
    for headers in ({"range": "bytes=0-3", "if-range": '"x"'}, {"range": "bytes=0-3"}, {"range": "lines=0-3"}, {"range": "bytes=5-2"}):
        response = league_api.request(method, path, headers=headers)
        assert (response.status_code, response.headers["accept-ranges"]) == (200, "none"), headers
        assert response.content == (whole.content if method == "GET" else b"")


def test_the_documentation_needs_nobody_else(league_api: Api) -> None:
    page = league_api.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    for address in addresses:
        if not address.startswith("data:"):
            assert address.startswith("/"), address
            assert league_api.get(address).status_code == 200, address
    assert not re.search(r"<script(?![^>]*src=)", page), "the policy allows no script inside the page"
    assert league_api.get("/openapi.json").json()["openapi"].startswith("3.")


def test_a_slash_too_many_leads_to_the_same_site(league_api: Api) -> None:
    """Whatever the client calls it: behind a proxy scheme and port are others than here."""
    answer = league_api.get("/api/v1/draft-picks/?season=2020&q=%C3%A9%26", headers={"host": "elsewhere.example"})
    assert answer.status_code == 307
    assert answer.headers["location"] == "/api/v1/draft-picks?season=2020&q=%C3%A9%26"
