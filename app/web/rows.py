"""Rows of tables about what became of picks: one selection against what was expected, the hits of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.formatting import NO_RECORD, points
from app.web.players.page import era_of
from app.web.plots import PlotRow

if TYPE_CHECKING:
    from app.context.references import References
    from app.listing.model import Row, Scalar

#: The fields of a selection that a row is made of.
SELECTION_FIELDS = (
    *("season", "round", "pick", "team", "person_id", "name", "position", "college_name", "w_av"),
    *("expected_w_av", "value_over_expected"),
)
SELECTION_HEADS = ("Value", "Expected", "Difference")
HIT_HEADS = ("Hit rate", "95 % interval", "Hits")


def amount(value: Scalar) -> float:
    """Return a number of a row, 0 for none."""
    return float(value) if isinstance(value, int | float) else 0.0


def difference(value: Scalar) -> str:
    """Write a difference with its sign."""
    number = round(amount(value), 1)
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{points(abs(number))}"


def pick_row(row: Row, references: References, longest: float, *, with_season: bool = False) -> PlotRow:
    """Return a selection with its value as a bar, of which ``longest`` fills the width, and what was expected as the mark."""
    era = era_of(references, str(row["team"]), int(amount(row["season"])))
    pick = f"pick {row['pick']} of {row['season']}" if with_season else f"pick {row['pick']}"
    facts = [str(row["position"]), pick, era.team_name if era else str(row["team"]), str(row["college_name"] or "")]
    value, expected = amount(row["w_av"]), amount(row["expected_w_av"])
    return PlotRow(
        label=str(row["name"]),
        url=f"/people/{row['person_id']}",
        facts=", ".join(filter(None, facts)),
        figures=(NO_RECORD if row["w_av"] is None else points(value), points(round(expected, 1)), difference(row["value_over_expected"])),
        bar=(0, round(100 * value / longest, 2)),
        mark=round(100 * expected / longest, 2),
        below=value < expected,
    )


def hit_row(row: Row, label: str, url: str | None = None, facts: str = "", everyone: Row | None = None) -> PlotRow:
    """Return the hit rate of a group with its interval, and that of ``everyone`` as the mark."""
    rate, lower, upper = (round(100 * amount(row[name]), 1) for name in ("rate", "lower", "upper"))
    known = row["rate"] is not None
    hits = f"{int(amount(row['hits'])):,} of {int(amount(row['n'])):,}"
    return PlotRow(
        label=label,
        url=url,
        facts=facts,
        figures=(f"{rate:.1f} %", f"{lower:.1f} to {upper:.1f}", hits) if known else (NO_RECORD, NO_RECORD, hits),
        dot=rate if known else None,
        whisker=(lower, upper) if known else None,
        mark=round(100 * amount(everyone["rate"]), 1) if everyone else None,
    )
