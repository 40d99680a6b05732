"""What a worker says of its start: what it has loaded and read, and what its imports did besides."""

from __future__ import annotations

import time

from devloop.errors import shortened
from devloop.inputs import Inputs
from devloop.messages import MOST_NAMED, Failed, Loaded, Prepared
from devloop.worker.import_times import ImportTimes
from devloop.worker.own import other_modules, own_modules


class Report:
    """The knowledge of one worker. ``before`` are the modules that the zygote has imported."""

    def __init__(self, inputs: Inputs, before: frozenset[str]) -> None:
        self._inputs = inputs
        self._before = before
        self._times = ImportTimes()
        self._begun = self._imported = time.monotonic()

    def begin(self) -> None:
        """Mark the beginning of the remaining imports."""
        self._begun = self._imported = time.monotonic()
        self._times.begin()

    def imported(self) -> None:
        """Mark the end of the imports and the beginning of the start-up."""
        self._imported = time.monotonic()

    def prepared(self) -> Prepared:
        """Report the end of the start-up: files read from now on are read by the generation itself."""
        self._inputs.stop()
        self._times.end()
        importing, starting = self._imported - self._begun, time.monotonic() - self._imported
        prepared = Prepared(importing=importing * 1000, starting=starting * 1000, slowest=self._times.slowest(self._inputs.own))
        if self._inputs.changers:
            begun = set(self._inputs.begun_before_change)
            prepared.changers = list(self._inputs.changers)
            prepared.before = [file for name, file in own_modules(self._inputs.own) if name in begun]
        return prepared

    def failed(self, error: str) -> Failed:
        """Report that an import or the start-up failed."""
        prepared = self.prepared()
        return Failed(shortened(error), prepared.changers, prepared.before, self._inputs.changed_by_others()[:MOST_NAMED])

    def loaded(self) -> Loaded:
        """Return what is in memory after the first requests, which may import more."""
        inputs = self._inputs
        own = own_modules(inputs.own, list(inputs.names))
        others = other_modules(self._before, own)
        if inputs.changers:
            others = [name for name in others if name in inputs.before_change]
        return Loaded(own, others, inputs.read(), sorted(inputs.written), list(inputs.changers), inputs.effects)
