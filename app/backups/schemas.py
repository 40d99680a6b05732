"""What is known of the backups at one moment."""

from datetime import datetime

import msgspec


class BackupState(msgspec.Struct, frozen=True):
    """``verified_from``: when the last verified backup was begun; ``problem``: of the last round, in one sentence."""

    verified_from: datetime | None = None
    size_bytes: int | None = None
    problem: str | None = None

    def age_seconds(self, now: datetime) -> float | None:
        """Return the age of the last verified backup; None if there is none."""
        return None if self.verified_from is None else max(0.0, (now - self.verified_from).total_seconds())
