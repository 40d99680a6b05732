"""Third-party packages: what the zygote must not import, and what the lock files ask for."""

from __future__ import annotations

import importlib.metadata
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.loop import Loop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop packages")]

LOCK = """
# the versions of this project
fastapi==0.0.1 \\
    --hash=sha256:00
no-such-package==1.2 ; sys_platform == 'win32'
certainly-not-installed==1.2.3
"""


def test_a_lock_that_asks_for_what_is_not_installed_is_said_with_the_command(make: Callable[..., Loop]) -> None:
    loop = make()
    lock = loop.write("requirements/dev.txt", f"fastapi=={importlib.metadata.version('fastapi')} \\\n")
    loop.started("--lock", "requirements/dev.txt", "--install", "make install")
    zygote = loop.zygote()
    loop.write("requirements/dev.txt", textwrap.dedent(LOCK))
    loop.wait_for_log("the lock files ask for fastapi 0.0.1 (")
    loop.wait_for_log("certainly-not-installed 1.2.3 (not installed); install them: make install")
    assert "no-such-package" not in loop.log
    loop.wait_for_log("ms: requirements/dev.txt")
    loop.settle()
    assert loop.get().status == 200
    assert loop.zygote() != zygote
    zygote, logged = loop.zygote(), len(loop.log)
    loop.write("requirements/dev.txt", f"fastapi=={importlib.metadata.version('fastapi')}\n")
    loop.wait_for_log("ms: requirements/dev.txt", since=logged)
    loop.settle()
    assert loop.zygote() != zygote
    assert "ask for" not in loop.log[logged:]
    lock.unlink()
    loop.wait_for_log("ms: requirements/dev.txt", since=logged, times=2)
    assert loop.get().status == 200
    loop.settle()


def test_a_package_that_starts_a_thread_is_left_out_of_the_zygote_and_said_once(make: Callable[..., Loop], tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    busy = packages / "busy"
    busy.mkdir(parents=True)
    (busy / "__init__.py").write_text(
        "import threading\nEND = threading.Event()\nTHREAD = threading.Thread(target=END.wait, daemon=True)\nTHREAD.start()\n"
    )
    parts = [f"part{number}" for number in range(10)]
    for part in parts:
        (busy / f"{part}.py").write_text("VALUE = 1\n")
    loop = make(PYTHONPATH=str(packages))
    loop.write("app/base.py", "import busy\n" + "".join(f"import busy.{part}\n" for part in parts) + 'MARK = f"{busy.THREAD.is_alive()}"\n')
    for file in (loop.root / ".cache" / "devloop").iterdir():
        file.unlink()
    loop.started()
    assert loop.mark("base") == "True"
    loop.edit("app/base.py", 'MARK = f"', 'MARK = f"edited ')
    loop.wait_for("base", "edited True")
    loop.settle()
    assert loop.log.count("starts a thread when it is imported") == 1, loop.log
    assert "busy starts a thread when it is imported, so every worker imports it by itself" in loop.log
    loop.end()
    logged = len(loop.log)
    loop.started()
    assert loop.mark("base") == "edited True"
    assert "starts a thread" not in loop.log[logged:], "it is remembered for the next start"


def test_a_package_that_ends_its_thread_before_a_fork_is_imported_by_the_zygote(make: Callable[..., Loop], tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "careful.py").write_text(
        "import os, threading\nPID = os.getpid()\nEND = threading.Event()\nTHREAD = threading.Thread(target=END.wait, daemon=True)\n"
        "THREAD.start()\n\n\ndef end():\n    END.set()\n    THREAD.join()\n\n\nos.register_at_fork(before=end)\n"
    )
    loop = make(PYTHONPATH=str(packages))
    loop.write("app/base.py", 'import careful, os\nMARK = f"one {careful.PID == os.getpid()}"\n')
    for file in (loop.root / ".cache" / "devloop").iterdir():
        file.unlink()
    loop.started()
    loop.settle()
    loop.edit("app/base.py", "one", "two")
    loop.wait_for("base", "two False")
    assert "starts a thread" not in loop.log
