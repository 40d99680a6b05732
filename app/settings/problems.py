"""What can be wrong with settings, said so that a person can put it right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit, urlunsplit

from pydantic import ValidationError

from app.errors import DraftQueenError
from app.errors.wording import in_words
from app.secret_files import with_secret_file

DEVELOPMENT_PASSWORDS = frozenset(
    {"", "admin", "changeme", "changethis", "draft_queen", "draft-queen", "draftqueen", "password", "postgres", "redis", "secret", "test"}
)
"""Passwords that stand in examples, and therefore protect nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One setting that is wrong: its name as in the environment, what is wrong (never the value of a secret), and the cure."""

    name: str
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.name} {self.message}: {self.cure}"


class SettingsError(DraftQueenError):
    """Settings with which no process starts; ``problems`` holds all of them."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        count = "One setting is" if len(self.problems) == 1 else f"{len(self.problems)} settings are"
        super().__init__(f"{count} invalid (docs/settings.md lists all settings):{lines}")


def problems_of(error: ValidationError, *, secrets: Collection[str]) -> list[Problem]:
    """Translate pydantic's findings; a secret's value is never repeated."""
    found = []
    for detail in error.errors(include_context=True):
        field = str(detail["loc"][0]) if detail["loc"] else ""
        name = field.upper()
        if detail["type"] == "value_error":
            message, _, cure = str(detail["msg"]).removeprefix("Value error, ").partition(": ")
        else:
            message, cure = f"is invalid (it {in_words(detail)})", ""
        hint = f"set {name}, or set {name}_FILE to the path of a file that contains it" if field in secrets else f"correct or remove {name}"
        found.append(Problem(name or "SETTINGS", message, cure or hint))
    return found


def production_problems(raw: Mapping[str, object]) -> list[Problem]:
    """Find what production does not accept; it checks raw values, so that it can report them together with other mistakes."""
    if str(raw.get("environment", "")).lower() != "production":
        return []
    problems = []
    url, password = raw.get("database_url"), raw.get("database_password")
    if not isinstance(url, str):
        problems.append(Problem("DATABASE_URL", "is missing", "production needs its own PostgreSQL; set DATABASE_URL or DATABASE_URL_FILE"))
    elif is_development_secret(url, password if isinstance(password, str) else None):
        name = "DATABASE_URL" if password is None else "DATABASE_PASSWORD"
        problems.append(
            Problem(name, "has no password, or one that is used in examples", "give the database a long random one (openssl rand -hex 24)")
        )
    redis_url = raw.get("redis_url")
    if isinstance(redis_url, str) and is_development_redis(redis_url):
        problems.append(
            Problem(
                "REDIS_URL",
                "has no password, or one that is used in examples",
                "give Redis a long random one (openssl rand -hex 24) and write redis://:password@host:6379/0",
            )
        )
    if str(raw.get("reload", "")).lower() in ("1", "true", "yes", "on"):
        problems.append(Problem("RELOAD", "is on in production", "remove it"))
    return problems


def is_development_secret(database_url: str, password: str | None) -> bool:
    """Check whether this database has no password, or a well-known one. A unix socket does not need one."""
    parts = _split(database_url)
    if parts is None:
        return False  # reported as what it is
    query = parse_qs(parts.query)
    host = query.get("host", [parts.hostname or ""])[0]
    if host.startswith("/"):
        return False
    given = password or unquote(parts.password or "") or query.get("password", [""])[0]
    return given.strip().lower() in DEVELOPMENT_PASSWORDS


def is_development_redis(redis_url: str) -> bool:
    """Check whether this Redis has no password, or a well-known one. A unix socket does not need one."""
    parts = _split(redis_url)
    if parts is None or parts.scheme not in ("redis", "rediss"):
        return False  # a socket, or reported as what it is
    given = unquote(parts.password or "") or parse_qs(parts.query).get("password", [""])[0]
    return given.strip().lower() in DEVELOPMENT_PASSWORDS


