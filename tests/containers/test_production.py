"""Production, started from nothing by two commands: what it answers, and how."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.containers.production import COMPOSE, PICKS, SERVICES, Production, exchange, faults
from tests.containers.stack import run, wait_until


def page_link(production: Production, name: str) -> str:
    """The address under which a page links to a static file."""
    found = re.search(rf'"(/static/{re.escape(name)}\?v=[0-9a-f]+)"', production.ask("/").body.decode())
    assert found is not None
    return found[1]


# --- the start -------------------------------------------------------------------------------------------------------------------


def test_everything_is_healthy_after_one_command(production: Production, measured: Callable[[str, str], None]) -> None:
    seconds = production.up_seconds
    measured("production: from nothing to healthy behind TLS, images built: seconds (at most 40)", f"{seconds:.1f}")
    states = [json.loads(line) for line in production.compose("ps", "--format", "json").stdout.splitlines()]
    started = Counter(state["Service"] for state in states)
    assert started == {name: int(COMPOSE[name]["deploy"].get("replicas", 1)) for name in SERVICES}
    assert {state["Health"] for state in states} == {"healthy"}
    assert production.details("migrate")[0]["State"]["ExitCode"] == 0
    assert production.ask("/health/ready").status == 200


def test_the_api_answers_with_the_pipelines_data(production: Production) -> None:
    answer = production.ask(PICKS)
    assert answer.status == 200
    assert answer.document["total"] > 10_000
    assert production.ask("/").headers["content-type"].startswith("text/html")


def test_exports_of_the_pipeline_are_offered_by_the_api(production: Production) -> None:
    answer = production.ask("/api/v1/exports/draft_picks.csv")
    assert answer.status == 200
    assert answer.body.count(b"\n") > 10_000


def test_readiness_through_the_proxy_is_quick(production: Production, measured: Callable[[str, str], None]) -> None:
    connection, times = production.connect(), []
    for _ in range(40):
        started = time.perf_counter()
        assert exchange(connection, "/health/ready").status == 200
        times.append(time.perf_counter() - started)
        time.sleep(0.025)
    connection.close()
    measured("production: readiness through the proxy, p50: ms (at most 50)", f"{sorted(times)[20] * 1000:.1f}")


def test_a_second_up_changes_nothing(production: Production) -> None:
    before = {service: production.identities(service) for service in SERVICES}
    production.compose("up", "--detach", "--wait", timeout=180)
    assert {service: production.identities(service) for service in SERVICES} == before


# --- the way in ------------------------------------------------------------------------------------------------------------------


def test_plain_http_is_sent_to_tls(production: Production) -> None:
    for method in ("GET", "POST"):
        answer = production.ask_plainly("/classes/2024?x=1", method)
        assert answer.status == 308
        assert answer.headers["location"] == f"https://127.0.0.1:{production.https_port}/classes/2024?x=1"


def test_tls_is_current_and_the_certificate_is_for_this_name(production: Production) -> None:
    context = ssl.create_default_context(cafile=str(production.folder / "secrets" / "tls_certificate"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", production.https_port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        assert tls.version() == "TLSv1.3"
        assert tls.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize(("version", "accepted"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)])
def test_old_tls_is_refused(production: Production, version: ssl.TLSVersion, accepted: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", production.https_port), timeout=60) as plain:
        try:
            with context.wrap_socket(plain):
                assert accepted
        except ssl.SSLError:
            assert not accepted


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_requests_are_answered_by_http_2(production: Production) -> None:
    certificate = str(production.folder / "secrets" / "tls_certificate")
    command = [
        "curl",
        "--silent",
        "--http2",
        "--cacert",
        certificate,
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_version} %{http_code}",
    ]
    assert run([*command, f"https://localhost:{production.https_port}{PICKS}"]).stdout == "2 200"


@pytest.mark.parametrize(
    "path", ["/", "/classes", PICKS, "/nothing", "/api/v1/nothing", "/docs", "/health", "/static/nothing.css", "/metrics"]
)
def test_headers_get_the_best_grade(production: Production, path: str) -> None:
    answer = production.ask(path)
    assert faults(answer) == []
    assert not [name for name, value in answer.headers.items() if name.startswith("x-") and ", " in value], "a header came twice"


def test_a_redirect_of_the_api_stays_with_the_address_of_the_client(production: Production) -> None:
    """Asked for with a slash too many, it answers with an address that begins with its own name and no TLS."""
    answer = production.ask("/classes/")
    assert (answer.status, answer.headers["location"]) == (307, "/classes")


def test_metrics_are_not_shown_outside(production: Production) -> None:
    assert production.ask("/metrics").status == 404
    assert "dq_dataset" in production.execute("api", "bash", "-c", GET % "/metrics").stdout


#: A request without a client: images for running have none.
GET = r"exec 3<>/dev/tcp/127.0.0.1/8000; printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3; cat <&3"


# --- static files ----------------------------------------------------------------------------------------------------------------


def test_a_file_with_its_fingerprint_is_kept_for_ever_and_comes_compressed(production: Production) -> None:
    link = page_link(production, "css/app.css")
    plain, packed = production.ask(link), production.ask(link, {"Accept-Encoding": "gzip"})
    assert plain.headers["cache-control"] == packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert "content-length" in packed.headers  # compressed when the image was built, not now
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert not production.lines("api", path="/static/css/app.css")  # the proxy's own


def test_a_file_with_another_fingerprint_or_none_is_asked_for_again(production: Production) -> None:
    for path in ("/static/css/app.css?v=000000000000", "/static/css/app.css"):
        answer = production.ask(path)
        assert answer.headers["cache-control"] == "no-cache"
        assert production.ask(path, {"If-None-Match": answer.headers["etag"]}).status == 304
    missing = production.ask("/static/css/none.css?v=000000000000")
    assert missing.status == 404
    assert missing.headers["cache-control"] == "no-store"


def test_answers_are_compressed_and_their_tags_still_hold(production: Production) -> None:
    path = "/api/v1/draft-picks?limit=50"
    answer = production.ask(path, {"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.body))["items"]) == 50
    assert production.ask(path, {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]}).status == 304


# --- logs ------------------------------------------------------------------------------------------------------------------------


def test_a_request_has_one_id_in_both_logs_and_in_the_answer(production: Production) -> None:
    answer = production.ask("/health", {"X-Request-Id": "the-clients-own.1"})
    assert answer.headers["x-request-id"] == "the-clients-own.1"
    made = production.ask("/health", {"X-Request-Id": 'bad"id\\'})
    identity = made.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", identity)
    for each in ("the-clients-own.1", identity):
        for service in ("api", "proxy"):
            written = lambda service=service, each=each: bool(production.lines(service, request_id=each))  # noqa: E731
            wait_until(written, 60, f"the line of {service}")
        (line,) = production.lines("proxy", request_id=each)
        assert (line["method"], line["path"], line["status"], line["tls"]) == ("GET", "/health", 200, "TLSv1.3")
        (theirs,) = production.lines("api", request_id=each)
        assert theirs["path"] == "/health"


def test_every_line_of_the_access_log_is_json_whatever_was_asked_for(production: Production) -> None:
    production.ask('/%22%0a%5c?"=%0a', {"User-Agent": 'quote " and \\ back\tslash'})
    lines = [line for line in production.logs("proxy").splitlines() if '"proxy.access"' in line]
    assert lines
    assert all(json.loads(line)["request_id"] for line in lines)


# --- the end ---------------------------------------------------------------------------------------------------------------------


def test_everybody_ends_by_themselves_and_the_data_stay(production: Production) -> None:
    before = production.ask(PICKS).document["total"]
    production.compose("stop", timeout=120)
    codes = {container["Name"]: container["State"]["ExitCode"] for container in production.details(*SERVICES)}
    assert not [name for name, code in codes.items() if code == 137], codes
    production.compose("down")
    production.compose("up", "--detach", "--wait", timeout=180)
    assert production.ask(PICKS).document["total"] == before
