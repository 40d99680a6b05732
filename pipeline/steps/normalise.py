"""Normalise: the source's spellings to our franchises, positions, colleges and name keys; the spellings themselves are kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import polars as pl

from app.datasets.model import Dataset
from app.names import SILENT, UNDECOMPOSED
from pipeline.errors import QualityGateFailed
from pipeline.issues import Issue, IssueLog
from pipeline.reference.catalog import college_aliases, franchise_frame, position_frame, positions
from pipeline.reference.college_names import college_key, expand, slug
from pipeline.steps.validate import QUARANTINE_ALLOWED, entity_of

#: Share of college cells that must lead to a college we know; less warns.
COLLEGES_KNOWN = 0.99
#: Cells from which on a column is worth a second thread.
LONG = 50_000


def name_keys(names: pl.Series) -> pl.Series:
    """Apply ``app.names.name_key`` to every name, vectorised."""
    return _by_halves(_name_keys, names).alias("key")


def _by_halves(work: Callable[[pl.Series], pl.Series], cells: pl.Series) -> pl.Series:
    """Apply ``work`` to a long column in two threads: polars uses only one processor for work on one column of text."""
    if len(cells) < LONG:
        return work(cells)
    half = len(cells) // 2
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(work, (cells[:half], cells[half:]))
    return first.append(second)


def _name_keys(names: pl.Series) -> pl.Series:
    """Return the keys of names; plain letters only need to be lower-cased."""
    lowered = names.str.to_lowercase()
    others = lowered.str.contains("[^a-z0-9 ]|  |^ | $").arg_true()
    return lowered.scatter(others, _long_name_keys(lowered[others])) if len(others) else lowered


def _long_name_keys(lowered: pl.Series) -> pl.Series:
    """Return the keys of names with punctuation, surplus spaces or non-ASCII letters, which need Unicode decomposition."""
    text = pl.col("name").str.replace_all(f"[{SILENT}]", "")
    decomposed = text.str.replace_many(UNDECOMPOSED).str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    ascii_only = text.str.len_bytes() == text.str.len_chars()
    frame = lowered.to_frame("name").with_columns(text.alias("text"), ascii_only.alias("ascii"))
    if not frame["ascii"].all():
        rows = frame.select(pl.arg_where(~pl.col("ascii"))).to_series()
        others = frame.select(pl.col("name").gather(rows)).select(decomposed.alias("text"))
        frame = frame.with_columns(frame["text"].scatter(rows, others["text"]))
    return frame.select(pl.col("text").str.replace_all("[^a-z0-9]+", " ").str.strip_chars().alias("key")).to_series()


def match_keys(keys: pl.Series) -> pl.Series:
    """Name keys without a trailing Jr, Sr or Roman numeral, and without spaces: the form in which two records of one person agree."""
    return _by_halves(_match_keys, keys)


def _match_keys(keys: pl.Series) -> pl.Series:
    return keys.str.replace(" (?:jr|sr|ii|iii|iv|v)$", "").str.replace_all(" ", "", literal=True)


def look_up(frame: pl.DataFrame, table: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Add the other columns of ``table`` (one row per key) to ``frame``, whose own columns are shared, not copied."""
    found = frame.select(keys).join(table, on=keys, how="left", maintain_order="left")
    return frame.hstack(found.drop(keys))


