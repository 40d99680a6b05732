"""The state of the backups, for readiness and metrics."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Gauge

from app.backups.queries import STATE
from app.backups.schemas import BackupState
from app.context import ServiceContext


async def read_state(context: ServiceContext) -> BackupState:
    """Ask the database."""
    row = await context.database.fetch_row(STATE)
    return BackupState() if row is None else BackupState(row["verified_from"], row["size_bytes"], row["problem"])


def verdict(state: BackupState, max_age_hours: float, now: datetime | None = None) -> tuple[bool, str]:
    """Check that a recent verified backup exists, and describe the result."""
    age = state.age_seconds(now or datetime.now(UTC))
    failed = "" if state.problem is None else f"; the last one failed: {state.problem}"
    if age is None:
        return False, f"warning: no verified backup{failed}"
    hours = age / 3600
    if hours > max_age_hours:
        return False, f"warning: the last verified backup is {hours:.1f} hours old, more than {max_age_hours:g}{failed}"
    return not failed, f"{'warning: ' if failed else ''}the last verified backup is {hours:.1f} hours old{failed}"


def gauges(state: BackupState, now: datetime | None = None) -> CollectorRegistry:
    """Return the numbers for /metrics."""
    registry = CollectorRegistry()
    failed = Gauge("dq_backup_last_failed", "1 when the last backup failed or was not verified.", registry=registry)
    failed.set(float(state.problem is not None))
    seconds = state.age_seconds(now or datetime.now(UTC))
    if seconds is not None:
        age = Gauge("dq_backup_verified_age_seconds", "Age of the last backup that was verified by restoring it.", registry=registry)
        age.set(seconds)
        size = Gauge("dq_backup_verified_size_bytes", "Size of that backup, compressed.", registry=registry)
        size.set(state.size_bytes or 0)
    return registry
