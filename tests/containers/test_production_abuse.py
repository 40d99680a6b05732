"""Production and those who mean it harm, or a certificate that is none: each gets a sentence, and all others their answers."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.containers.production import PICKS, Production
from tests.containers.stack import Ended, wait_until

Measured = Callable[[str, str], None]
#: Connections that one address opens; no more than a process of this machine may usually have.
MANY = 800
PATIENCE = 10  # client_header_timeout


def open_connections(production: Production, count: int, said: bytes) -> list[socket.socket]:
    found = []
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", production.https_port), timeout=10)
        one.sendall(said)
        found.append(one)
    return found


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(100) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def answered(production: Production, count: int) -> Counter[str]:
    """What others see meanwhile, each on a connection of its own."""
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        started = time.monotonic()
        try:
            outcomes[str(production.ask(PICKS).status)] += 1
        except OSError as error:
            outcomes[type(error).__name__] += 1
        time.sleep(max(0, 0.1 - (time.monotonic() - started)))
    return outcomes


def test_a_header_of_a_megabyte_is_refused_before_it_is_read(production: Production) -> None:
    with (
        socket.create_connection(("127.0.0.1", production.https_port), timeout=30) as plain,
        production.trust.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        try:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"x" * 1_000_000 + b"\r\n\r\n")
            said = tls.recv(10_000)
        except OSError:  # nobody reads the rest, so the connection is broken off
            said = b""
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
    # what still fits in the way is answered with a sentence
    answer = production.ask(PICKS, {"X-Large": "x" * 12_000})
    assert answer.status == 431
    assert "A request header is longer than 8 kB" in answer.document["detail"]
    assert production.ask(PICKS).status == 200


@pytest.mark.parametrize(("kind", "said"), [("say nothing", b""), ("begin a greeting", b"\x16\x03\x01\x02\x00")])
def test_many_silent_connections_keep_nobody_out(production: Production, measured: Measured, kind: str, said: bytes) -> None:
    connections = open_connections(production, MANY, said)
    started = time.monotonic()
    outcomes = answered(production, 50)
    assert outcomes == {"200": 50}
    wait_until(lambda: all(is_closed(each) for each in connections), 3 * PATIENCE, "they are closed")
    measured(
        f"abuse: {MANY} connections that {kind}: others answered, closed after",
        f"{outcomes['200']} of 50, {time.monotonic() - started:.0f} s",
    )
    for each in connections:
        each.close()


def test_many_that_send_a_letter_at_a_time_keep_nobody_out(production: Production, measured: Measured) -> None:
    """Slow-loris: requests that never end. None of them is read for longer than ten seconds."""
    with ExitStack() as stack:
        slow = []
        for _ in range(200):
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", production.https_port), timeout=10))
            slow.append(stack.enter_context(production.trust.wrap_socket(plain, server_hostname="localhost")))
            slow[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        started, ended = time.monotonic(), threading.Event()
        alive = list(slow)

        def dribble() -> None:
            while alive and not ended.is_set():
                for each in list(alive):
                    try:
                        each.sendall(b"x")
                    except OSError:
                        alive.remove(each)
                time.sleep(0.5)

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            outcomes = answered(production, 50)
            wait_until(lambda: not alive, 3 * PATIENCE, "they are closed")
            seconds = time.monotonic() - started
        finally:
            ended.set()
            thread.join(10)
    measured("abuse: 200 slow-loris connections: others answered, all closed after", f"{outcomes['200']} of 50, {seconds:.0f} s")
    assert outcomes == {"200": 50}


def test_requests_of_one_address_at_the_same_time_are_bounded(production: Production) -> None:
    """64 run (CONNECTIONS_PER_ADDRESS), the others are told to wait; nobody else's place is taken."""
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def ask(number: int) -> None:
        status = production.ask(f"/api/v1/draft-picks?limit=1&pick_max={number}").status
        with lock:
            statuses[status] += 1

    time.sleep(2.5)  # what the tests before have used of the requests per second
    # Longer than all of them need to ask, on a busy machine too; the API itself gives up on a statement after 15 s.
    holding = threading.Thread(
        target=production.sql, args=("begin; lock table draft_pick in access exclusive mode; select pg_sleep(10); commit",)
    )
    holding.start()
    wait_until(
        lambda: (
            production.sql(
                "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'draft_pick'::regclass"
            )
            == "1"
        ),
        10,
        "the lock",
    )
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 91)]
    for thread in [*threads]:
        thread.start()
    for thread in [*threads, holding]:
        thread.join(60)
    assert statuses == {200: 64, 429: 26}


