"""URLs that name the file of their secret, so that the secret can change while the process runs.

``postgresql://user@host/database?secret_file=/run/secrets/database_password``: the password is not kept in memory but read for each new
connection. During a rotation the file has two lines, the old password and the new one, and the server may accept either
(scripts/rotate.sh).
"""

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

#: The URL parameter that names the file. It is our own: drivers reject a URL that contains it.
PARAMETER: Final = "secret_file"


def with_secret_file(url: str, path: str | Path) -> str:
    """Return the URL without a secret, but with the name of the file."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "password"]
    query.append((PARAMETER, str(path)))
    user, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{place}", query=urlencode(query, safe="/")))


def split_secret_file(url: str) -> tuple[str, Path | None]:
    """Split the URL into the form that drivers know, and the file if it names one."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    named = [value for name, value in query if name == PARAMETER]
    if not named:
        return url, None
    rest = [(name, value) for name, value in query if name != PARAMETER]
    return urlunsplit(parts._replace(query=urlencode(rest, safe="/"))), Path(named[-1])


def without_user(url: str) -> str:
    """Return the URL without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def read_lines(path: Path) -> list[str]:
    """Read the secrets in the file, the one to try first in front; none while the file is being written."""
    return [line for line in (raw.strip() for raw in path.read_text(encoding="utf-8").splitlines()) if line]
