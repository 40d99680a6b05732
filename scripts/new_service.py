"""Add a service: ``python -m scripts.new_service standings`` (``make service NAME=standings``). See docs/adding-a-service.md.

Everything is put together before anything is written, so that a name that cannot be used changes no file.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from starlette.routing import Match

from app.main import create_app
from app.settings import CHECKOUT, Settings
from tools.compose_variables import COMPOSE_VARIABLES, PORT_STEP, PRODUCTION_VARIABLES

TEMPLATES: Final = Path(__file__).parent / "service"
FIRST_PORT: Final = 8090
FIRST_DEBUG_PORT: Final = 5680

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LONGEST_NAME: Final = 32


class Refused(Exception):
    """The service cannot be added; the text says why, and what to do."""


# --- where a block goes: each gets the file's text and returns the new one ----------------------------------------------------


def at_the_end_of_services(text: str, block: str) -> str:
    """Insert after the last service of a compose file, above the comment that introduces the next section."""
    head, services, rest = text.partition("\nservices:\n")
    following = re.search(r"^(?=[a-z])", rest, re.MULTILINE)
    if not services or following is None:
        raise ValueError("there is no `services:`, or nothing after it")
    body = rest[: following.start()]
    comment = re.search(r"(?:^#.*\n)*\Z", body, re.MULTILINE)
    end = comment.start() if comment else len(body)
    return f"{head}{services}{body[:end].rstrip()}\n\n{block}\n{body[end:]}{rest[following.start() :]}"


def at_the_end_of_the_variables(text: str, block: str) -> str:
    """Insert after the last of ``COMPOSE_VARIABLES``."""
    head, name, rest = text.partition("\nCOMPOSE_VARIABLES: Final = (\n")
    body, end, tail = rest.partition("\n)\n")
    if not name or not end:
        raise ValueError("COMPOSE_VARIABLES was not found")
    return f"{head}{name}{body}\n{block})\n{tail}"


def above(line: str) -> Callable[[str, str], str]:
    """Return a function that puts a block above the last line that begins like this one."""

    def insert(text: str, block: str) -> str:
        place = text.rindex(line)
        return f"{text[:place]}{block}{text[place:]}"

    return insert


def at_the_end(text: str, block: str) -> str:
    """Append after the last line."""
    return text + block


#: What is inserted where: file, template, place.
INSERTIONS: Final = (
    ("compose.dev.yaml", "compose.dev.yaml", at_the_end_of_services),
    ("compose.prod.yaml", "compose.prod.yaml", at_the_end_of_services),
    ("tools/compose_variables.py", "compose_variables.txt", at_the_end_of_the_variables),
    ("docker/proxy/draft-queen/upstream.conf", "upstream.conf", at_the_end),
    ("docker/proxy/nginx.conf", "location.conf", above("        location / {\n")),
    (".vscode/launch.json", "launch.json.txt", above("    // --- a process of its own")),
)


def forward_ports(text: str, name: str, debug_port: int) -> str:
    """Have the dev container start the service and forward its two ports."""
    text = re.sub(r'("runServices": \[.*)\]', rf'\1, "{name}"]', text)
    text = re.sub(r'("forwardPorts": \[.*)\]', rf'\1, "{name}:8000", "{name}:{debug_port}"]', text)
    labels = (
        f'    "{name}:8000": {{ "label": "{name}", "onAutoForward": "silent" }},\n'
        f'    "{name}:{debug_port}": {{ "label": "Debugger: {name}", "onAutoForward": "ignore" }},\n'
    )
    return text.replace('  "portsAttributes": {\n', f'  "portsAttributes": {{\n{labels}', 1)


# --- the whole -----------------------------------------------------------------------------------------------------------------


def free_port(first: int) -> int:
    """Return the first port from here on that no service has, in any instance of the stack."""
    taken = {int(variable.default) % PORT_STEP for variable in COMPOSE_VARIABLES if variable.is_port}
    return next(port for port in range(first, first + PORT_STEP) if port % PORT_STEP not in taken)


def values_for(name: str) -> dict[str, str]:
    """Return what the templates' placeholders stand for."""
    debug_port = free_port(FIRST_DEBUG_PORT)
    module = name.replace("-", "_")
    return {
        "name": name,
        "module": module,
        "NAME": module.upper(),
        "title": name.replace("-", " ").capitalize(),
        "port": str(free_port(FIRST_PORT)),
        "debug_port": str(debug_port),
        "second_debug_port": str(debug_port + PORT_STEP),
    }


