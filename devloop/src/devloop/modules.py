"""What the application's sources import from each other, read from their text."""

from __future__ import annotations

import ast
import importlib.util
import os
import warnings
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path


def imports_of(name: str, file: str) -> frozenset[str] | None:
    """Return the modules that this module may import, even inside functions; None if the file cannot be read or parsed.

    Of ``from a.b import c`` both ``a.b`` and ``a.b.c`` are named: which of them is a module is for others to know.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # the process that runs the file gives them, with its name
            tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: an expression that is too deep
        return None
    package = name if Path(file).name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                try:
                    base = importlib.util.resolve_name("." * node.level + base, package)
                except ImportError:  # more dots than packages: Python will say so
                    continue
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(found)


def parents(name: str) -> list[str]:
    """List the packages around a module, which are imported with it."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def skeleton(file: str) -> str:
    """Extract what decides the order of a file's imports and changes of the environment; code inside functions does not."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(Path(file).read_bytes())
        return ast.dump(_WithoutBodies().visit(tree))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


class _WithoutBodies(ast.NodeTransformer):
    """Empties functions that neither import anything nor name the environment."""

    _NAMES = frozenset({"environ", "environb", "putenv", "unsetenv", "load_dotenv"})

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if not any(isinstance(part, ast.Import | ast.ImportFrom) or self._name(part) in self._NAMES for part in ast.walk(node)):
            node.body = [ast.Pass()]
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        node.body = [ast.Pass()]  # nothing awaits while a module is imported
        return node

    @staticmethod
    def _name(node: ast.AST) -> str:
        return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def newest(files: Collection[str], count: int) -> list[str]:
    """Return the most recently edited files according to the disk, the last one first."""

    def modified(file: str) -> float:
        try:
            return os.stat(file).st_mtime  # noqa: PTH116
        except OSError:
            return 0.0

    return sorted(files, key=modified, reverse=True)[:count]


class ImportGraph:
    """The application's modules, as a running worker has loaded them, and who imports whom."""

    def __init__(self) -> None:
        self.modules: list[tuple[str, str]] = []
        self.ordered: frozenset[str] = frozenset()  # modules that change what later ones see: none of those may come before them
        self.never: set[str] = set()  # modules that are not to be imported ahead, whatever was edited
        self._imports: dict[str, frozenset[str]] = {}  # by file; of the last version that could be parsed
        self._versions: dict[str, tuple[int, int, int]] = {}  # by file: the version that was looked at last

    @property
    def files(self) -> set[str]:
        """The files of all known modules."""
        return {file for _, file in self.modules}

    def update(self, modules: Sequence[tuple[str, str]]) -> None:
        """Take what a worker has loaded."""
        self.modules = [(name, file) for name, file in modules]
        for name, file in self.modules:
            self._read(name, file)
        self.__dict__.pop("_uses", None)

    def _read(self, name: str, file: str) -> None:
        try:
            state = os.stat(file)  # noqa: PTH116 - a hundred files after every reload
        except OSError:
            return
        version = (state.st_mtime_ns, state.st_size, state.st_ino)
        if self._versions.get(file) == version:
            return
        found = imports_of(name, file)
        if found is not None:
            self._imports[file] = found
            self._versions[file] = version

    def imports_changed(self, files: Collection[str]) -> bool:
        """Check whether an edit of these files added or removed an import, after which another order of imports may matter."""
        names = {file: name for name, file in self.modules}
        return any(imports_of(names[file], file) != self._imports.get(file) for file in files if file in names)

    def removed(self, files: Collection[str]) -> set[str]:
        """Return the modules that these files used to import and that no module of the application imports now."""
        names = {file: name for name, file in self.modules}
        new = {file: imports_of(names[file], file) if os.path.exists(file) else frozenset[str]() for file in files if file in names}  # noqa: PTH110
        gone = {name for file, found in new.items() if found is not None for name in self._imports.get(file, frozenset()) - found}
        if not gone:
            return gone
        kept = {name for file, known in self._imports.items() for name in (new[file] if new.get(file) is not None else known) or ()}
        return gone - kept

    def reaching(self, modules: set[str]) -> set[str]:
        """Return these modules and those that reach one of them through imports."""
        found = set(modules)
        while more := {name for name, used in self._uses.items() if name not in found and used & found}:
            found |= more
        return found

    def independent(self, files: Collection[str], entry: str) -> list[str]:
        """Return the modules that do not import any of these files, in the order in which the worker began to load them."""
        tainted = self.reaching({name for name, file in self.modules if file in files or name in self.never})
        names = [name for name, _ in self.modules]
        changes = entry in self.ordered  # before or after what it imports, which nothing here tells apart
        first = next((number for number, name in enumerate(names) if name in tainted or (changes and name == entry)), len(names))
        late = next((name for name in names[first:] if name in self.ordered), None)
        if late is not None:  # nor what imports it, which began before it
            names, tainted = names[: names.index(late)], self.reaching({*tainted, late})
        return [name for name in names if name not in tainted and name != entry]

    def leaves(self, most: int) -> list[str]:
        """Return the files of modules that at most so many others depend on, directly or through others."""
        users: dict[str, set[str]] = {name: set() for name, _ in self.modules}
        for name, used in self._uses.items():
            for each in used - {name}:
                users[each].add(name)
        found = []
        for name, file in self.modules:
            above, more = set[str](), {name}
            while more and len(above) <= most:
                more = {user for each in more for user in users[each]} - above - {name}
                above |= more
            if len(above) <= most:
                found.append(file)
        return found

    @cached_property
    def _uses(self) -> dict[str, set[str]]:
        """Which of the application's modules each of them imports, packages around those included."""
        known = {name for name, _ in self.modules}
        return {
            name: {part for used in self._imports.get(file, frozenset()) for part in (used, *parents(used)) if part in known}
            | {part for part in parents(name) if part in known}
            for name, file in self.modules
        }


def forget_bytecode(files: Collection[str]) -> None:
    """Remove compiled code that Python would reuse: it only compares size and second, so two quick edits of equal size would deceive it.

    Raises:
        OSError: compiled code is there and cannot be removed, so that old code could be run as new.
    """
    for file in files:
        if file.endswith(".py"):
            try:
                compiled = Path(importlib.util.cache_from_source(file))
            except NotImplementedError:  # this Python keeps none
                return
            compiled.unlink(missing_ok=True)
