"""A random project that is edited at random: modules, packages, links, data and environment, and what a fresh process makes of it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Everything that is watched: below the folder that is imported from, outside of it, behind a link, without an `__init__.py`.
OWN = ("web.m0", "web.m1", "web.m2", "web.sub.m3", "web.linked.m4", "shared.w0", "shared.w1", "space.x0", "space.x1")
#: Not watched: installed packages, one of which imports another, parts of a namespace, one whose place a `.pth` file tells.
PACKAGES = ("p0", "p1", "p2.part", "nsp.a", "nsp.b", "editable.e0", "optional")
DATA = ("web/prompt.md", "web/words.json", "../outside.txt", "settings.cfg")
VARIABLES = ("WORD_A", "WORD_B")

MAIN = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        import json
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(dump(), sort_keys=True).encode()})
"""
MODULE = """
def dump(shown=None):
    import sys
    shown = set() if shown is None else shown
    if __name__ in shown:
        return "shown"
    shown.add(__name__)
    return {"value": VALUE, "read": READ, "seen": SEEN, "uses": {name: sys.modules[name].dump(shown) for name in USES}}
"""


@dataclass
class Module:
    """What its text is made from."""

    value: int = 0
    uses: list[str] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)  # imports that may fail
    reads: list[str] = field(default_factory=list)
    listed: bool = False  # whether it asks what lies in a folder
    sets: list[tuple[str, str]] = field(default_factory=list)  # environment, before the imports
    broken: bool = False


