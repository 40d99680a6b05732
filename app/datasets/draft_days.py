"""The days of the drafts since 2000, which no source has."""

from datetime import date, timedelta

_FIRST_DAYS = (
    "2000-04-15 2001-04-21 2002-04-20 2003-04-26 2004-04-24 2005-04-23 2006-04-29 2007-04-28 2008-04-26 2009-04-25 2010-04-22 "
    "2011-04-28 2012-04-26 2013-04-25 2014-05-08 2015-04-30 2016-04-28 2017-04-27 2018-04-26 2019-04-25 2020-04-23 2021-04-29 "
    "2022-04-28 2023-04-27 2024-04-25 2025-04-24 2026-04-23 "
)
FIRST_DAYS = {day.year: day for day in map(date.fromisoformat, _FIRST_DAYS.split())}
"""The first day of each draft, by class."""
#: Since this class the first round has an evening of its own, before two more days.
_THREE_DAYS_SINCE = 2010


def last_day(season: int) -> date:
    """Return the last day of a draft in ``FIRST_DAYS``."""
    return FIRST_DAYS[season] + timedelta(days=2 if season >= _THREE_DAYS_SINCE else 1)
