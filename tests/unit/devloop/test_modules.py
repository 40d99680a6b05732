"""Which modules import which, and which of them an edit cannot reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devloop.modules import ImportGraph, imports_of, newest, parents, skeleton


@pytest.mark.parametrize(
    ("name", "file", "text", "found"),
    [
        ("a.b", "a/b.py", "import c, d.e as f", {"c", "d.e"}),
        ("a.b", "a/b.py", "from c import d, e", {"c", "c.d", "c.e"}),
        ("a.b", "a/b.py", "from c import *", {"c", "c.*"}),
        ("a.b", "a/b.py", "from . import c", {"a", "a.c"}),
        ("a.b", "a/b.py", "from .c import d", {"a.c", "a.c.d"}),
        ("a.b", "a/b/__init__.py", "from . import c", {"a.b", "a.b.c"}),
        ("a.b", "a/b/__init__.py", "from ..c import d", {"a.c", "a.c.d"}),
        ("a.b", "a/b.py", "from ...c import d", set()),
        ("a.b", "a/b.py", "def f():\n    import g\n    if True:\n        from h import i", {"g", "h", "h.i"}),
        ("a", "a.py", "", set()),
    ],
)
def test_imports_are_read_from_the_text(tmp_path: Path, name: str, file: str, text: str, found: set[str]) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert set(imports_of(name, str(path)) or ()) == found


@pytest.mark.parametrize("text", [b"import", b"\xff", b"a = '\0'", b"# coding: nonsense\n"])
def test_text_that_is_no_python_has_no_imports(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.py").write_bytes(text)
    assert imports_of("a", str(tmp_path / "a.py")) is None
    assert imports_of("a", str(tmp_path / "missing.py")) is None


@given(st.binary(max_size=60))
def test_no_text_makes_it_fail(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.py"
    path.write_bytes(text)
    found = imports_of("any", str(path))
    assert found is None or isinstance(found, frozenset)


def test_parents() -> None:
    assert parents("a.b.c") == ["a", "a.b"]
    assert parents("a") == []


@st.composite
def applications(draw: st.DrawFn) -> tuple[dict[str, set[str]], set[str]]:
    """Modules with what they import, circles included, and those of them that are hot."""
    names = draw(
        st.lists(st.sampled_from([f"{a}{b}" for a in ("p.", "p.q.", "r.") for b in "abc"] + ["p", "p.q", "r"]), min_size=1, unique=True)
    )
    uses = {name: set(draw(st.lists(st.sampled_from(names), max_size=3))) for name in names}
    return uses, set(draw(st.lists(st.sampled_from(names), max_size=2)))


@given(applications())
def test_no_independent_module_reaches_a_hot_file(
    tmp_path_factory: pytest.TempPathFactory, application: tuple[dict[str, set[str]], set[str]]
) -> None:
    uses, hot = application
    root = tmp_path_factory.mktemp("graph")
    files = {}
    for name, used in uses.items():
        files[name] = root / f"{name}.py"
        files[name].write_text("".join(f"import {other}\n" for other in sorted(used)))
    graph = ImportGraph()
    graph.update([(name, str(file)) for name, file in files.items()])
    entry = next(iter(uses))
    found = graph.independent([str(files[name]) for name in hot], entry)

    def reached(name: str) -> set[str]:
        """Everything that an import of it runs, found by walking instead of by tainting."""
        seen: set[str] = set()
        ahead = [name]
        while ahead:
            here = ahead.pop()
            if here in uses and here not in seen:
                seen.add(here)
                ahead += [part for used in (here, *uses[here]) for part in (used, *parents(used))]
        return seen

    assert all(not reached(name) & hot for name in found)
    assert {name for name in uses if not reached(name) & hot} - {entry} == set(found)
    assert found == [name for name in uses if name in found], "in the order of the worker"


def test_a_change_of_imports_is_seen_and_a_change_of_code_is_none(tmp_path: Path) -> None:
    file, other = tmp_path / "a.py", str(tmp_path / "other.py")
    file.write_text("import b\nX = 1\n")
    graph = ImportGraph()
    graph.update([("a", str(file))])
    file.write_text("X = 2\nimport b\n")
    assert not graph.imports_changed([str(file), other])
    file.write_text("X = 2\nimport b, c\n")
    assert graph.imports_changed([str(file)])
    file.write_text("import b\nX =\n")
    assert graph.imports_changed([str(file)])
    assert graph.files == {str(file)}


def test_what_cannot_be_parsed_keeps_what_it_imported_before(tmp_path: Path) -> None:
    a, b = tmp_path / "a.py", tmp_path / "b.py"
    a.write_text("import b\n")
    b.touch()
    modules = [("a", str(a)), ("b", str(b))]
    graph = ImportGraph()
    graph.update(modules)
    a.write_text("import\n")
    graph.update(modules)
    assert graph.independent([str(b)], "entry") == []


def test_the_newest_file(tmp_path: Path) -> None:
    import os

    names = [str(tmp_path / name) for name in ("a", "b", "missing")]
    for age, name in enumerate(names[:2]):
        Path(name).touch()
        os.utime(name, (1000 - age, 1000 - age))
    assert newest(names, 1) == [names[0]]
    assert newest([], 3) == []


@pytest.mark.parametrize(
    "text", ["x = " + "1+" * 100_000 + "1", "x = " + "-" * 100_000 + "1", "x = a" + ".b" * 50_000], ids=["sum", "minus", "dots"]
)
def test_what_is_too_deep_for_the_parser_is_as_what_cannot_be_parsed(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deep.py"
    file.write_text(text)
    assert imports_of("deep", str(file)) is None


def test_warnings_of_a_file_are_left_to_the_process_that_runs_it(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    file = tmp_path / "escape.py"
    file.write_text("import os\nx = '\\d'\n")
    assert imports_of("escape", str(file)) == frozenset({"os"})
    assert list(recwarn) == []


def test_what_runs_before_a_change_of_the_environment_is_not_imported_after_it(tmp_path: Path) -> None:
    """In a fresh process ``b`` changes the environment after ``hot``, and before ``c``."""
    graph = ImportGraph()
    names = ("main", "a", "hot", "b", "c")
    for name in names:
        (tmp_path / f"{name}.py").touch()
    graph.update([(name, str(tmp_path / f"{name}.py")) for name in names])
    hot = [str(tmp_path / "hot.py")]
    assert graph.independent(hot, "main") == ["a", "b", "c"]
    graph.ordered = frozenset({"b"})
    assert graph.independent(hot, "main") == ["a"]
    graph.ordered = frozenset({"a"})
    assert graph.independent(hot, "main") == ["a", "b", "c"], "it comes before the edited file anyway"
    graph.ordered = frozenset({"main"})
    assert graph.independent(hot, "main") == [], "the module that everything begins with is never imported ahead"
    graph.ordered = frozenset({"hot"})
    assert graph.independent(hot, "main") == ["a"], "the edited file changes it, so what follows has to follow"


def test_what_imports_a_module_that_changes_the_environment_is_not_imported_ahead_either(tmp_path: Path) -> None:
    """In a fresh process ``hot`` runs before ``user``, which imports ``b``: imported ahead, it would have ``b`` run before ``hot``."""
    graph = ImportGraph()
    for name, text in {"main": "", "first": "", "hot": "", "other": "", "user": "import b", "b": "", "c": ""}.items():
        (tmp_path / f"{name}.py").write_text(text)
    graph.update([(name, str(tmp_path / f"{name}.py")) for name in ("main", "first", "hot", "other", "user", "b", "c")])
    graph.ordered = frozenset({"b"})
    assert graph.independent([str(tmp_path / "hot.py")], "main") == ["first", "other"]


def test_modules_that_are_never_imported_ahead_take_along_what_imports_them(tmp_path: Path) -> None:
    graph = ImportGraph()
    for name, text in {"jobs": "", "uses": "import jobs", "other": ""}.items():
        (tmp_path / f"{name}.py").write_text(text)
    graph.update([(name, str(tmp_path / f"{name}.py")) for name in ("jobs", "uses", "other")])
    graph.never.add("jobs")
    assert graph.independent([], "main") == ["other"]


@pytest.mark.parametrize(
    ("edited", "same"),
    [
        ("import a\ndef f():\n    return 2\n", True),
        ("import a\nasync def f():\n    import b\n", False),
        ("import a\ndef f():\n    import b\n", False),
        ("import a\ndef f():\n    os.environ['A'] = 'b'\n", False),
        ("X = 1\nimport a\ndef f():\n    return 1\n", False),
        ("import a\ndef f(\n", False),
    ],
)
def test_an_edit_inside_of_a_function_leaves_the_order_of_imports(tmp_path: Path, edited: str, same: bool) -> None:
    file = tmp_path / "module.py"
    file.write_text("import a\ndef f():\n    return 1\n")
    before = skeleton(str(file))
    file.write_text(edited)
    assert (skeleton(str(file)) == before) == same
