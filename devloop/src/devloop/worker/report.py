"""What a worker says of its start: what it has loaded and read, and what its imports did besides."""

from __future__ import annotations

from devloop.errors import shortened
from devloop.inputs import Inputs
from devloop.messages import Failed, Loaded, Prepared
from devloop.worker.own import other_modules, own_modules


class Report:
    """The knowledge of one worker. ``before`` are the modules that the zygote has imported."""

    def __init__(self, inputs: Inputs, before: frozenset[str]) -> None:
        self._inputs = inputs
        self._before = before

    def prepared(self) -> Prepared:
        """Everything is imported and started up: what is read from now on, is read by the generation itself."""
        self._inputs.stop()
        if not self._inputs.changers:
            return Prepared()
        begun = set(self._inputs.begun_before_change)
        files = [file for name, file in own_modules(self._inputs.own) if name in begun]
        return Prepared(list(self._inputs.changers), files)

    def failed(self, error: str) -> Failed:
        """Something was not imported or did not start up."""
        prepared = self.prepared()
        return Failed(shortened(error), prepared.changers, prepared.before)

    def loaded(self) -> Loaded:
        """What is in memory after the first requests, which import something as well."""
        inputs = self._inputs
        own = own_modules(inputs.own, list(inputs.names))
        others = other_modules(self._before, own)
        if inputs.changers:
            others = [name for name in others if name in inputs.before_change]
        return Loaded(own, others, inputs.read(), sorted(inputs.written), list(inputs.changers), inputs.effects)