def resolve_franchises(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``franchise_id`` from team code and season.

    Raises:
        QualityGateFailed: a code does not belong to a team of that season.
    """
    resolved = look_up(frame, franchise_frame().drop("franchise", "nflverse_team"), ["team", "season"])
    unknown = resolved.filter(pl.col("franchise_id").is_null()).select("team", "season").unique().sort("season", "team")
    if not unknown.is_empty():
        team, season = unknown.row(0)
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise QualityGateFailed(f"No team is known by the code {team} in {season}{more}; pipeline/reference/team_eras.csv lists the codes.")
    return resolved


def drop_unknown_positions(frame: pl.DataFrame, dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
    """Drop the rows whose raw position code is not in the reference, quarantine each, and warn once per code.

    Raises:
        QualityGateFailed: more than 0.5 % of the rows are dropped; it names every unknown code.
    """
    column = dataset.persons.position
    codes = sorted(set(frame[column].unique()) - set(positions()))
    if not codes:
        return frame
    unknown = frame.filter(pl.col(column).is_in(codes))
    counts = unknown[column].value_counts().sort(column).rows()
    if len(unknown) > max(1, QUARANTINE_ALLOWED * len(frame)):
        listed = ", ".join(f"{code} ({_rows(number)})" for code, number in counts)
        raise QualityGateFailed(
            f"The {dataset.name} file has unknown positions: {listed}. At most 0.5 % of the rows may have one; add the codes to"
            " pipeline/reference/positions.csv."
        )
    for code, number in counts:
        message = f"The position {code} is unknown ({_rows(number)} left out); pipeline/reference/positions.csv lists the codes."
        issues.add(Issue("warning", "unknown_position", message, field=column, value=code))
    for row in unknown.iter_rows(named=True):
        entity = entity_of(dataset, row)
        message = f"{entity}: the position {row[column]} is unknown; the row was left out."
        issues.add(Issue("quarantine", "unknown_position", message, row.get("season"), entity, column, row[column]))
    return frame.filter(~pl.col(column).is_in(codes))


def _rows(number: int) -> str:
    return f"{number} row{'s' if number != 1 else ''}"


def with_name_keys(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add ``name_key`` and ``match_key`` of the column ``name``, if they are missing."""
    if "match_key" in rows.columns:
        return rows
    keys = name_keys(rows[name])
    return rows.with_columns(keys.alias("name_key"), match_keys(keys).alias("match_key"))


def for_matching(rows: pl.DataFrame, columns: tuple[str, ...], name: str, position: str) -> pl.DataFrame:
    """Return the columns ``columns`` and the matching keys: ``name_key``, ``match_key``, ``position_leaf`` and ``position_group``."""
    rows = with_name_keys(rows.select(*columns, *(key for key in ("name_key", "match_key") if key in rows.columns)), name)
    return look_up(rows, position_frame().drop("position_side").rename({"code": position}), [position])


async def resolve_colleges(
    connection: asyncpg.Connection, frame: pl.DataFrame, column: str, issues: IssueLog, *, learn: bool = True
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add ``college_id`` of the spelling in ``column`` (null stays null), and return the colleges: college_id, college_name, college_slug.

    A spelling that no rule leads to a college we know becomes a new, uncurated college with a warning; new spellings become aliases.
    Without ``learn`` it means no college, and nothing is written.
    """
    spellings = frame[column].drop_nulls().unique().sort().to_list()
    known = {row["alias"]: row["college_id"] for row in await connection.fetch("select alias, college_id from college_alias")}
    by_key = {college_key(row["name"]): row["college_id"] for row in await connection.fetch("select name, college_id from college")}
    for spelling in spellings:
        if spelling not in known:
            found = by_key.get(college_key(_canonical(spelling)))
            known[spelling] = await _learn_college(connection, spelling, by_key) if learn else found
    rows = await connection.fetch("select college_id, name, slug, curated from college")
    if learn:
        curated = {row["college_id"] for row in rows if row["curated"]}
        _warn_unknown_colleges(frame, column, {s for s in spellings if known[s] not in curated}, issues)
    ids = pl.DataFrame([(s, known[s]) for s in spellings], schema={column: pl.String, "college_id": pl.Int32}, orient="row")
    schema = {"college_id": pl.Int32, "college_name": pl.String, "college_slug": pl.String}
    colleges = pl.DataFrame([(row["college_id"], row["name"], row["slug"]) for row in rows], schema=schema, orient="row")
    return look_up(frame, ids, [column]), colleges


def _canonical(spelling: str) -> str:
    return college_aliases().get(college_key(spelling), expand(spelling))


async def _learn_college(connection: asyncpg.Connection, spelling: str, by_key: dict[str, int]) -> int:
    """Return the college of a new spelling, creating it if necessary, and record the spelling as its alias."""
    canonical = _canonical(spelling)
    college_id = by_key.get(college_key(canonical))
    if college_id is None:
        college_id = await connection.fetchval(
            "insert into college (slug, name, curated) values ($1, $2, false)"
            " on conflict (slug) do update set slug = excluded.slug returning college_id",
            slug(canonical) or "unnamed",
            canonical,
        )
        by_key[college_key(canonical)] = college_id
    await connection.execute(
        "insert into college_alias (alias, college_id) values ($1, $2) on conflict (alias) do nothing", spelling, college_id
    )
    return college_id


def _warn_unknown_colleges(frame: pl.DataFrame, column: str, unknown: set[str], issues: IssueLog) -> None:
    counts = frame.filter(pl.col(column).is_in(sorted(unknown)))[column].value_counts().sort(column)
    for name, number in counts.iter_rows():
        message = f"{name} is not in the list of colleges ({number} rows)."
        issues.add(Issue("info", "unknown_college", message, field=column, value=name))
    filled = len(frame) - frame[column].null_count()
    share = 1 - counts["count"].sum() / filled if filled else 1.0
    if share < COLLEGES_KNOWN:
        issues.add(Issue("warning", "colleges_unknown", f"Only {share:.1%} of the {column} cells lead to a known college.", field=column))
