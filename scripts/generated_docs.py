"""Writes .env.example, docs/settings.md and docs/data-dictionary.md: ``python -m scripts.generated_docs [--check]``."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from pydantic.fields import FieldInfo

from app.settings import CHECKOUT, SECRETS, Settings
from scripts import data_dictionary
from tools.compose_variables import COMPOSE_VARIABLES, PRODUCTION_VARIABLES

EXAMPLE_HEAD = """\
# Settings of Draft Queen. Copy to .env and uncomment what you want to change; docs/settings.md is the same as a table.
# The environment takes precedence over this file. Every line shows the default.
"""

EXAMPLE_COMPOSE = """\
# --- The containers: read by `docker compose`, not by a process. `make up` sets the values that depend on the machine.
"""

EXAMPLE_PRODUCTION = """\
# --- Production: read by `docker compose -f compose.prod.yaml`. Keep these in a separate file from the development stack's.
"""

PAGE_HEAD = """\
# Settings

Every process reads the same settings, from the first of these that has a value:

1. the environment,
2. for secrets, the file named by `NAME_FILE` (for example `DATABASE_URL_FILE=/run/secrets/database_url`),
3. `.env` in the checkout (`.env.example` is the template).

All invalid settings are reported at once, by name and with what to do, and the process ends with exit code 2. Misspelt names in `.env` are
reported too. `ENVIRONMENT=production` additionally refuses an unset `DATABASE_URL`, a database without a password or with a well-known one,
and `RELOAD`.

`make docs` generates this page from `app/settings/model.py` and `tools/compose_variables.py`.

| setting | default | meaning |
|---|---|---|
"""

PAGE_TAIL = """
\\* may be given as a file: `NAME_FILE`.

## The containers

`docker compose` reads these from `.env`, and `POLLING` of the table above; `make up` and the dev container's first step write the
file. Processes do not read them, except that `make run` reads the debug ports. The containers get `DATABASE_URL`, `REDIS_URL`,
`DATA_DIR` and similar settings from the compose files, regardless of `.env`.

| name | default | meaning |
|---|---|---|
"""

PAGE_PRODUCTION = """
## Production

`docker compose -f compose.prod.yaml` reads these from `.env`, or from the file that `--env-file` names; `LOG_LEVEL`, `ALLOWED_ORIGINS`,
`DATABASE_POOL_SIZE`, `DATABASE_STATEMENT_TIMEOUT_SECONDS`, `CACHE_SIZE_MB`, `STALE_SECONDS`, `STREAMS_PER_MINUTE`, `EXPORTS_PER_MINUTE`,
`SEARCHES_PER_MINUTE`, `SOURCE_BASE_URL`, `SOURCE_TIMEOUT_SECONDS` and `WEBHOOK_URL` of the first table as well.
[deployment.md](deployment.md) shows how they are used.

| name | default | meaning |
|---|---|---|
"""


def default_of(field: FieldInfo) -> str:
    """Format the default as in .env; empty when unset."""
    return "" if field.default in (None, ()) else str(field.default)


def example() -> str:
    """Return the text of .env.example."""
    parts = [EXAMPLE_HEAD]
    below = {variable.name for variable in (*COMPOSE_VARIABLES, *PRODUCTION_VARIABLES)}
    for name, field in Settings.model_fields.items():
        if name.upper() in below:
            continue
        comment = textwrap.fill(field.description or "", 110, initial_indent="# ", subsequent_indent="# ")
        parts.append(f"{comment}\n# {name.upper()}={default_of(field)}\n")
        if name in SECRETS:
            parts[-1] += f"# {name.upper()}_FILE=\n"
    compose = (f"# {variable.description}\n{variable.name}={variable.default}\n" for variable in COMPOSE_VARIABLES)
    production = (f"# {variable.description}\n# {variable.name}={variable.default}\n" for variable in PRODUCTION_VARIABLES)
    return "\n".join([*parts, EXAMPLE_COMPOSE, *compose, EXAMPLE_PRODUCTION, *production])


def page() -> str:
    """Return the text of docs/settings.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        mark = "\\*" if name in SECRETS else ""
        default = f"`{default_of(field)}`" if default_of(field) else "unset"
        rows.append(f"| `{name.upper()}`{mark} | {default} | {field.description} |\n")
    compose, production = (
        "".join(f"| `{variable.name}` | `{variable.default}` | {variable.description} |\n" for variable in variables)
        for variables in (COMPOSE_VARIABLES, PRODUCTION_VARIABLES)
    )
    return PAGE_HEAD + "".join(rows) + PAGE_TAIL + compose + PAGE_PRODUCTION + production


def documents() -> dict[Path, str]:
    """Return every generated file with its expected text."""
    docs = CHECKOUT / "docs"
    return {CHECKOUT / ".env.example": example(), docs / "settings.md": page(), docs / "data-dictionary.md": data_dictionary.page()}


def main() -> None:
    """Write the files, or with ``--check`` say which are not current and end with 1."""
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(CHECKOUT)} is not current: run `make docs`.", file=sys.stderr)
        sys.exit(1 if stale else 0)
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(documents()[path], encoding="utf-8")
        print(f"wrote {path.relative_to(CHECKOUT)}")


if __name__ == "__main__":
    main()
