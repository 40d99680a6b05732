"""Which third-party modules the zygote imports: those that a worker turned out to need. The first time only the server's own."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

from devloop import state
from devloop.messages import Prepared
from devloop.modules import skeleton
from devloop.options import Options

#: What every worker of an application needs; a plain worker needs none of it.
_SERVER = (
    "devloop.worker.asgi",
    "devloop.worker.run",
    "devloop.worker.refresh",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.loops.auto",
)
_WORKER = ("devloop.worker.plain", "devloop.worker.run", "asyncio")


class Preload:
    """The list, kept in a file for the next start; forgotten when Python or the lock files change."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._file = options.state / f"preload-{state.target_name(options.target)}-{sys.version_info.major}.{sys.version_info.minor}.json"
        self.unsafe: list[str] = []  # packages after whose import nothing may be forked
        self._learned: list[str] | None = None
        self._was_read = False
        self._changer: str | None = None
        self._skeletons: dict[str, str] = {}

    def modules(self) -> list[str]:
        """Return the modules to import, in order."""
        base = [*(_SERVER if self._options.kind == "asgi" else _WORKER)]
        if not self._was_read:
            self._was_read = True
            self._read()
        unsafe = tuple(f"{name}." for name in self.unsafe)  # its submodules would import it
        return [*base, *(name for name in self._learned or () if not f"{name}.".startswith(unsafe))]

    @property
    def learned(self) -> bool:
        """Whether a worker has reported what it needs."""
        return self._learned is not None

    def learn(self, modules: Sequence[str], preparation: Prepared | None = None) -> None:
        """Record modules that a worker imported after the zygote's; the next zygote imports them first.

        They were imported before the application changed the environment, which ``preparation`` describes.
        """
        self._learned = list(dict.fromkeys([*(self._learned or ()), *modules]))
        if preparation is not None:
            self._changer = next(iter(preparation.changers), None)
            self._skeletons = {file: _digest(file) for file in preparation.before}
        self._write()

    def holds_for(self, preparation: Prepared) -> bool:
        """Check that what is imported ahead would have been imported before the application changed the environment.

        It is so as long as the same module is the first one to change it, and the modules up to there run as they did.
        """
        if not self._learned or not preparation.changers:
            return True
        known = preparation.changers[0] == self._changer and all(file in self._skeletons for file in preparation.before)
        return known and all(_digest(file) == digest for file, digest in self._skeletons.items())

    def exclude(self, modules: Iterable[str]) -> None:
        """Exclude modules after whose import the process must not be forked."""
        self.unsafe += modules
        if self._learned is not None:
            self._write()

    def give_up(self) -> None:
        """Learn nothing more and import nothing but the server."""
        self._learned = []

    def relearn(self) -> None:
        """Start learning again, because the application's imports have changed."""
        self._learned = None

    def forget(self) -> None:
        """Forget everything, because packages were installed or removed."""
        self._learned, self.unsafe, self._was_read = None, [], False

    def _key(self) -> str:
        """Return a key that changes with everything that may change the list."""
        digest = hashlib.sha256(sys.version.encode() + sys.prefix.encode())
        for lock in self._options.locks:
            with suppress(OSError):
                digest.update(lock.read_bytes())
        return digest.hexdigest()

    def _read(self) -> None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self._file.read_text())
            if kept["key"] == self._key():
                self._learned, self.unsafe = list(kept["modules"]), list(kept["unsafe"])
                self._changer, self._skeletons = kept["changer"], dict(kept["skeletons"])

    def _write(self) -> None:
        """Write the list. Without the file only the next start is slower."""
        kept = {"key": self._key(), "modules": self._learned, "unsafe": self.unsafe}
        state.write(self._file, kept | {"changer": self._changer, "skeletons": self._skeletons})


def _digest(file: str) -> str:
    return hashlib.sha256(skeleton(file).encode()).hexdigest()
