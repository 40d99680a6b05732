"""Which part of a traceback is reported when new code does not start."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType

import devloop
from devloop.worker.run import _text

INSIDE = f"{Path(devloop.__file__).parent}/worker/some.py"


def raised(source: str, file: str) -> Exception:
    try:
        FunctionType(compile(source, file, "exec"), {})()
    except (ZeroDivisionError, ImportError, SyntaxError) as error:
        assert error.__traceback__ is not None
        return error.with_traceback(error.__traceback__.tb_next)
    raise AssertionError("it runs")


def test_an_error_in_the_loop_itself_keeps_its_frames() -> None:
    assert f'File "{INSIDE}", line 2' in _text(raised("\n1 / 0", INSIDE))


def test_an_error_that_names_its_place_has_no_frames_of_the_loop() -> None:
    assert _text(raised("import no_such_module", INSIDE)) == "ModuleNotFoundError: No module named 'no_such_module'\n"
    assert INSIDE not in _text(raised("compile('1 +', 'main.py', 'exec')", INSIDE))
