"""Every setting of every process, in one typed object.

Values come, first found wins, from the environment, from the file that ``NAME_FILE`` points to (for secrets), and from ``.env`` in the
checkout. Whatever is wrong with them is reported together, by name, each with its cure: see ``SettingsError``. The descriptions below are
also the text of ``.env.example`` and ``docs/settings.md`` (``make docs``).
"""

import logging
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import BeforeValidator, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.errors import DraftQueenError
from app.settings.origins import origins_of
from app.settings.problems import (
    Problem,
    SettingsError,
    join_secrets,
    nearest_name,
    password_problems,
    problems_of,
    production_problems,
    read_secret_files,
    webhook_problems,
)

CHECKOUT = Path(__file__).resolve().parents[2]

SECRETS = ("database_url", "database_password", "redis_url", "webhook_secret")
"""Settings that may be given as ``NAME_FILE``, and that are never shown."""

_FILE_PROBLEMS, _FILES = "file_problems", "secret_files"
"""The reader of secret files passes its problems, and the names of the files, to the validator under these names."""


#: Names in an env file, also those that are commented out.
_NAMED = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_NO_ADDRESS = "is not a PostgreSQL URL: write postgresql://user:password@host:5432/database"


def _postgres_dsn(value: object) -> object:
    """Normalise the scheme for all drivers, and require the parts that a connection needs."""
    if not isinstance(value, str):
        return value
    scheme, _, rest = value.partition("://")
    if scheme.lower() not in ("postgresql", "postgres", "postgresql+asyncpg") or not rest:
        raise ValueError(_NO_ADDRESS)
    try:
        parts = urlsplit(f"postgresql://{rest}")
    except ValueError as error:  # a bracket that is never closed
        raise ValueError(_NO_ADDRESS) from error
    try:
        parts.port  # noqa: B018 - reading it is the check
    except ValueError as error:
        raise ValueError("has an invalid port: write a number from 1 to 65535, usually 5432") from error
    if not parts.path.strip("/"):
        raise ValueError("names no database: write postgresql://user:password@host:5432/database")
    return f"postgresql://{rest}"


def _redis_url(value: object) -> object:
    if isinstance(value, str) and not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("is not a Redis URL: write redis://host:6379/0")
    return value


def _http_base(value: object) -> object:
    if isinstance(value, str) and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
        raise ValueError("is not an HTTP URL: write it like https://host/path")
    return value.rstrip("/") if isinstance(value, str) else value