def filled(template: str, values: dict[str, str]) -> str:
    """Return a template's text with its placeholders replaced."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda found: values[found[1]], text)


def check(name: str, checkout: Path) -> None:
    """Raise `Refused` for a name that cannot be a service, a package and a path of a URL, or that is taken."""
    if not name:
        raise Refused("NAME is empty: give the new service a name, as in `make service NAME=standings`.")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise Refused(
            f"NAME={name} cannot be a service: use lower-case letters, digits and single hyphens, a letter first, {_LONGEST_NAME} at most."
        )
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or name == "localhost":
        raise Refused(f"NAME={name} cannot be a service: the word has a meaning of its own. Choose another one.")
    package = checkout / "app" / module
    files = [package, package.with_suffix(".py"), checkout / "tests" / "integration" / f"test_{module}.py"]
    variables = {variable.name for variable in (*COMPOSE_VARIABLES, *PRODUCTION_VARIABLES)} | {
        each.upper() for each in Settings.model_fields
    }
    taken = {f"{module}_port".upper(), f"{module}_debug_port".upper()} & variables
    if name in used_names(checkout) or is_page(name) or taken or any(path.exists() for path in files):
        raise Refused(f"NAME={name} is taken: a service, a URL, a variable, a package of app/ or a test has that name. Choose another one.")


def used_names(checkout: Path) -> set[str]:
    """Return the names of the services, and the first parts of the URLs that the proxy and the API have."""
    compose = "".join((checkout / file).read_text(encoding="utf-8") for file, *_ in INSERTIONS[:2])
    proxy = (checkout / "docker" / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    api = {path.split("/")[1] for path in create_app().openapi()["paths"]}
    return set(re.findall(r"^  ([a-z0-9-]+):$", compose, re.MULTILINE)) | set(re.findall(r"location [=~^ ]*/([a-z0-9-]+)", proxy)) | api


def is_page(name: str) -> bool:
    """Return whether the API has a page at this URL, which the service's would hide."""
    scope = {"type": "http", "method": "GET", "path": f"/{name}", "headers": [], "root_path": ""}
    return any(route.matches(scope)[0] is not Match.NONE for route in create_app().routes)


def changed_files(name: str, checkout: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that the service needs, with its whole new text."""
    values = values_for(name)
    package = checkout / "app" / values["module"]
    yield package / "__init__.py", f'"""The {name} service."""\n'
    yield package / "main.py", filled("main.py.txt", values)
    yield checkout / "tests" / "integration" / f"test_{values['module']}.py", filled("test.py.txt", values)
    for file, template, place in INSERTIONS:
        yield checkout / file, place((checkout / file).read_text(encoding="utf-8"), filled(template, values))
    project = checkout / "pyproject.toml"
    layer = '"main | server'  # of what a process runs
    yield project, project.read_text(encoding="utf-8").replace(layer, f"{layer} | {values['module']}", 1)
    devcontainer = checkout / ".devcontainer" / "devcontainer.json"
    yield devcontainer, forward_ports(devcontainer.read_text(encoding="utf-8"), name, int(values["debug_port"]))


def main(name: str, checkout: Path = CHECKOUT) -> None:
    """Write the files and say what to do next."""
    check(name, checkout)
    for path, text in list(changed_files(name, checkout)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(checkout)}")
    print(f"Next: `make up-d` starts it. Its code is app/{name.replace('-', '_')}/main.py.")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "")
    except Refused as refusal:
        sys.exit(f"draft-queen: {refusal}")
