"""The database that the settings name, or the embedded server of a checkout."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import DraftQueenError
from app.settings.model import Settings, get_settings


@contextmanager
def configured_dsn(settings: Settings | None = None) -> Iterator[str]:
    """Yield the URL of the database; an embedded server runs at least until the end of the block. Blocks while that one starts.

    Raises:
        DraftQueenError: DATABASE_URL is not set, and this is an image, which has no embedded server.
    """
    settings = settings or get_settings()
    if settings.database_url is not None:
        yield settings.database_url
        return
    try:
        from tools.embedded import EmbeddedPostgres
    except ModuleNotFoundError as error:
        raise DraftQueenError("DATABASE_URL is not set.", "Set it: only a checkout has an embedded PostgreSQL.") from error
    with EmbeddedPostgres(settings.embedded_dir) as server:
        yield server.dsn