class ChangingProject:
    """The files below ``folder``; ``project`` is the one to import from. Every step is decided by the generator of random numbers."""

    def __init__(self, folder: Path, numbers: random.Random) -> None:
        self.root = folder / "project"
        self._folder = folder
        self._numbers = numbers
        self._written = 0
        self._modules = {name: Module() for name in ("web.main", *OWN, *PACKAGES)}
        self.watch = (self.root / "web", self.root / "space", folder / "libs")
        for place in (
            "project/web/sub",
            "project/space",
            "project/plugins",
            "libs/shared",
            "elsewhere/linked",
            "packages",
            "more",
            "editable",
        ):
            (folder / place).mkdir(parents=True, exist_ok=True)
        (self.root / "web" / "linked").symlink_to(folder / "elsewhere" / "linked")
        for place in ("project/web", "project/web/sub", "libs/shared", "elsewhere/linked", "packages/p2"):
            (folder / place).mkdir(exist_ok=True)
            (folder / place / "__init__.py").touch()
        (folder / "sites").mkdir()
        (folder / "packages" / "sitecustomize.py").write_text(f"import site\nsite.addsitedir({str(folder / 'sites')!r})\n")
        (folder / "sites" / "editable.pth").write_text(f"{folder / 'editable'}\n")
        for name in DATA:
            self._write(self.root / name, "first")
        self._relate()
        for name in self._modules:
            self._write_module(name)

    @property
    def environment(self) -> dict[str, str]:
        """What the processes are started with."""
        return {"PYTHONPATH": os.pathsep.join(str(self._folder / name) for name in ("packages", "more", "libs")), "WORD_A": "outside"}

    def _relate(self) -> None:
        """Who imports whom: only later names, so there are no circles at first."""
        names = list(self._modules)
        for number, name in enumerate(names[:-1]):
            package = name in PACKAGES
            later = [other for other in names[number + 1 :] if not package or other in PACKAGES]
            self._modules[name].uses = self._numbers.sample(later, min(len(later), self._numbers.randint(0, 3)))
        self._modules["web.main"].uses = self._numbers.sample(OWN, 4) + self._numbers.sample(PACKAGES[:-1], 2)
        self._modules[self._numbers.choice(OWN)].optional = ["optional"]
        if self._numbers.random() < 0.3:  # a package that imports what the application says
            self._modules[self._numbers.choice(PACKAGES[:3])].uses.append(self._numbers.choice(OWN[5:]))
        for name in self._numbers.sample([*OWN, *PACKAGES], 4):
            self._modules[name].reads = [self._numbers.choice(DATA)]
        if self._numbers.random() < 0.5:
            self._modules[self._numbers.choice(OWN)].sets = [self._setting()]
        self._modules[self._numbers.choice(OWN)].listed = True

    def _setting(self) -> tuple[str, str]:
        return self._numbers.choice(VARIABLES), f"set {self._numbers.randint(0, 3)}"

    def _file(self, name: str) -> Path:
        path = f"{name.replace('.', '/')}.py"
        if name.startswith(("web.", "space.")):
            return self.root / path
        place = {"shared": "libs", "editable": "editable"}.get(name.partition(".")[0], "more" if name == "nsp.b" else "packages")
        return self._folder / place / path

    def _write(self, file: Path, text: str) -> None:
        """Write it with another size than ever, because Python takes compiled code of the same second and size for current."""
        self._written += 1
        file.parent.mkdir(parents=True, exist_ok=True)
        text = f"{text}\n{'#' * self._written}\n"
        if self._numbers.random() < 0.5:
            file.write_text(text)
        else:  # as many editors do
            new = file.with_name(f".{file.name}.new")
            new.write_text(text)
            new.replace(file)

    def _write_module(self, name: str) -> Path:
        module = self._modules[name]
        lines = ["import os", *(f"os.environ[{key!r}] = {value!r}" for key, value in module.sets)]
        lines += [f"import {used}" for used in module.uses]
        for used in module.optional:
            lines += ["try:", f"    import {used}", "    FOUND = True", "except ImportError:", "    FOUND = False"]
        listed = "sorted(os.listdir('plugins'))" if module.listed else None
        lines += [
            f"VALUE = {module.value}, {'FOUND' if module.optional else None}, {listed}",
            f"READ = [open(name).read() for name in {module.reads}]",
            f"SEEN = [os.environ.get(name) for name in {list(VARIABLES)}]",
            f"USES = {module.uses}",
            MODULE,
        ]
        if name == "web.main":
            lines.append(MAIN)
        if module.broken:
            lines.append("undefined_name")
        self._write(self._file(name), "\n".join(lines))
        return self._file(name)

    # --- edits -----------------------------------------------------------------------------------------------------------------

    def edit(self) -> tuple[list[str], list[str]]:
        """Change one to three things; what was done, and those of the files that are watched."""
        said, files = [], list[Path]()
        for _ in range(self._numbers.choice((1, 1, 1, 2, 3))):
            what, file = self._edit_one()
            said.append(what)
            files += [file] if file is not None else []
        watched = [
            str(file) for file in files if any(file.is_relative_to(folder) for folder in self.watch) and file.suffix in (".py", ".json")
        ]
        if not watched:
            watched = [str(self._write_module("web.main"))]
            said.append("save web.main")
        return said, list(dict.fromkeys(watched))

    def _edit_one(self) -> tuple[str, Path | None]:
        numbers = self._numbers
        kinds = {"value": 8, "package": 3, "data": 3, "uses": 2, "sets": 1, "optional": 1, "plugin": 1, "shadow": 1, "broken": 2, "move": 1}
        kind = numbers.choices(list(kinds), list(kinds.values()))[0]
        name = numbers.choice(PACKAGES[:-1] if kind == "package" else ("web.main", *OWN))
        module = self._modules[name]
        if kind in ("value", "package"):
            module.value += 1
            module.broken = False
        elif kind == "data":
            data = numbers.choice(DATA)
            self._write(self.root / data, f"text {numbers.random()}")
            return f"write {data}", self.root / data
        elif kind == "uses":
            if name == "web.main" or len(module.uses) > 2:
                module.uses = module.uses[:-1]
            else:
                module.uses = [*module.uses, numbers.choice([*PACKAGES[:-1], "web.m2", "shared.w1"])]
            module.uses = [used for used in dict.fromkeys(module.uses) if used != name]
        elif kind == "sets":
            module.sets = [] if module.sets else [self._setting()]
        elif kind == "broken":
            name = next((other for other, found in self._modules.items() if found.broken), name)
            self._modules[name].broken = not self._modules[name].broken
        elif kind == "optional":
            return self._toggle(self._file("optional"), "VALUE = READ = SEEN = USES = 1\ndef dump(shown): return 1")
        elif kind == "plugin":
            return self._toggle(self.root / "plugins" / f"plugin{numbers.randint(0, 2)}.py", "")
        elif kind == "shadow":
            return self._toggle(self.root / "p1.py", 'VALUE = "shadow"\ndef dump(shown): return VALUE')
        else:
            return self._move_editable()
        return f"{kind} of {name}", self._write_module(name)

    def _toggle(self, file: Path, text: str) -> tuple[str, Path | None]:
        if file.exists():
            file.unlink()
            return f"remove {file.name}", None
        self._write(file, text)
        return f"make {file.name}", None

    def _move_editable(self) -> tuple[str, Path | None]:
        """As a package that is installed again from another folder."""
        self._modules["editable.e0"].value += 1
        place = self._folder / f"editable{self._written}"
        place.mkdir()
        (place / "editable").mkdir()
        text = self._file("editable.e0").read_text() if self._file("editable.e0").exists() else ""
        self._write(place / "editable" / "e0.py", text.replace("VALUE = ", "VALUE = 'moved', ", 1))
        self._write(self._folder / "sites" / "editable.pth", str(place))
        return "move editable", None

    # --- the truth -------------------------------------------------------------------------------------------------------------

    def from_scratch(self) -> dict[str, Any] | None:
        """What a process says that has just been started; None when the code does not start."""
        plain = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", *VARIABLES)}
        done = subprocess.run(
            [sys.executable, "-c", "import json\nfrom web.main import dump\nprint(json.dumps(dump(), sort_keys=True))"],
            cwd=self.root,
            env={**plain, **self.environment, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/nowhere"},
            capture_output=True,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode == 0 else None
