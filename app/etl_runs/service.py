"""The ledger for every caller."""

import msgspec

from app.context import ServiceContext
from app.errors import NotFound
from app.etl_runs.queries import FIELDS, ISSUE_COUNTS, ISSUES, LISTING, RUN
from app.etl_runs.schemas import IssueCount, RunDetail, RunIssue
from app.listing.query import plain_list

ISSUES_SHOWN = 200


list_runs = plain_list(LISTING)
"""The latest first."""


async def run_detail(context: ServiceContext, run_id: int) -> RunDetail:
    """Return one load with its first issues.

    Raises:
        NotFound: the load does not exist.
    """
    wanted = {"run_id": run_id}
    row = await context.database.fetch_row(RUN, wanted)
    if row is None:
        raise NotFound(f"No load has the ID {run_id}.")
    counts = await context.database.fetch(ISSUE_COUNTS, wanted)
    issues = await context.database.fetch(ISSUES, {**wanted, "limit": ISSUES_SHOWN})
    return RunDetail(
        run={name: row[name] for name in FIELDS},
        timings=msgspec.json.decode(row["timings"]),
        issue_counts=[IssueCount(severity=each["severity"], rule=each["rule"], number=each["number"]) for each in counts],
        issues=[RunIssue(**each) for each in issues],
    )
