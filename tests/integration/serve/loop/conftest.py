"""The parts of the development loop that `make run` adds: minutes, so they run with `make test-loop`."""

from __future__ import annotations

from tests.support.asked_for import ignored_unless

collect_ignore_glob = ignored_unless("LOOP_TESTS", linux=True)
