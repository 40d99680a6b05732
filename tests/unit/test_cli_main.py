"""``dq`` itself: what is imported, how it ends, and what a person reads when something is wrong."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from importlib import import_module
from typing import Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel, Field

from app.errors import DraftQueenError
from app.history.schemas import ProvenanceParameters
from app.listing.parameters import Several
from cli import main as cli
from cli.filters import options_of
from cli.main import COMMANDS, root, sentence_for


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "cli.main", *arguments], capture_output=True, text=True, check=False)


def end_with(error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and standard error of a command that raises."""

    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(root, "main", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_list_exists_under_its_name(name: str) -> None:
    command = import_module(f"cli.commands.{name.replace('-', '_')}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert COMMANDS[name].endswith(".")


def test_help_lists_all_commands_and_imports_none() -> None:
    code = "import sys; from cli.main import root; root.main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(f"\n  {name} " in shown for name in COMMANDS)
    for heavy in ("cli.commands.serve", "'asyncio'", "'pydantic'", "'polars'", "'sqlalchemy'", "'rich'"):
        assert heavy not in shown


def cpu_seconds(*arguments: str) -> float:
    """Of a Python process, the best of several: other tests share the cores and their caches."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    costs = []
    for _ in range(6):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(costs)


def test_help_costs_little_more_than_the_library_that_prints_it() -> None:
    assert cpu_seconds("-m", "cli.entry", "--help") < 2 * cpu_seconds("-c", "import click")


@pytest.mark.parametrize(("arguments", "near"), [(["pick"], "picks"), (["person", "serch"], "search")])
def test_an_unknown_command_names_the_nearest_one(arguments: list[str], near: str) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.endswith(f"\nError: No such command '{arguments[-1]}'. Did you mean '{near}'?\n")
    assert "Traceback" not in ended.stderr


def test_an_option_takes_data_sets_in_both_spellings() -> None:
    [option] = [each for each in options_of(ProvenanceParameters, paged=False) if each.name == "dataset"]
    assert option.type.convert("draft-picks, Combine", None, None) == "draft_picks,combine"


def test_an_option_about_people_has_only_their_data_sets() -> None:
    [option] = [each for each in options_of(ProvenanceParameters, paged=False) if each.name == "dataset"]
    assert option.make_metavar(click.Context(click.Command("history"))) == "[draft_picks|combine|players|trades],..."


class _Described(BaseModel):
    kind: Several[Literal["long-term", "one_off"]] | None = Field(default=None)
    most: int = Field(default=10, ge=1, le=100, description="Number of rows.")


def test_a_choice_may_have_a_hyphen_and_the_help_has_default_and_range() -> None:
    kind, most, *_ = options_of(_Described)
    assert kind.type.convert("Long-Term, one-off", None, None) == "long-term,one_off"
    assert isinstance(most, click.Option)
    assert most.help == "Number of rows. [default: 10; 1<=x<=100]"


def test_an_unknown_option_is_a_usage_error() -> None:
    assert run("--nope").returncode == 2


def test_an_error_of_ours_is_its_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = end_with(DraftQueenError("The well is dry.", "Dig deeper."), monkeypatch, capsys)
    assert (code, said) == (1, "Error: The well is dry. Dig deeper.\n")


def test_an_error_of_ours_chooses_its_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Misconfigured(DraftQueenError):
        exit_code = 2

    assert end_with(Misconfigured("No."), monkeypatch, capsys)[0] == 2


def test_interrupted_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert end_with(KeyboardInterrupt(), monkeypatch, capsys) == (130, "Interrupted.\n")


def test_interrupted_while_it_is_imported() -> None:
    code = """
import sys
class Impatient:
    def find_spec(self, name, path, target=None):
        if name == "cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Impatient())
sys.argv = ["dq", "version"]
from cli.entry import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "\nInterrupted.\n")


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = end_with(OSError(errno.ENOSPC, "No space left on device", "/data/x"), monkeypatch, capsys)
    assert code == 1
    assert said.startswith("Error: The disk is full (/data/x)")


def test_a_mistake_of_ours_stays_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(root, "main", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main([])


@pytest.mark.parametrize(
    "error",
    [PermissionError(errno.EACCES, "", "/x"), FileNotFoundError(errno.ENOENT, "", "/x"), ConnectionRefusedError(errno.ECONNREFUSED, "")],
)
def test_everyday_errors_of_the_system_have_sentences(error: OSError) -> None:
    assert sentence_for(error)


def test_a_reader_that_has_enough_is_no_error() -> None:
    ended = subprocess.run(f"{sys.executable} -m cli.main --help | true", shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert ended.stderr == ""


@pytest.mark.parametrize("arguments", ["--help", "version", "doctor --json"])
@pytest.mark.parametrize("closed", [">&-", "<&-", "<&- >&-", "2>&-"])
def test_a_closed_stream_is_no_traceback(arguments: str, closed: str) -> None:
    command = f"{sys.executable} -m cli.entry {arguments} {closed}"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert ended.returncode in ({0, 1} if "doctor" in arguments else {0})  # it may find something wrong
    assert ended.stderr == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", ["--help", "version", "picks list --help"])
def test_an_answer_that_finds_no_room_is_a_sentence(arguments: str, unbuffered: str) -> None:
    command = f"{sys.executable} -m cli.entry {arguments} > /dev/full"
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    ended = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, check=False)  # noqa: S602
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: The disk is full")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("etl", "run", "--sample"), ("etl", "fetch"), ("sample", "generate", "--rows", "100", "--out", ".")])
def test_without_the_pipelines_packages_it_is_said_where_to_load(arguments: tuple[str, ...]) -> None:
    code = f"import sys; sys.modules['polars'] = None; sys.modules['httpx'] = None; from cli.main import main; main({list(arguments)!r})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, f"Error: {cli.NO_PIPELINE}\n")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("etl", "sample")])
def test_every_other_command_is_there_without_the_pipelines_packages(name: str) -> None:
    code = f"import sys; sys.modules['polars'] = None; sys.modules['httpx'] = None; from cli.main import main; main(['{name}', '--help'])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("seconds", ["nan", "inf"])
def test_a_wait_that_never_ends_is_refused(seconds: str) -> None:
    result = CliRunner().invoke(root, ["etl", "run", "--wait", seconds])
    assert result.exit_code == 2
    assert f"{seconds} is not a number of seconds" in result.output