# --- certificates ----------------------------------------------------------------------------------------------------------------


def rotate(production: Production, certificate: Path, key: Path, check: bool = True) -> Ended:
    """The command of the handbook."""
    told = production.make("rotate", "SECRET=certificate", f"CERTIFICATE={certificate}", f"KEY={key}", check=check)
    time.sleep(1)  # until the new processes of nginx accept
    return told


@pytest.fixture
def kept(production: Production, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Copies of the certificate in use and its key, which are in use again afterwards."""
    files = (tmp_path / "kept_certificate", tmp_path / "kept_key")
    for file, name in zip(files, ("tls_certificate", "tls_key"), strict=True):
        shutil.copy(production.folder / "secrets" / name, file)
    yield files
    rotate(production, *files)
    assert production.ask(PICKS).status == 200
    assert production.run("bash", "scripts/secrets.sh", "check").stderr == ""


def expired(key: Path, folder: Path) -> Path:
    """Good until yesterday."""
    names = folder / "names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=x\n[x]\ndir={folder}\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
    )
    request, target = folder / "request", folder / "expired"
    subprocess.run(
        ["openssl", "req", "-new", "-key", str(key), "-subj", "/CN=localhost", "-out", str(request)], check=True, capture_output=True
    )
    command = ["openssl", "ca", "-batch", "-selfsign", "-config", str(folder / "ca.cnf"), "-keyfile", str(key), "-in", str(request)]
    dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-notext", "-out", str(target)]
    subprocess.run([*command, *dates], check=True, capture_output=True)
    return target


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@needs_openssl
def test_a_certificate_that_has_expired_is_said_and_replaced_without_a_restart(
    production: Production, tmp_path: Path, kept: tuple[Path, Path]
) -> None:
    proxy = production.identities("proxy")
    old = expired(kept[1], tmp_path)
    told = rotate(production, old, kept[1])
    assert "tls_certificate has expired (on Jan  1 00:00:00 2021 GMT), so browsers refuse it: put a new one there" in told.stderr
    # who trusts it is told of its age alone
    trust = ssl.create_default_context(cafile=str(old))
    connection = http.client.HTTPSConnection("127.0.0.1", production.https_port, timeout=20, context=trust)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        connection.connect()
    rotate(production, *kept)
    assert production.ask(PICKS).status == 200
    assert production.identities("proxy") == proxy


@needs_openssl
def test_a_certificate_of_another_key_is_refused_and_the_old_one_goes_on(
    production: Production, tmp_path: Path, kept: tuple[Path, Path]
) -> None:
    key = tmp_path / "key"
    command = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    refused = rotate(production, kept[0], key, check=False)
    assert refused.returncode != 0
    assert f"{key} is not the key of {kept[0].name}: use a certificate and a key that belong together." in refused.stderr
    assert production.ask(PICKS).status == 200
    assert (production.folder / "secrets" / "tls_key").read_text().strip() == kept[1].read_text().strip()
    missing = rotate(production, tmp_path / "nowhere", key, check=False)
    assert "name two readable files" in missing.stderr


def test_a_deploy_without_a_certificate_is_refused(production: Production) -> None:
    path = production.folder / "secrets" / "tls_certificate"
    aside = path.rename(path.with_name("aside"))
    try:
        refused = production.make("deploy", check=False)
        assert refused.returncode != 0
        assert "tls_certificate is missing: run 'make secrets'" in refused.stderr
    finally:
        aside.rename(path)
    assert production.ask(PICKS).status == 200
