"""A temporary folder in the checkout, to test its file system."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

_one_at_a_time = Lock()  # so that one check does not remove `.cache` while another is about to use it


@contextmanager
def scratch(checkout: Path) -> Iterator[Path]:
    """Yield an empty folder under ``.cache``, and remove afterwards what was created.

    Raises:
        OSError: the checkout is not writable.
    """
    cache = checkout / ".cache"
    with _one_at_a_time:
        made = not cache.exists()
        cache.mkdir(exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix="doctor-", dir=cache) as folder:
                yield Path(folder)
        finally:
            if made:
                with suppress(OSError):  # another program has created a file there in the meantime
                    cache.rmdir()
