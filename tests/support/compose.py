"""Compose files as Compose reads them, without an engine: anchors merged, variables replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

#: `${NAME}`, `${NAME:-default}`, `${NAME:+instead}`, `${NAME:?sentence}`; of nested ones the innermost
VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-+?])([^{}]*))?\}")

Service = Mapping[str, Any]


def variables(path: Path) -> dict[str, set[str]]:
    """Every variable that a file uses, with the defaults it gives there."""
    found: dict[str, set[str]] = {}
    text = path.read_text(encoding="utf-8")
    while matches := VARIABLE.findall(text):
        for name, kind, rest in matches:
            found.setdefault(name, set()).update({rest} if kind == ":-" else ())
        text = VARIABLE.sub("", text)
    return found


def load(path: Path, values: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with these values for its variables; one that must be given and is not becomes empty."""
    given = values or {}

    def replaced(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        value = given.get(name, "")
        if kind == ":+":
            return str(rest) if value else ""
        return value or (str(rest) if kind == ":-" else "")

    text = path.read_text(encoding="utf-8")
    while VARIABLE.search(text):
        text = VARIABLE.sub(replaced, text)
    return cast("dict[str, Any]", yaml.safe_load(text))


def services(path: Path) -> dict[str, Service]:
    """The services of a file, by name."""
    return cast("dict[str, Service]", load(path)["services"])


def seconds(duration: str) -> float:
    """`15s`, `500ms` and `1m` as seconds."""
    amount, unit = re.fullmatch(r"(\d+)(ms|s|m)", duration, re.ASCII).groups()  # type: ignore[union-attr]
    return int(amount) * {"ms": 0.001, "s": 1, "m": 60}[unit]
