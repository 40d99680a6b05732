"""scripts/secrets.sh: what it makes, what it leaves alone, what it refuses."""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from app.settings.problems import DEVELOPMENT_PASSWORDS, is_development_redis
from tests.conftest import CHECKOUT

NAMES = {
    "database_password",
    "backup_password",
    "redis_password",
    "redis_url",
    "redis_users",
    "webhook_secret",
    "tls_certificate",
    "tls_key",
}

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here, and no engine is asked for one")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "secrets"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make secrets` makes, to be copied."""
    folder = tmp_path_factory.mktemp("example") / "secrets"
    assert run(folder).returncode == 0
    return folder


@pytest.fixture
def made(folder: Path, example: Path) -> Path:
    """A folder in which `make secrets` has run."""
    folder.parent.mkdir()
    shutil.copytree(example, folder)
    return folder


def run(folder: Path, verb: str = "make", domain: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SECRETS_DIR": str(folder), "DOMAIN": domain}
    command = ["bash", str(CHECKOUT / "scripts" / "secrets.sh"), verb]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def replace(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def test_everything_is_made_for_its_owner_alone(folder: Path) -> None:
    made = run(folder)
    assert made.returncode == 0, made.stderr
    assert all(name in made.stdout for name in NAMES)
    assert {path.name for path in folder.iterdir()} == NAMES
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_no_secret_is_said(folder: Path) -> None:
    said = run(folder)
    assert (folder / "database_password").read_text() not in said.stdout + said.stderr


def test_two_folders_have_different_secrets(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        assert run(folder).returncode == 0
    for name in NAMES:
        one, two = ((folder / name).read_bytes() for folder in folders)
        assert one != two
        assert name.startswith(("redis_u", "tls")) or len(one) == 43


def test_a_second_time_changes_nothing(made: Path) -> None:
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    again = run(made)
    assert again.returncode == 0
    assert "Nothing to do" in again.stdout
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def test_what_is_missing_is_made_to_fit_what_is_there(made: Path) -> None:
    password = (made / "redis_password").read_text()
    (made / "redis_users").unlink()
    (made / "redis_url").unlink()
    assert "redis_url redis_users." in run(made).stdout
    url = (made / "redis_url").read_text()
    assert url == f"redis://draft_queen:{password}@redis:6379/0"
    assert not is_development_redis(url)
    assert f"#{hashlib.sha256(password.encode()).hexdigest()} " in (made / "redis_users").read_text()
    assert password not in (made / "redis_users").read_text()


def test_the_api_may_do_in_redis_what_it_does_and_nothing_else(made: Path) -> None:
    _, ours = (made / "redis_users").read_text().splitlines()
    assert ours.split()[4:] == ["~draft-queen:*", "+ping", "+get", "+set", "+incrby", "+decrby", "+expire"]


def test_the_certificate_is_for_the_name_that_was_asked_for(folder: Path) -> None:
    made = run(folder, domain="draft.example.org")
    assert "self-signed" in made.stdout
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls_certificate", folder / "tls_key")  # the two belong together
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(folder / "tls_certificate")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in ("DNS:draft.example.org", "DNS:localhost", "IP Address:127.0.0.1"):
        assert name in text


def test_a_domain_that_the_certificate_lacks_is_not_ignored(folder: Path) -> None:
    assert run(folder, domain="draft.example.org").returncode == 0
    assert run(folder, domain="draft.example.org").returncode == 0
    assert run(folder).returncode == 0, "and none is asked for"
    refused = run(folder, domain="other.example.org")
    assert refused.returncode == 1
    assert "is not for other.example.org: remove tls_certificate and tls_key there" in refused.stderr
    assert "write it like draft.example.org" in run(folder, domain="two words").stderr


@pytest.mark.parametrize("domain", ["two words", "a/b", "-x", "x,DNS:evil.example"])
def test_a_domain_that_is_none_is_refused(folder: Path, domain: str) -> None:
    refused = run(folder, domain=domain)
    assert refused.returncode == 1
    assert "write it like draft.example.org" in refused.stderr
    assert not (folder / "tls_certificate").exists()


def test_a_certificate_without_its_key_is_refused(made: Path) -> None:
    (made / "tls_key").unlink()
    refused = run(made)
    assert refused.returncode == 1
    assert "without tls_key" in refused.stderr


def test_a_file_that_is_no_certificate_is_refused(made: Path) -> None:
    replace(made / "tls_certificate", "not PEM\n")
    refused = run(made)
    assert refused.returncode == 1
    assert "is not a certificate: put a PEM file there" in refused.stderr


def test_a_key_of_another_certificate_is_refused(made: Path) -> None:
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519"], capture_output=True, text=True, check=True).stdout
    replace(made / "tls_key", key)
    refused = run(made, "check")
    assert refused.returncode == 1
    assert "tls_key is not the key of tls_certificate" in refused.stderr


def test_a_certificate_that_ends_soon_is_said(made: Path) -> None:
    command = ["openssl", "req", "-x509", "-new", "-key", str(made / "tls_key"), "-subj", "/CN=localhost", "-days", "3"]
    replace(made / "tls_certificate", subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    checked = run(made, "check")
    assert checked.returncode == 0
    assert "have it renewed" in checked.stderr


def test_a_change_that_was_interrupted_is_to_be_finished_first(made: Path) -> None:
    (made / "redis_password.next").write_text("x")
    assert "finish it with 'make rotate SECRET=redis'" in run(made, "check").stderr


@pytest.mark.parametrize("value", ["", "short", *sorted(DEVELOPMENT_PASSWORDS - {""})])
@pytest.mark.parametrize("name", ["database_password", "backup_password", "webhook_secret"])
def test_empty_short_and_well_known_passwords_are_refused(made: Path, name: str, value: str) -> None:
    replace(made / name, value)
    for verb in ("make", "check"):
        refused = run(made, verb)
        assert refused.returncode == 1
        assert "run 'make secrets'" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_passwords_that_do_not_fit_together_are_refused(made: Path) -> None:
    replace(made / "redis_password", "another-password-of-length")
    assert "redis_url has a different password" in run(made, "check").stderr


def test_missing_ones_are_named(made: Path) -> None:
    (made / "tls_key").unlink()
    refused = run(made, "check")
    assert refused.returncode == 1
    assert "tls_key is missing: run 'make secrets'" in refused.stderr


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = run(tmp_path / "file" / "secrets")
    assert refused.returncode == 1
    assert "correct SECRETS_DIR" in refused.stderr
