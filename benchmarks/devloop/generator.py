"""Writes a realistic application: router, service, models and schemas for each of seven domains or more, and one module that all import.

The answers of a router contain the constant ``MARK`` of its module and that of ``league.base``, so an answer tells which code made it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from benchmarks.devloop import templates
from benchmarks.devloop.application import Application, Editable

DOMAINS = ("coach", "combine", "game", "player", "season", "stadium", "team")
LAYERS: Mapping[str, str] = {
    "models": templates.MODELS,
    "schemas": templates.SCHEMAS,
    "services": templates.SERVICE,
    "routers": templates.ROUTER,
}
#: A comment in each router, on the line where a benchmark sets its breakpoint.
BREAKPOINT = "# breakpoint"


def generate(folder: Path, environment: Mapping[str, str], domains: Sequence[str] = DOMAINS) -> Application:
    """Write the application below that folder: four modules for each domain, and six more."""
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
    return Application(
        name="generated application",
        folder=folder,
        devloop_target="league.main:configuration",
        uvicorn_arguments=("league.main:app", "--no-access-log", "--log-level", "warning"),
        routers=tuple(Editable(package / "routers" / f"{name}.py", f"/{name}/mark") for name in domains),
        base=Editable(package / "base.py", f"/{domains[0]}/mark"),
        kinds={name: f"/{domains[0]}/{name}" for name in ("asynchronous", "threaded", "dependent")},
        environment=environment,
    )


def line_of_breakpoint(file: Path) -> int:
    """The line of a router, counted from 1, where a request to its ``/paused`` stops."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), start=1) if line.endswith(BREAKPOINT))
