"""docker/backup without a database: which backup a restore takes, what it refuses, what retention removes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

SCRIPTS = CHECKOUT / "docker" / "backup"
SEGMENT = 16 * 2**20
CHAIN = "7001-00000001"

pytestmark = pytest.mark.skipif(sys.platform != "linux" or shutil.which("flock") is None, reason="the scripts run in a Debian image")


def segment(number: int) -> str:
    return f"00000001{number // 256:08X}{number % 256:08X}"


@dataclass
class Backups:
    """A folder as the service leaves it."""

    folder: Path

    @property
    def chain(self) -> Path:
        return self.folder / "backups" / "wal" / CHAIN

    def begin(self, segments: range) -> None:
        """A chain with these segments, received until noon of the third."""
        self.chain.mkdir(parents=True)
        (self.folder / "data" / "18").mkdir(parents=True)
        (self.chain / "segment_size").write_text(f"{SEGMENT}\n")
        (self.chain / "received").write_text("0/A000000 2026-05-03 12:00:00.000000+00\n")
        (self.chain.parent / "current").write_text(f"{CHAIN}\n")
        for number in segments:
            (self.chain / segment(number)).write_text(f"segment {number}\n")
        listed = subprocess.run(["sha256sum", *map(segment, segments)], cwd=self.chain, capture_output=True, text=True, check=True)
        (self.chain / "checksums").write_text(listed.stdout)

    def add(self, name: str, first: int, **more: str) -> Path:
        """A verified backup whose log begins in segment ``first`` and whose snapshot is in the next."""
        folder = self.folder / "backups" / name
        (folder / "base").mkdir(parents=True)
        for file in ("base/base.tar.gz", "base/backup_manifest", "dump", "contents"):
            (folder / file).write_text(f"{name} {file}\n" * 20)
        with (folder / "checksums").open("w") as sums:
            subprocess.run(
                ["sha256sum", "base/base.tar.gz", "base/backup_manifest", "dump", "contents"], cwd=folder, stdout=sums, check=True
            )
        day = f"2026-05-{name[6:8]}"
        record = {
            "name": name, "chain": CHAIN, "started_at": f"{day} 01:00:00.000000+00", "base_finished_at": f"{day} 01:05:00.5+00",
            "finished_at": f"{day} 01:10:00.000000+00", "verified_at": f"{day} 01:10:00.000000+00", "problem": "", "size_bytes": "2500000",
            "cluster_bytes": "1000", "first_segment": segment(first), "target": f"verify-{name}", "target_lsn": f"0/{first + 1:X}000028",
            "rows": "12", "revision": "2026_05_01_x", **more,
        }  # fmt: skip
        (folder / "record").write_text("".join(f"{key}={value}\n" for key, value in record.items()))
        return folder

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self._bash([str(SCRIPTS / "backup.sh"), *arguments], environment)

    def call(self, functions: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Functions of the scripts, without the dispatcher."""
        parts = "".join(f'source "$library/{part}.sh"; ' for part in ("common", "wal", "stream", "server", "take", "verify", "retention"))
        return self._bash(["-c", f"set -euo pipefail; library={SCRIPTS}; {parts} mkdir -p $STATE; {functions}"], environment)

    def _bash(self, arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        tools = Path(shutil.which("pg_archivecleanup") or "/usr/lib/postgresql/15/bin/pg_archivecleanup").parent
        env = {
            "PATH": f"{os.environ['PATH']}:{tools}",
            "BACKUPS_DIR": str(self.folder / "backups"),
            "BACKUP_STATE_DIR": str(self.folder / "state"),
            "PGDATA": str(self.folder / "data" / "18" / "docker"),
            "PGDATABASE": "draft_queen",
            **environment,
        }
        return subprocess.run(["bash", *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    """Three backups, of 1, 2 and 3 May, and the log of all of them."""
    one = Backups(tmp_path)
    one.begin(range(2, 9))
    for day, first in ((1, 2), (2, 4), (3, 6)):
        one.add(f"2026050{day}T010000Z", first)
    return one


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# --- which one a restore takes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "name", "chosen"),
    [
        ("", "", "20260503T010000Z|end|"),
        ("2026-05-02 12:00:00+00", "", "20260502T010000Z|time|2026-05-02 12:00:00.000000+00"),
        ("2026-05-02 12:00", "", "20260502T010000Z|time|2026-05-02 12:00:00.000000+00"),
        ("2026-05-02T14:00:00.25+02", "", "20260502T010000Z|time|2026-05-02 12:00:00.250000+00"),
        ("2026-05-02 12:00:00Z", "20260501T010000Z", "20260501T010000Z|time|2026-05-02 12:00:00.000000+00"),
        (
            "2026-05-03 01:05:00+00",
            "",
            "20260502T010000Z|time|2026-05-03 01:05:00.000000+00",
        ),  # half a second before the third was complete
        ("", "20260502T010000Z", "20260502T010000Z|name|verify-20260502T010000Z"),
    ],
)
def test_the_newest_that_leads_there_is_taken(backups: Backups, at: str, name: str, chosen: str) -> None:
    planned = backups.run("plan", at, name)
    assert planned.stderr.count("The database will be restored") == 1
    assert planned.stdout.strip() == chosen
    assert planned.returncode == 0


@pytest.mark.parametrize(
    ("at", "name", "sentence"),
    [
        ("yesterday", "", "AT=yesterday is not a valid time: write it like AT='2026-05-01 12:00:00+00'."),
        ("2026-13-01 12:00:00", "", "is not a valid time"),
        ("2026-05-01", "", "AT=2026-05-01 has no time of day: write one, as in AT='2026-05-01 12:00:00+00', or give the NAME of a backup."),
        ("2026-13-01", "", "is not a valid time"),
        ("20260502T010000Z", "", "AT=20260502T010000Z is the name of a backup, not a time: write NAME=20260502T010000Z."),
        ("$(touch x)", "", "is not a valid time"),
        ("2999-01-01 00:00:00+00", "", "is in the future: omit AT for the latest state."),
        ("2026-05-01 00:00:00+00", "", "is earlier than the first backup: the earliest time is 2026-05-01 01:05:00 UTC."),
        ("2026-05-01 12:00:00+00", "20260502T010000Z", "is earlier than the end of backup 20260502T010000Z"),
        ("", "20260509T010000Z", "backup NAME=20260509T010000Z does not exist: 'make backups' lists them."),
        ("", "../wal", "backup NAME=../wal does not exist"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(backups: Backups, at: str, name: str, sentence: str) -> None:
    refused = backups.run("plan", at, name)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_without_a_backup_there_is_nothing_to_restore(tmp_path: Path) -> None:
    empty = Backups(tmp_path)
    empty.begin(range(0))
    assert "no backup to restore" in empty.run("plan").stderr
    assert "No backups yet" in empty.run("list").stdout


def test_one_that_was_never_verified_is_taken_only_by_its_name(backups: Backups) -> None:
    backups.add("20260504T010000Z", 7, verified_at="", problem="the restored base does not have the rows of the database")
    assert backups.run("plan").stdout.startswith("20260503T010000Z|")
    planned = backups.run("plan", "", "20260504T010000Z")
    assert planned.stdout.startswith("20260504T010000Z|")
    assert "was never verified, or is damaged: PROBLEM: the restored base does not have the rows" in planned.stderr


# --- damage ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["base/base.tar.gz", "base/backup_manifest", "dump"])
def test_one_flipped_byte_is_said_and_an_older_one_offered(backups: Backups, file: str) -> None:
    flip(backups.folder / "backups" / "20260503T010000Z" / file)
    refused = backups.run("plan")
    assert refused.returncode == 1
    assert f"backup 20260503T010000Z is damaged: its file {file} does not match its checksum. Nothing was changed." in refused.stderr
    assert (
        "The next older intact backup is 20260502T010000Z, from 2026-05-02 01:00:00 UTC: make restore NAME=20260502T010000Z"
        in refused.stderr
    )


def test_the_offer_skips_those_that_are_damaged_too(backups: Backups) -> None:
    for day in (2, 3):
        flip(backups.folder / "backups" / f"2026050{day}T010000Z" / "dump")
    at = "2026-05-03 11:00:00+00"
    assert "make restore AT='2026-05-03 11:00:00+00' NAME=20260501T010000Z" in backups.run("plan", at).stderr
    flip(backups.folder / "backups" / "20260501T010000Z" / "dump")
    assert "No older backup is intact." in backups.run("plan").stderr


def test_a_damaged_or_missing_segment_is_said(backups: Backups) -> None:
    flip(backups.chain / segment(8))  # after the snapshot of the last
    refused = backups.run("plan")
    assert f"after backup 20260503T010000Z the log segment {segment(8)} is damaged" in refused.stderr
    assert "make restore NAME=20260503T010000Z" in refused.stderr
    assert backups.run("plan", "", "20260503T010000Z").returncode == 0, "which does not need it"
    (backups.chain / segment(7)).unlink()
    refused = backups.run("plan")
    assert f"backup 20260503T010000Z is damaged: the log segment {segment(7)} is missing." in refused.stderr


def test_a_gap_in_what_was_received_is_said(backups: Backups) -> None:
    (backups.chain / "ended").write_text("gap\n")
    assert backups.run("plan", "2026-05-03 11:00:00+00").returncode == 0
    refused = backups.run("plan", "2026-05-03 13:00:00+00")
    assert "changes between 2026-05-03 12:00:00 UTC and the next backup were not received" in refused.stderr
    (backups.chain / "ended").write_text("replaced\n")  # the database was stopped then, so the last state is right
    assert backups.run("plan", "2026-05-03 13:00:00+00").returncode == 0


def test_what_came_after_a_restore_is_not_taken_for_what_came_before(backups: Backups) -> None:
    """As long as the present database has no verified backup, only a name leads to the one before."""
    (backups.chain / "ended").write_text("replaced\n")
    (backups.chain.parent / "current").write_text("another-00000002\n")
    for time in ("", "2026-05-03 13:00:00+00"):
        refused = backups.run("plan", time)
        assert refused.returncode == 1
        assert "changes after 2026-05-03 12:00:00 UTC, when the database was restored or replaced" in refused.stderr
    assert backups.run("plan", "2026-05-03 11:00:00+00").returncode == 0
    assert backups.run("plan", "", "20260503T010000Z").returncode == 0
    assert backups.run("plan", "2026-05-03 13:00:00+00", "20260503T010000Z").returncode == 0


def test_what_has_gone_bad_is_never_called_verified_again(backups: Backups) -> None:
    flip(backups.folder / "backups" / "20260502T010000Z" / "dump")
    flip(backups.chain / segment(7))
    assert "20260502T010000Z was verified, but is now damaged" in backups.call("look_again").stdout
    listed = backups.run("list").stdout
    lines = {line.split()[0]: line for line in listed.splitlines()}
    assert "PROBLEM: its file dump does not match its checksum" in lines["20260502T010000Z"]
    assert f"PROBLEM: the log segment {segment(7)} is damaged" in lines["20260503T010000Z"]
    assert "verified 2026-05-01 01:10:00" in lines["20260501T010000Z"]
    assert "2.5 MB" not in listed
    assert "3 MB" in lines["20260501T010000Z"]
    assert "You can restore any time from 2026-05-01 01:05:00 UTC to 2026-05-03 12:00:00 UTC." in listed


def test_what_was_interrupted_is_said_to_be(backups: Backups) -> None:
    backups.add("20260504T010000Z", 7, verified_at="", finished_at="")
    assert "being verified, or interrupted" in backups.run("list").stdout
    backups.call("close_interrupted")
    assert "PROBLEM: its verification was interrupted" in backups.run("list").stdout


# --- what is kept ----------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    shutil.which("pg_archivecleanup") is None and not Path("/usr/lib/postgresql/15/bin/pg_archivecleanup").exists(),
    reason="pg_archivecleanup is not installed here",
)
def test_retention_keeps_the_last_two_and_the_log_they_need(backups: Backups) -> None:
    backups.add("20260504T010000Z", 7, verified_at="", problem="no room")
    for leftover in (".incoming-20260505T010000Z", ".scratch", ".removing-20260401T010000Z"):
        (backups.folder / "backups" / leftover).mkdir()
    (backups.chain.parent / "7001-00000000").mkdir()  # a chain that nobody needs
    pruned = backups.call("clear_leftovers; prune", BACKUP_KEEP_DAYS="1")
    assert pruned.returncode == 0, pruned.stderr
    left = {path.name for path in (backups.folder / "backups").iterdir()} - {"wal"}
    assert left == {"20260502T010000Z", "20260503T010000Z"}
    assert sorted(path.name for path in backups.chain.iterdir() if re.fullmatch("[0-9A-F]{24}", path.name)) == [*map(segment, range(4, 9))]
    assert {path.name for path in backups.chain.parent.iterdir()} == {CHAIN, "current"}


def test_of_those_that_were_not_verified_the_newest_alone_keeps_its_files(backups: Backups) -> None:
    for day in (4, 5):
        backups.add(f"2026050{day}T010000Z", 7, verified_at="", problem="no room")
    assert backups.call("prune_wal() { :; }; prune", BACKUP_KEEP_DAYS="3650").returncode == 0
    folders = {day: backups.folder / "backups" / f"2026050{day}T010000Z" for day in (4, 5)}
    assert {path.name for path in folders[4].iterdir()} == {"record"}, "what it was stays in the list"
    assert (folders[5] / "dump").exists()


def test_what_was_verified_once_keeps_its_files_when_one_of_them_is_damaged(backups: Backups) -> None:
    """Its other copy and its log may still be good, and a disk that cannot be read for a moment damages nothing."""
    flip(backups.folder / "backups" / "20260502T010000Z" / "dump")
    assert backups.call("look_again; prune_wal() { :; }; prune", BACKUP_KEEP_DAYS="3650").returncode == 0
    assert "PROBLEM: its file dump" in backups.run("list").stdout
    assert {"base", "dump", "record"} <= {path.name for path in (backups.folder / "backups" / "20260502T010000Z").iterdir()}


@pytest.mark.parametrize(("name", "value"), [("BACKUP_EVERY_SECONDS", "daily"), ("BACKUP_EVERY_SECONDS", "1"), ("BACKUP_KEEP_DAYS", "0")])
def test_settings_that_are_no_numbers_are_refused(backups: Backups, name: str, value: str) -> None:
    refused = backups.run("list", **{name: value})
    assert refused.returncode == 1
    assert f"{name}={value} is not a whole number from" in refused.stderr
    assert "correct it in .env." in refused.stderr


@pytest.mark.parametrize(("name", "after"), [(segment(2), segment(3)), (segment(255), segment(256)), (segment(511), segment(512))])
def test_segments_are_counted_as_the_server_does(backups: Backups, name: str, after: str) -> None:
    assert backups.call(f"next_segment {name} {SEGMENT}").stdout.strip() == after


def test_places_lie_in_the_segments_of_the_server(backups: Backups) -> None:
    assert backups.call(f"segment_of {CHAIN} 00000001 2/A3000148").stdout.strip() == "0000000100000002000000A3"
