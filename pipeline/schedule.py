"""When a scheduled load is due: once a day, and every quarter of an hour in draft week. Pure functions of the time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

#: The sources are rebuilt at night in North America; by this time (UTC) they are available.
DAILY_AT: Final = time(9, 0, tzinfo=UTC)
DRAFT_WEEK_INTERVAL: Final = timedelta(minutes=15)
#: How often a worker asks whether a load is due, as cron.
TICKS: Final = "*/15 * * * *"
_THURSDAY: Final = 3


def in_draft_week(day: date) -> bool:
    """Check whether picks may be made or corrected on that day.

    The draft begins on the fourth or on the last Thursday of April, which are a week apart in some years; counted is everything from the
    Monday before the fourth to the Monday after the last weekend.
    """
    april_30 = date(day.year, 4, 30)
    last_thursday = april_30 - timedelta(days=(april_30.weekday() - _THURSDAY) % 7)
    fourth_thursday = date(day.year, 4, 28) - timedelta(days=(date(day.year, 4, 28).weekday() - _THURSDAY) % 7)
    return fourth_thursday - timedelta(days=3) <= day <= last_thursday + timedelta(days=4)


def latest_slot(now: datetime) -> datetime:
    """Return the last moment, not after ``now`` (with a time zone), at which a load should have begun."""
    now = now.astimezone(UTC)
    if in_draft_week(now.date()):
        midnight = datetime.combine(now.date(), time(0, tzinfo=UTC))
        return now - (now - midnight) % DRAFT_WEEK_INTERVAL
    today = datetime.combine(now.date(), DAILY_AT)
    return today if today <= now else today - timedelta(days=1)


def next_slot(now: datetime) -> datetime:
    """Return the first moment after ``now`` (with a time zone) at which a load should begin."""
    now = now.astimezone(UTC)
    if in_draft_week(now.date()):
        slot = latest_slot(now) + DRAFT_WEEK_INTERVAL
        return slot if in_draft_week(slot.date()) else datetime.combine(slot.date(), DAILY_AT)
    today = datetime.combine(now.date(), DAILY_AT)
    if today > now:
        return today
    tomorrow = now.date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(0, tzinfo=UTC) if in_draft_week(tomorrow) else DAILY_AT)


def is_due(now: datetime, last_start: datetime | None) -> bool:
    """Check whether a scheduled load should begin, given when the last one did (None: never).

    A worker that was not running at that hour catches up when it starts.
    """
    return last_start is None or last_start < latest_slot(now)
