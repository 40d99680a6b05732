"""Selections as pages show them, and rows of tables about what became of picks: one against what was expected, the hits of a group."""

from dataclasses import replace

from app.context.references import References, TeamEra
from app.listing.model import Row, Scalar
from app.listing.query import ListQuery
from app.web.formatting import NO_RECORD, points
from app.web.plots import PlotRow

#: Most rows that are read at once, which is the limit of the lists.
LARGEST_PAGE = 1000
#: Selections in the lists of the best and of the worst.
BEST = 8
#: What a line of a class shows.
PICK_FIELDS = (
    *("season", "round", "pick", "person_id", "team", "age", "games", "seasons_started", "probowls", "allpro", "w_av", "hof"),
    *("name", "position_leaf", "franchise", "college_name", "college_slug", "college"),
)

#: The fields of a selection that a row of a table is made of.
SELECTION_FIELDS = (
    *("season", "round", "pick", "team", "person_id", "name", "position", "college_name", "w_av"),
    *("expected_w_av", "value_over_expected"),
)


async def every_row(query: ListQuery) -> list[Row]:
    """Return the rows of all pages of a list.

    Raises:
        InvalidParameter: unknown field or unknown sort.
    """
    page = await query.page()
    rows = list(page.items)
    while page.next is not None:
        page = await replace(query, parameters=query.parameters.model_copy(update={"cursor": page.next})).page()
        rows += page.items
    return rows


def with_team_names(row: Row, references: References) -> Row:
    """Return a selection with the name that its franchise had, and the names under which pages link to it and the college."""
    team = str(row["team"])
    era = era_of(references, team, int(str(row["season"])))
    club = next((each for each in references.franchises.values() if each.code == row["franchise"]), None)
    return {
        **row,
        "team_name": era.team_name if era else club.name if club else team,
        "franchise_slug": club.slug if club else "",
        "college": row["college_name"] or row["college"],
    }


def era_of(references: References, team: str, season: int) -> TeamEra | None:
    """Return the franchise that a code of the draft meant in that season, under the name that it had."""
    return next((each for each in references.eras if each.system == "pfr" and each.code == team and each.covers(season)), None)


def amount(value: Scalar) -> float:
    """Return a number of a row, 0 for none."""
    return float(value) if isinstance(value, int | float) else 0.0


def difference(value: Scalar) -> str:
    """Write a difference with its sign."""
    number = round(amount(value), 1)
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{points(abs(number))}"


def pick_row(row: Row, references: References, longest: float, *, with_season: bool = False, own: str = "") -> PlotRow:
    """Return a selection with its value as a bar, of which ``longest`` fills the width, and what was expected as the mark.

    ``own`` is the franchise or college that the page is about: its name is left out.
    """
    era = era_of(references, str(row["team"]), int(amount(row["season"])))
    pick = f"pick {row['pick']} of {row['season']}" if with_season else f"pick {row['pick']}"
    facts = [str(row["position"]), pick, era.team_name if era else str(row["team"]), str(row["college_name"] or "")]
    value, expected = amount(row["w_av"]), amount(row["expected_w_av"])
    return PlotRow(
        label=str(row["name"]),
        url=f"/people/{row['person_id']}",
        facts=", ".join(fact for fact in facts if fact not in ("", own)),
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
