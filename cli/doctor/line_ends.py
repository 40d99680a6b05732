"""Shell scripts with Windows line ends, which Linux rejects with a misleading error message."""

from typing import Final

from cli.doctor.finding import Finding, ok, problem
from cli.doctor.machine import Machine

NAME: Final = "line ends"

SCRIPTS: Final = ("scripts/*.sh", "docker/**/*.sh", ".devcontainer/*.sh", ".ci/run")


def check(machine: Machine) -> list[Finding]:
    """Report the first script with Windows line ends, and how many others have them."""
    paths = sorted({path for pattern in SCRIPTS for path in machine.checkout.glob(pattern) if path.is_file()})
    wrong = [path.relative_to(machine.checkout).as_posix() for path in paths if b"\r\n" in path.read_bytes()]
    if not wrong:
        return [ok(NAME, f"{len(paths)} shell scripts have Unix line ends")]
    others = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    cure = "run `git config core.autocrlf input`, then `git rm --cached -rq . && git reset --hard`, which discards uncommitted edits"
    return [problem(NAME, f"Windows line ends in {wrong[0]}{others}", cure)]
