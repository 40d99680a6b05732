"""Why there has to be a new process."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there has to be a new process: these files, or a word for the log. ``noticed`` is how many milliseconds after they were saved."""

    files: tuple[str, ...] = ()
    word: str = ""
    new_zygote: bool = False
    noticed: float | None = field(default=None, compare=False)

    def merged(self, other: Reason) -> Reason:
        """Merge this unfinished reason with another one."""
        files = tuple(dict.fromkeys([*self.files, *other.files]))
        return Reason(files, self.word or other.word, self.new_zygote or other.new_zygote, other.noticed)
