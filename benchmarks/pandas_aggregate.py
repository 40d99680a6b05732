"""The aggregate that a user would otherwise write: read the table in the request, then group it with pandas.

Run with an interpreter that has pandas: ``python pandas_aggregate.py DSN`` reads one JSON object per line (``table``, ``field``, ``other``,
``groups``, ``function``) and prints the seconds that each request takes. Only the columns in question are read.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped, import-not-found, unused-ignore]

DRILLS = ("height_in", "wt", "forty", "bench", "vertical", "broad_jump", "cone", "shuttle")
TIMES = ("forty", "cone", "shuttle")
PROSPECTS = """(
    select d.season, d.round, coalesce(e.pos, d.position) as position, d.w_av, e.forty, e.cone,
        d.pfr_player_name as name
    from draft_pick d left join combine_entry e on e.person_id = d.person_id and e.season = d.season
    union all
    select e.season, null, e.pos, null, e.forty, e.cone, e.player_name from combine_entry e
    where not exists (select from draft_pick d where d.person_id = e.person_id and d.season = e.season)
) prospect"""


def scores(frame: pd.DataFrame) -> pd.Series:
    """Rank each measurement within the position, and the mean of the ranks again."""
    ranks = frame.groupby("pos")[list(DRILLS)].rank() - 0.5
    shares = ranks / frame.groupby("pos")[list(DRILLS)].transform("count")
    for name in TIMES:
        shares[name] = 1 - shares[name]
    means = shares.mean(axis=1).where(shares.count(axis=1) >= 5)
    within = means.groupby(frame["pos"])
    return 10 * (within.rank() - 0.5) / within.transform("count")


def aggregate(frame: pd.DataFrame, groups: list[str], field: str, function: str, other: str) -> pd.DataFrame | pd.Series:
    """Group, as one line of pandas would."""
    grouped = frame.groupby(groups)
    if not field:
        return grouped.size()
    if function == "corr":
        return grouped[[field, other]].corr().rename_axis([*groups, "with"])
    if function in ("idxmin", "idxmax"):
        return frame.dropna(subset=[field]).pipe(lambda known: known.loc[known.groupby(groups)[field].agg(function)])
    return grouped[field].agg("mean" if function == "score" else function)


def main(dsn: str) -> None:
    """Read requests until the input ends."""
    import pandas as pd  # type: ignore[import-untyped, import-not-found, unused-ignore]
    from sqlalchemy import create_engine

    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))
    for line in sys.stdin:
        asked = json.loads(line)
        measured = DRILLS if asked["function"] == "score" else [each for each in (asked["field"], asked["other"]) if each]
        fields = dict.fromkeys([*asked["groups"], *(["pos"] if measured is DRILLS else []), *measured])
        started = time.perf_counter()
        table = PROSPECTS if asked["table"] == "prospect" else asked["table"]
        frame = pd.read_sql(f"select {', '.join(fields)} from {table}", engine)
        if measured is DRILLS:
            frame["athletic_score"] = scores(frame)
        aggregate(frame, asked["groups"], asked["field"], asked["function"], asked["other"]).reset_index().to_dict("records")
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
