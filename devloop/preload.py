"""Which third-party modules the zygote imports: those that a worker turned out to need. The first time only the server's own."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress

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
        name = "".join(letter if letter.isalnum() else "-" for letter in options.target)
        self._file = options.state / f"preload-{name}-{sys.version_info.major}.{sys.version_info.minor}.json"
        self._unsafe: list[str] = []
        self._learned: list[str] | None = None

    def modules(self) -> list[str]:
        """What to import, in order."""
        base = [*(_SERVER if self._options.kind == "asgi" else _WORKER)]
        if self._learned is None:
            self._read()
        unsafe = tuple(f"{name}." for name in self._unsafe)  # its submodules would import it
        return [*base, *(name for name in self._learned or () if not f"{name}.".startswith(unsafe))]

    @property
    def learned(self) -> bool:
        """Whether a worker has told what it needs."""
        return self._learned is not None

    def learn(self, modules: list[str]) -> None:
        """A worker imported these after the zygote's; the next zygote imports them first."""
        self._learned = list(dict.fromkeys([*(self._learned or ()), *modules]))
        self._write()

    def exclude(self, module: str) -> None:
        """This one started a thread: nothing may be forked after that."""
        self._unsafe.append(module)
        if self._learned is not None:
            self._write()

    def give_up(self) -> None:
        """Learn nothing more and import nothing but the server."""
        self._learned = []

    def forget(self) -> None:
        """Packages were installed or removed."""
        self._learned, self._unsafe = None, []

    def _key(self) -> str:
        """Changes with everything that may change the list."""
        digest = hashlib.sha256(sys.version.encode() + sys.prefix.encode())
        for lock in self._options.locks:
            with suppress(OSError):
                digest.update(lock.read_bytes())
        return digest.hexdigest()

    def _read(self) -> None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self._file.read_text())
            if kept["key"] == self._key():
                self._learned, self._unsafe = list(kept["modules"]), list(kept["unsafe"])

    def _write(self) -> None:
        """Without this file only the next start is slower, so a read-only disk is nothing to fail for."""
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps({"key": self._key(), "modules": self._learned, "unsafe": self._unsafe}))
            new.replace(self._file)
