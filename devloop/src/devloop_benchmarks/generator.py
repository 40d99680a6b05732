"""Writes a realistic application: router, service, models and schemas for each of seven domains, and one module that all import.

Packages that it imports, more domains and more modules make larger applications of it: see ``Recipe``.

The answers of a router contain the constant ``MARK`` of its module and that of ``league.base``, so an answer tells which code made it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from devloop_benchmarks import templates
from devloop_benchmarks.application import Application, Editable

DOMAINS = ("coach", "combine", "game", "player", "season", "stadium", "team")
LAYERS: Mapping[str, str] = {
    "models": templates.MODELS,
    "schemas": templates.SCHEMAS,
    "services": templates.SERVICE,
    "routers": templates.ROUTER,
}
#: A comment in each router, on the line where a benchmark sets its breakpoint.
BREAKPOINT = "# breakpoint"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the application has besides its domains."""

    name: str
    #: Installed packages and modules of packages; each domain's service imports all of them.
    packages: tuple[str, ...] = ()
    #: Lines that use them, as each service does when it is imported.
    uses: str = ""
    #: Modules of rules, which the services import; each is read in its turn, and none costs more than its classes.
    rules: int = 0
    #: Whether it connects to a database when it starts, for which the interpreter needs asyncpg.
    database: bool = True
    python: str = sys.executable


PLAIN_RECIPE = Recipe("generated application")
#: With FastAPI, SQLAlchemy, asyncpg and the domains, a process has 1,100 modules of packages and 35 of its own. All are development
#: packages of this project, so that nothing else has to be installed.
FOREIGN = Recipe(
    "foreign application",
    packages=(
        *("alembic.command", "httpx", "hypothesis.strategies", "jinja2", "pydantic_settings", "rich.markdown", "structlog"),
        *("sqlalchemy.dialects.mssql", "sqlalchemy.dialects.mysql", "sqlalchemy.dialects.oracle", "sqlalchemy.dialects.sqlite"),
    ),
)
#: numpy starts threads when it is imported, so that no process which holds it can be forked.
NUMERIC = Recipe(
    "application with numpy and pandas",
    packages=("numpy", "pandas"),
    database=False,
    uses='SEASONS = pandas.DataFrame({"season": numpy.arange(2015, 2025), "games": numpy.full(10, 17)}).set_index("season")\n',
)
#: 1,457 modules of rules, 8 packages of them, and 35 others.
LARGE = Recipe("application of 1,500 modules", rules=1_457)


def generate(folder: Path, environment: Mapping[str, str], recipe: Recipe = PLAIN_RECIPE, domains: Sequence[str] = DOMAINS) -> Application:
    """Write the application below that folder."""
    package = folder / "league"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""A generated application."""\n')
    (package / "base.py").write_text(templates.BASE)
    imports = "\n".join(f"from league.routers.{name} import router as {name}" for name in domains)
    (package / "main.py").write_text(Template(templates.MAIN).substitute(imports=imports, routers=", ".join(domains)))
    for layer, template in LAYERS.items():
        (package / layer).mkdir()
        (package / layer / "__init__.py").write_text(f'"""The {layer}."""\n')
        for name in domains:
            (package / layer / f"{name}.py").write_text(Template(template).substitute(name=name, Name=name.title()))
    for number, name in enumerate(domains):
        service = package / "services" / f"{name}.py"
        rules = range(number, recipe.rules, len(domains))
        _write_rules(package / "rules" / name, rules)
        modules = [*recipe.packages, *(f"league.rules.{name}.rule_{each}" for each in rules)]
        service.write_text(service.read_text() + "\n\n" + "".join(f"import {module}\n" for module in modules) + recipe.uses)
    return Application(
        name=recipe.name,
        folder=folder,
        devloop_target="league.main:configuration",
        uvicorn_arguments=("league.main:app", "--no-access-log", "--log-level", "warning"),
        routers=tuple(Editable(package / "routers" / f"{name}.py", f"/{name}/mark") for name in domains),
        base=Editable(package / "base.py", f"/{domains[0]}/mark"),
        kinds={name: f"/{domains[0]}/{name}" for name in ("asynchronous", "threaded", "dependent")},
        environment=environment,
        python=recipe.python,
    )


def _write_rules(folder: Path, numbers: range) -> None:
    """Write modules that import one another: each two of the previous ones."""
    if not numbers:
        return
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    for place, number in enumerate(numbers):
        previous = [numbers[index] for index in {place - 1, place // 2} if 0 <= index < place]
        imports = "".join(f"from league.rules.{folder.name} import rule_{each}\n" for each in sorted(previous))
        (folder / f"rule_{number}.py").write_text(Template(templates.RULE).substitute(number=number, imports=imports))


def line_of_breakpoint(file: Path) -> int:
    """The line of a router, counted from 1, where a request to its ``/paused`` stops."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), start=1) if line.endswith(BREAKPOINT))