def is_redis_server(redis_url: str) -> bool:
    """Check that the URL is that of a server, not of a socket."""
    parts = _split(redis_url)
    return parts is not None and parts.scheme in ("redis", "rediss")


def webhook_problems(raw: Mapping[str, object]) -> list[Problem]:
    """Find a WEBHOOK_URL without a secret: its receiver could not tell our requests from others."""
    if raw.get("webhook_url") and not raw.get("webhook_secret"):
        return [Problem("WEBHOOK_SECRET", "is missing", "set it, or WEBHOOK_SECRET_FILE, to a long random text (openssl rand -hex 24)")]
    return []


def password_problems(raw: Mapping[str, object]) -> list[Problem]:
    """Find a DATABASE_PASSWORD that does not belong to any URL."""
    url, password = raw.get("database_url"), raw.get("database_password")
    if not password:
        return []
    if not isinstance(url, str):
        return [Problem("DATABASE_PASSWORD", "is set without DATABASE_URL", "set DATABASE_URL as well, or remove DATABASE_PASSWORD")]
    parts = _split(url)
    if parts is None:
        return []  # the address itself is reported
    if parts.password:
        return [Problem("DATABASE_PASSWORD", "is set, and DATABASE_URL contains a password too", "remove one of the two")]
    if not parts.username:
        return [Problem("DATABASE_URL", "has no user for DATABASE_PASSWORD", "write postgresql://user@host:5432/database")]
    return []


def join_secrets(raw: Mapping[str, object], files: Mapping[str, str]) -> dict[str, object]:
    """Put DATABASE_PASSWORD into the copied DATABASE_URL, so that every driver needs only the DSN.

    What came from a file is not put there but named, so that it can change while the process runs.
    """
    values = dict(raw)
    if "redis_url" in files and isinstance(raw.get("redis_url"), str) and is_redis_server(str(raw["redis_url"])):
        values["redis_url"] = with_secret_file(str(raw["redis_url"]), files["redis_url"])
    url, password = raw.get("database_url"), raw.get("database_password")
    parts = _split(url) if isinstance(url, str) else None
    if parts is not None and isinstance(password, str) and password and not password_problems(raw):
        if "database_password" in files:
            values["database_url"] = with_secret_file(str(url), files["database_password"])
            return values
        user, _, place = parts.netloc.rpartition("@")
        values["database_url"] = urlunsplit(parts._replace(netloc=f"{user.rstrip(':')}:{quote(password, safe='')}@{place}"))
    return values


def read_secret_files(secrets: Iterable[str], layers: Iterable[Mapping[str, str]]) -> tuple[dict[str, str], dict[str, str], list[Problem]]:
    """Read all ``NAME_FILE``; return contents, file names, and problems: given twice, missing, unreadable or empty.

    For each secret the first layer that speaks about it decides.
    """
    values: dict[str, str] = {}
    paths: dict[str, str] = {}
    problems: list[Problem] = []
    layers = tuple(layers)
    for secret in secrets:
        name = secret.upper()
        layer = next((layer for layer in layers if layer.get(name) or layer.get(f"{name}_FILE")), {})
        path = layer.get(f"{name}_FILE")
        if not path:
            continue
        content = _content(Path(path))
        if layer.get(name):
            problems.append(Problem(name, f"and {name}_FILE are both set", "remove one of the two"))
        elif content is None:
            problems.append(Problem(f"{name}_FILE", f"names a file that cannot be read ({path})", "correct the path or its permissions"))
        elif not content:
            problems.append(Problem(f"{name}_FILE", f"names an empty file ({path})", "write the secret into it"))
        else:
            values[secret], paths[secret] = content, path
    return values, paths, problems


def _split(url: str) -> SplitResult | None:
    """Split a URL, or return None if it is invalid."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _content(path: Path) -> str | None:
    """Read the file's text without surrounding white space; None if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that this one is probably meant to be, or None."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.8)), None)