def _release(value: object) -> object:
    """Check the release name: it becomes part of every ETag, so it must not contain characters with a meaning there."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9._+/-]{1,128}", value):
        raise ValueError("is not the name of a release: use at most 128 letters, digits and any of . _ + / -")
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _folder(value: object) -> object:
    """Resolve a relative folder from the checkout, wherever the process was started."""
    if isinstance(value, str | Path):
        return CHECKOUT / Path(value).expanduser()
    return value


Folder = Annotated[Path, BeforeValidator(_folder)]


class ReleaseSettings(BaseSettings):
    """What tells which release this is. Apart from the others, so that it can be read when one of those is wrong."""

    model_config = SettingsConfigDict(
        env_file=CHECKOUT / ".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    environment: Annotated[Literal["development", "test", "production"], BeforeValidator(_lower)] = Field(
        default="development",
        description="Purpose of this process. `production` refuses development secrets, requires DATABASE_URL and logs JSON.",
    )
    release: Annotated[str, BeforeValidator(_release)] = Field(
        default="local",
        description="Name of the running release, in every ETag and in the header `X-Release`. Images get it when they are built. "
        "For `local`, and in development, it is derived from the code.",
    )


class Settings(ReleaseSettings):
    """The settings of one process; make it with ``get_settings()``."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address the API listens on; 0.0.0.0 for all network interfaces.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port the API listens on.")
    reload: bool | None = Field(
        default=None, description="Reload the API and the pipeline of `make run` at every edit. Unset: yes in development, no elsewhere."
    )
    polling: Annotated[Literal["auto", "on", "off"], BeforeValidator(_lower)] = Field(
        default="auto",
        description="How hot reload finds edits: `on` compares all files every 0.3 s, `off` relies on file events, `auto` polls where "
        "events do not arrive.",
    )
    api_debug_port: int = Field(
        default=5678, ge=0, le=65535, description="Port where a debugger attaches to the API; only with hot reload; 0: none."
    )
    pipeline_debug_port: int = Field(
        default=5679, ge=0, le=65535, description="Port where a debugger attaches to the pipeline; only with hot reload; 0: none."
    )
    debug_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address of the debug ports. Anyone who can reach them can run any code."
    )

    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(origins_of)] = Field(
        default=(),
        description="Origins whose pages may read the API from a browser (CORS), separated by commas, as "
        "`https://draft.example.org,http://localhost:3000`; `*` for every origin. Unset: none.",
    )

    database_url: Annotated[str, BeforeValidator(_postgres_dsn)] | None = Field(
        default=None,
        repr=False,
        description="PostgreSQL, as postgresql://user:password@host:5432/database. Unset, outside production: an embedded server.",
    )
    database_password: str | None = Field(
        default=None, repr=False, description="Password for a DATABASE_URL without one, so that secrets can be stored separately."
    )
    database_pool_size: int = Field(default=32, ge=1, le=500, description="Maximum number of database connections of one API process.")
    database_statement_timeout_seconds: float = Field(
        default=15, gt=0, le=3600, description="SQL statements of API requests are cancelled after this many seconds."
    )

    redis_url: Annotated[str, BeforeValidator(_redis_url)] | None = Field(
        default=None,
        repr=False,
        description="Redis, as redis://host:6379/0: second level of the response cache, and rate limits across processes. Optional.",
    )
    cache_size_mb: int = Field(default=16, ge=1, le=65536, description="Maximum memory, in MB, of the cache in one process.")
    stale_seconds: float = Field(
        default=60,
        ge=0,
        le=3600,
        description="While the database is unavailable, cached responses are served for this many seconds, marked as stale; 0: never.",
    )

    streams_per_minute: int = Field(
        default=60, ge=0, description="Whole sets (`format=csv` and the like) that one client may stream in a minute; 0: no limit."
    )
    exports_per_minute: int = Field(
        default=600, ge=0, description="Export files, or parts of them, that one client may fetch in a minute; 0: no limit."
    )
    searches_per_minute: int = Field(
        default=600, ge=0, description="Searches for people, suggestions included, that one client may send in a minute; 0: no limit."
    )

    data_dir: Folder = Field(
        default=Path(".data"),
        description="Folder for persistent data: embedded database, downloads, exports. A relative path starts at the checkout.",
    )
    exports_dir: Folder | None = Field(
        default=None, description="Folder of the data set files that the API offers. Unset: `exports` in DATA_DIR."
    )

    backup_max_age_hours: float | None = Field(
        default=None,
        gt=0,
        le=8760,
        description="Readiness warns when the last verified backup is older than this many hours. Unset: no backups are expected.",
    )

    worker_liveness_file: Folder | None = Field(
        default=None, description="File that the pipeline's worker touches every 5 s while it is healthy; containers check its age."
    )

    source_base_url: Annotated[str, BeforeValidator(_http_base)] = Field(
        default="https://github.com/nflverse/nflverse-data/releases/download",
        description="Base URL of the public release files; `/combine/combine.parquet` and the like are appended.",
    )
    source_timeout_seconds: float = Field(default=30, gt=0, le=3600, description="A download fails after this many seconds without data.")
    webhook_url: Annotated[str, BeforeValidator(_http_base)] | None = Field(
        default=None, description="URL that gets a signed POST after each load that has changed data; see docs/data.md. Unset: none."
    )
    webhook_secret: str | None = Field(
        default=None, min_length=16, description="Key of the signature of these requests (HMAC-SHA256); at least 16 characters."
    )
    sample_rows: int = Field(
        default=21_895, ge=100, le=10_000_000, description="Rows of the synthetic league that is loaded when real data are not available."
    )
    sample_seed: int = Field(
        default=2026, ge=0, le=2**31 - 1, description="Random seed of the synthetic league: the same seed gives the same league."
    )

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        default="INFO", description="Minimum level of log lines."
    )
    log_format: Annotated[Literal["console", "json"], BeforeValidator(_lower)] | None = Field(
        default=None, description="Human-readable log lines (`console`) or JSON (`json`). Unset: json in production, console elsewhere."
    )

    @property
    def is_production(self) -> bool:
        """Whether this process serves the public."""
        return self.environment == "production"

    @property
    def exports(self) -> Path:
        """Folder of the dataset files: EXPORTS_DIR, or its place in DATA_DIR."""
        return self.exports_dir or self.data_dir / "exports"

    @property
    def embedded_dir(self) -> Path:
        """Folder of the embedded PostgreSQL."""
        return self.data_dir / "postgres"

    @property
    def hot_reload(self) -> bool:
        """Whether an edit reloads the code."""
        return self.environment == "development" if self.reload is None else self.reload

    @property
    def reuses_responses(self) -> bool:
        """Whether a response may be sent again, from memory or as a 304. Not in development, where every request meets a breakpoint."""
        return self.environment != "development" and not self.hot_reload

    @property
    def log_as_json(self) -> bool:
        """Whether log lines are for machines."""
        return self.is_production if self.log_format is None else self.log_format == "json"

    @model_validator(mode="wrap")
    @classmethod
    def _report_everything_at_once(cls, values: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Validate values, secrets and rules between settings before reporting any problem."""
        raw = {str(name): value for name, value in values.items()} if isinstance(values, dict) else {}
        problems: list[Problem] = raw.pop(_FILE_PROBLEMS, [])
        files: dict[str, str] = raw.pop(_FILES, {})
        settings: Self | None = None
        try:
            settings = handler(join_secrets(raw, files))
        except ValidationError as error:
            problems += problems_of(error, secrets=SECRETS)
        reported = {problem.name for problem in problems}
        problems += [problem for problem in production_problems(raw) if problem.name not in reported]
        problems += password_problems(raw) + webhook_problems(raw)
        if settings is None or problems:
            raise SettingsError(problems)
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources, the first taking precedence: arguments, environment, NAME_FILE, .env."""
        in_env_file = dotenv_settings.env_vars if isinstance(dotenv_settings, DotEnvSettingsSource) else {}
        return init_settings, env_settings, _SecretFiles(settings_cls, in_env_file), dotenv_settings


class _SecretFiles(PydanticBaseSettingsSource):
    """``DATABASE_URL_FILE=/run/secrets/database_url`` and the like, from the environment or from ``.env``."""

    def __init__(self, settings_cls: type[BaseSettings], in_env_file: Mapping[str, str | None]) -> None:
        super().__init__(settings_cls)
        self._layers = [os.environ, {name.upper(): value for name, value in in_env_file.items() if value}]

    def get_field_value(self, field: object, field_name: str) -> tuple[object, str, bool]:
        """Return nothing: ``__call__`` provides all fields."""
        raise NotImplementedError

    def __call__(self) -> dict[str, object]:
        values, paths, problems = read_secret_files(SECRETS, self._layers)
        return {**values, _FILE_PROBLEMS: problems, _FILES: paths}


def _misspelt(env_file: Path) -> list[Problem]:
    """Find misspelt names of settings in ``.env``, which have no effect."""
    if not env_file.is_file():
        return []
    known = {name.upper() for name in Settings.model_fields} | {f"{name.upper()}_FILE" for name in SECRETS}
    example = CHECKOUT / ".env.example"  # it names what Compose reads from .env, too
    known |= set(_NAMED.findall(example.read_text(encoding="utf-8"))) if example.is_file() else set()
    given = DotEnvSettingsSource(Settings, env_file=env_file).env_vars
    return [
        Problem(name.upper(), f"in {env_file.name} is not a setting", f"did you mean {near}?")
        for name in given
        if name.upper() not in known and (near := nearest_name(name.upper(), known))
    ]


def _unreadable(env_file: Path) -> list[Problem]:
    """Find lines of ``.env`` that set nothing: their setting would silently keep its default."""
    if not env_file.is_file():
        return []
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # it says so as well, at each reading, and not of which file
    with env_file.open(encoding="utf-8") as lines:
        broken = [binding.original.line for binding in parse_stream(lines) if binding.error]
    cure = "write NAME=value, and close any open quotation mark"
    return [Problem(f"Line {number}", f"of {env_file.name} cannot be read", cure) for number in broken]


def load_settings(env_file: Path | None = CHECKOUT / ".env") -> Settings:
    """Read the settings again.

    Raises:
        SettingsError: naming every missing, invalid or misspelt setting with its cure.
    """
    problems: list[Problem] = []
    try:
        problems += _unreadable(env_file) + _misspelt(env_file) if env_file else []
        settings = Settings(_env_file=env_file)
    except SettingsError as error:
        raise SettingsError(problems + error.problems) from None
    except PermissionError as error:
        repair = "If it belongs to another user, take the checkout back: sudo chown -R $(id -u):$(id -g) ."
        raise DraftQueenError(f"{error.filename} cannot be read: permission denied.", repair) from error
    except UnicodeDecodeError as error:
        raise DraftQueenError(f"{env_file} is not UTF-8 text.", "Save it as UTF-8.") from error
    if problems:
        raise SettingsError(problems)
    return settings


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read at the first call.

    Raises:
        SettingsError: naming every missing, invalid or misspelt setting with its cure.
    """
    return load_settings()
