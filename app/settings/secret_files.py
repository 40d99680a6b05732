"""Addresses that name the file of their secret, so that the secret can change while the process runs.

``postgresql://user@host/database?secret_file=/run/secrets/database_password``: nobody holds the password, whoever makes a connection
reads it at that moment. While it is being changed the file holds two lines, the old password and the new one, either of which may be the
one that the server takes (scripts/rotate.sh).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

#: The parameter of an address that names the file. Nobody but us knows it: a driver that gets it refuses the address.
PARAMETER: Final = "secret_file"


def with_secret_file(url: str, path: str | Path) -> str:
    """The address without the secret that it may carry, and with the name of the file."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "password"]
    query.append((PARAMETER, str(path)))
    user, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{place}", query=urlencode(query, safe="/")))


def split_secret_file(url: str) -> tuple[str, Path | None]:
    """The address as drivers know it, and the file if it names one."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    named = [value for name, value in query if name == PARAMETER]
    if not named:
        return url, None
    rest = [(name, value) for name, value in query if name != PARAMETER]
    return urlunsplit(parts._replace(query=urlencode(rest, safe="/"))), Path(named[-1])


def without_user(url: str) -> str:
    """The address without a name or a password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def read_lines(path: Path) -> list[str]:
    """The secrets in the file, the one to try first in front; none while somebody is writing it."""
    return [line for line in (raw.strip() for raw in path.read_text(encoding="utf-8").splitlines()) if line]
