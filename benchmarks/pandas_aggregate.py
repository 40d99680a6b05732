"""The aggregate that a user would otherwise write: read the table in the request, then group it with pandas.

Run with an interpreter that has pandas: ``python pandas_aggregate.py DSN`` reads one JSON object per line (``table``, ``field``,
``groups``, ``function``) and prints the seconds that each request takes. Only the columns in question are read.
"""

from __future__ import annotations

import json
import sys
import time

PROSPECTS = """(
    select d.season, d.round, coalesce(e.pos, d.position) as position, d.w_av, e.forty
    from draft_pick d left join combine_entry e on e.person_id = d.person_id and e.season = d.season
    union all
    select e.season, null, e.pos, null, e.forty from combine_entry e
    where not exists (select from draft_pick d where d.person_id = e.person_id and d.season = e.season)
) prospect"""


def main(dsn: str) -> None:
    """Read requests until the input ends."""
    import pandas as pd  # type: ignore[import-untyped, import-not-found, unused-ignore]
    from sqlalchemy import create_engine

    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))
    for line in sys.stdin:
        asked = json.loads(line)
        fields = [*asked["groups"], *([asked["field"]] if asked["field"] else [])]
        started = time.perf_counter()
        table = PROSPECTS if asked["table"] == "prospect" else asked["table"]
        frame = pd.read_sql(f"select {', '.join(fields)} from {table}", engine)
        grouped = frame.groupby(asked["groups"])
        result = grouped.size() if not asked["field"] else grouped[asked["field"]].agg(asked["function"])
        result.reset_index().to_dict("records")
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
