"""Which release this process runs. Every ETag, the header ``X-Release``, ``/health/ready`` and ``dq version`` carry its name."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path

from app.settings import CHECKOUT, ReleaseSettings

#: The name of a build that was given none (compose.prod.yaml and the Dockerfile have the same default).
UNNAMED = "local"
#: The folders of our code; an image has no others.
SOURCES = ("app", "pipeline", "cli", "alembic")


def release_of(settings: ReleaseSettings) -> str:
    """Return the name that the image was built with, or one made from the code where that name is not unique.

    A name such as ``local`` is given to one build after another, and in development the code changes while the name stays. Caches of
    browsers must see the difference, so there the fingerprint of the code is part of the name.
    """
    if settings.environment == "development" or settings.release == UNNAMED:
        return f"{UNNAMED}-{code_fingerprint()}"
    return settings.release


@cache
def code_fingerprint() -> str:
    """Return the fingerprint of the code as of the first call in this process."""
    return fingerprint_of(*(CHECKOUT / name for name in SOURCES))


def fingerprint_of(*folders: Path) -> str:
    """Return a fingerprint of all files in these folders: code, templates, static files.

    It depends on names and contents alone. Times of files say nothing: in an image all of them are the same. Reading the 3 MB takes
    about 10 ms.
    """
    digest = hashlib.blake2b(digest_size=6)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            # hidden files are an editor's: a lock on a file, for example, is a link to nowhere
            if path.suffix == ".pyc" or path.name.startswith("."):
                continue
            with suppress(OSError):  # a folder, a link to nowhere, or deleted since it was listed
                content = hashlib.blake2b(path.read_bytes()).digest()
                digest.update(path.relative_to(folder.parent).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()
