"""When a scheduled load is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.options import LoadOptions
from pipeline.schedule import in_draft_week, is_due, latest_slot, next_slot
from pipeline.worker import WorkerOptions, pause_before_next, retry_delay

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@pytest.mark.parametrize(
    "first_day",
    [date(2019, 4, 25), date(2020, 4, 23), date(2021, 4, 29), date(2023, 4, 27), date(2024, 4, 25), date(2025, 4, 24), date(2026, 4, 23)],
)
def test_past_drafts_were_in_draft_week_from_monday_before_to_monday_after(first_day: date) -> None:
    for offset in range(-3, 5):
        assert in_draft_week(first_day + timedelta(days=offset)), offset


@pytest.mark.parametrize(
    "day", [date(2025, 4, 20), date(2025, 4, 29), date(2026, 4, 19), date(2026, 5, 5), date(2026, 1, 1), date(2026, 12, 31)]
)
def test_other_days_are_not_in_draft_week(day: date) -> None:
    assert not in_draft_week(day)


@given(st.integers(1980, 2100))
def test_every_year_has_one_or_two_such_weeks_without_a_gap(year: int) -> None:
    days = [day for offset in range(366) if (day := date(year, 1, 1) + timedelta(days=offset)).year == year and in_draft_week(day)]
    assert len(days) in {8, 15}
    assert (days[-1] - days[0]).days == len(days) - 1
    assert days[0].weekday() == days[-1].weekday() == 0


def test_outside_of_draft_week_a_load_is_due_once_a_day() -> None:
    nine = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert is_due(nine, None)
    assert is_due(nine, nine - timedelta(days=1))
    assert not is_due(nine + timedelta(minutes=15), nine + timedelta(seconds=2))
    assert not is_due(nine + timedelta(hours=23, minutes=45), nine)
    assert not is_due(nine - timedelta(minutes=1), nine - timedelta(hours=23))


def test_a_worker_that_was_away_at_the_daily_hour_catches_up() -> None:
    assert is_due(datetime(2026, 11, 21, 14, 0, tzinfo=UTC), datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


def test_in_draft_week_a_load_is_due_every_quarter_of_an_hour() -> None:
    quarter = datetime(2026, 4, 24, 1, 15, tzinfo=UTC)
    assert is_due(quarter, quarter - timedelta(minutes=14))
    assert not is_due(quarter + timedelta(minutes=14), quarter)


def test_the_local_time_zone_does_not_matter() -> None:
    new_york = timezone(timedelta(hours=-4))
    assert latest_slot(datetime(2026, 11, 21, 5, 30, tzinfo=new_york)) == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@given(moments)
def test_a_load_that_just_began_is_never_due_again_at_once(now: datetime) -> None:
    assert latest_slot(now) <= now < latest_slot(now) + timedelta(days=1)
    assert not is_due(now, now)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_slots_never_go_back(now: datetime, later: timedelta) -> None:
    assert latest_slot(now) <= latest_slot(now + later)


@given(st.integers(0, 50), st.floats(0, 1))
def test_retries_wait_longer_and_longer_up_to_a_limit(attempts: int, jitter: float) -> None:
    delay = retry_delay(attempts, 60, 3_600, jitter).total_seconds()
    assert min(60 * 2**attempts, 3_600) * 0.8 <= delay <= min(60 * 2**attempts, 3_600)


@given(moments)
def test_the_next_slot_is_the_first_moment_at_which_a_load_is_due_again(now: datetime) -> None:
    following = next_slot(now)
    assert following > now
    assert is_due(following, now)
    assert not is_due(max(now, following - timedelta(seconds=1)), now)


OPTIONS = WorkerOptions(LoadOptions("", Path(), "web"))


def _attempts(*, missing: bool, outcome: str, hours: float) -> list[float]:
    """The minutes at which loads begin within so many hours, when each of them ends so at once."""
    minutes, attempt = [0.0], 0
    while (pause := pause_before_next(OPTIONS, outcome, attempt, 0.0, missing=missing)) is not None:  # type: ignore[arg-type]
        attempt += 1
        minutes.append(minutes[-1] + pause.total_seconds() / 60)
        if minutes[-1] > hours * 60:
            break
    return minutes


@pytest.mark.parametrize("outcome", ["unavailable", "failed"])
def test_without_data_attempts_go_on_for_days_and_are_never_far_apart(outcome: str) -> None:
    minutes = _attempts(missing=True, outcome=outcome, hours=72)
    assert minutes[:6] == [0, 1, 3, 7, 15, 30]
    assert minutes[-1] > 72 * 60
    assert max(after - before for before, after in pairwise(minutes)) <= 15


def test_with_data_a_source_that_stays_away_is_left_to_the_schedule_and_a_failure_at_once() -> None:
    assert _attempts(missing=False, outcome="unavailable", hours=72) == [0, 1, 3, 7, 15, 31]
    assert _attempts(missing=False, outcome="failed", hours=72) == [0]
