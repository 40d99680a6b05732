"""Reloads that the application asks for itself, by writing a watched file whenever it starts: without an end, unless they are stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

#: A file may be written once because it was not there, and once more because of what was edited.
_MOST_ROUNDS = 2


class OwnWrites:
    """Leaves such files out, and names each of them once."""

    def __init__(self, say: Callable[[str], None], name: Callable[[Collection[str]], str]) -> None:
        self._say, self._name = say, name
        self._rounds = Counter[str]()

    def left(self, files: tuple[str, ...], written: Collection[str]) -> tuple[str, ...]:
        """Return those of the edited files that are to start a reload. ``written`` are files that the application writes at its start."""
        if any(file not in written for file in files):
            self._rounds = Counter({file: count for file, count in self._rounds.items() if count > _MOST_ROUNDS})
        found = []
        for file in files:
            self._rounds[file] += file in written
            if self._rounds[file] <= _MOST_ROUNDS:
                found.append(file)
            elif self._rounds[file] == _MOST_ROUNDS + 1:
                name = self._name([file])
                self._say(
                    f"the application writes {name} whenever it starts: changes of it no longer start a reload (--exclude says so, too)"
                )
        return tuple(found)
