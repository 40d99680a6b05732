"""Compare a file with the previous load: which values and seasons it has lost, as a whole and within a season and position group.

A loss that is too small to refuse the load is a finding. It stands until the values are back: each load measures not only from the previous
one, but also from the counts that the findings of that one expected.
"""

from collections.abc import Collection, Mapping

import asyncpg
import polars as pl

from app.datasets.model import Dataset, Field
from pipeline.errors import QualityGateFailed
from pipeline.issues import Issue, IssueLog, Standing
from pipeline.reference.catalog import position_frame
from pipeline.steps.copying import fetch_frame
from pipeline.steps.normalise import look_up

REPLACE = "If they are gone for good, load it with --replace."
#: The rules about a part, by what they count: values, and values that say something.
_RULES = {"filled": "part_thinned", "telling": "part_zeroed"}
_SAYS = {"filled": "filled", "telling": "neither empty nor 0"}
#: The part that is a whole season, and that of rows whose position has no group.
_WHOLE, _NO_GROUP = "all", "no group"


async def standing_losses(connection: asyncpg.Connection, dataset: str) -> Standing:
    """Return what the load that wrote the present rows found lost."""
    rows = await connection.fetch(
        "select i.rule, i.season, i.entity, i.field, i.expected from quality_issue i join dataset d using (dataset, run_id)"
        " where dataset = $1 and d.row_count > 0 and i.expected is not null",
        dataset,
    )
    return {(row["rule"], row["season"], row["entity"], row["field"]): row["expected"] for row in rows}


def check_gaps(frame: pl.DataFrame, known: Collection[int], dataset: Dataset, issues: IssueLog, *, accepted: bool) -> None:
    """Report the seasons that are missing between the first and the last.

    Raises:
        QualityGateFailed: the data set is contiguous, the present rows do not lack the season too, and that is not ``accepted``.
    """
    if dataset.season is None:
        return
    have = set(frame[dataset.season].unique())
    missing = sorted(set(range(min(have), max(have))) - have)
    new = [season for season in missing if not (known and min(known) < season < max(known))]
    if new and dataset.gates.contiguous and not accepted:
        more = f" and {len(new) - 1} more" if len(new) > 1 else ""
        raise QualityGateFailed(
            f"The {dataset.name} file has no rows of {new[0]}{more}, between {min(have)} and {max(have)}.",
            "If that is right, load it with --accept-gap.",
        )
    for season in missing:
        message = f"There are no rows of {season}, between {min(have)} and {max(have)}."
        issues.add(Issue("warning", "season_missing", message, season=season))


def check_fill(filled: dict[str, int], before: Mapping[str, int], standing: Standing, dataset: Dataset, issues: IssueLog, *,
               accepted: bool) -> None:  # fmt: skip
    """Compare, field by field, how many rows have a value with the previous load.

    ``filled`` counts only the seasons that the previous load had, so that a new class without results does not look like a loss.

    Raises:
        QualityGateFailed: a field has lost more than its declaration allows, and that is not ``accepted``.
    """
    for field in dataset.fields:
        was, have, loss = before.get(field.name, 0), filled[field.name], field.loss
        if have < was * (1 - loss.fails) and was - have >= loss.least and not accepted:
            raise QualityGateFailed(
                f"In the {dataset.name} file {field.name} is filled in {have} rows of known seasons; the previous load had {was}.", REPLACE
            )
        expected = max(was, standing.get(("field_thinned", None, None, field.name), 0))
        if have < expected * (1 - loss.warns):
            message = f"{field.name} is filled in {have} rows of known seasons; it was filled in {expected}."
            issues.add(Issue("warning", "field_thinned", message, field=field.name, value=str(have), expected=expected))


async def check_parts(connection: asyncpg.Connection, frame: pl.DataFrame, standing: Standing, dataset: Dataset, issues: IssueLog, *,
                      accepted: bool) -> None:  # fmt: skip
    """Compare each field in each season, and its position groups, with the stored rows: values that are gone, or became 0 or false.

    Raises:
        QualityGateFailed: a part has lost more than the declaration of a field allows, and that is not ``accepted``.
    """
    if dataset.season is None:
        return
    fields = {field.name: field for field in dataset.stored if field.name in frame.columns and field.name != dataset.season}
    now = _counts(frame, dataset, fields)
    stored = await _stored_counts(connection, dataset, fields)
    compared = _compared(stored, now, standing)
    problems, thinned = _emptied_columns(compared, fields), set()
    for season, part, measure, have, rows, was, expected in compared.filter(pl.col("expected") > pl.col("have")).iter_rows():
        kind, _, name = measure.partition(":")
        loss = fields[name].loss
        if (season, part, name) in thinned:
            continue  # what is empty says nothing either
        of = "" if part == _WHOLE else f" of {part}"
        message = f"{name}{of} in {season} is {_SAYS[kind]} in {have} of {rows} rows; before it was {expected}."
        if was - have >= loss.least and was - have > loss.part_fails * was and not accepted:
            problems.append(message)
        elif expected - have >= loss.part_least and expected - have > loss.part_warns * expected:
            entity = f"{season}/{part}"
            issues.add(Issue("warning", _RULES[kind], message, season, entity, name, str(have), expected))
        else:
            continue
        thinned.add((season, part, name))
    if problems and not accepted:
        more = f" {len(problems) - 1} more parts have lost values." if len(problems) > 1 else ""
        raise QualityGateFailed(f"In the {dataset.name} file {problems[0]}{more}", REPLACE)


def _emptied_columns(compared: pl.DataFrame, fields: Mapping[str, Field]) -> list[str]:
    """Describe the columns whose values have become 0 or false all over the file, where every part had only a few."""
    wholes = compared.filter(pl.col("part") == _WHOLE, pl.col("measure").str.starts_with("telling"))
    problems = []
    for measure, have, was in wholes.group_by("measure").agg(pl.col("have", "was").sum()).sort("measure").iter_rows():
        name = measure.removeprefix("telling:")
        if was - have >= fields[name].loss.least and was - have > fields[name].loss.fails * was:
            problems.append(f"{name} is {_SAYS['telling']} in {have} rows of known seasons; the previous load had {was}.")
    return problems


def _compared(stored: pl.DataFrame, now: pl.DataFrame, standing: Standing) -> pl.DataFrame:
    """Return the measures of the known parts, the largest loss first, values before those that say something.

    ``was`` and ``expected`` are the counts of the previous load, and the larger one of a standing loss, for as many rows as there are now.
    """
    kinds = {rule: kind for kind, rule in _RULES.items()}
    known = [
        (season, str(entity).partition("/")[2], f"{kinds[rule]}:{field}", count)
        for (rule, season, entity, field), count in standing.items()
        if rule in kinds
    ]
    schema = {"season": pl.Int32, "part": pl.String, "measure": pl.String, "standing": pl.Int64}
    keys = ["season", "part", "measure"]
    joined = stored.join(now, on=keys, suffix="_now").join(pl.DataFrame(known, schema=schema, orient="row"), on=keys, how="left")
    left = pl.min_horizontal(1.0, pl.col("rows_now") / pl.col("rows"))
    compared = joined.select(
        *keys,
        pl.col("number_now").alias("have"),
        "rows_now",
        (pl.col("number") * left).round().cast(pl.Int64).alias("was"),
        (pl.max_horizontal("number", "standing") * left).round().cast(pl.Int64).alias("expected"),
    )
    return compared.sort(pl.col("measure").str.starts_with("telling"), pl.col("expected") - pl.col("have"), descending=[False, True])


def _measures(fields: Mapping[str, Field]) -> dict[str, Field]:
    """Return what is counted: ``filled:name`` for every field, ``telling:name`` for those in which 0 or false may mean nothing."""
    telling = {name: field for name, field in fields.items() if field.kind in ("integer", "number", "boolean")}
    return {**{f"filled:{name}": field for name, field in fields.items()}, **{f"telling:{name}": field for name, field in telling.items()}}


def _counts(frame: pl.DataFrame, dataset: Dataset, fields: Mapping[str, Field]) -> pl.DataFrame:
    """Count the measures of the file per season and part: season, part, rows, measure, number."""
    part = pl.lit(_WHOLE)
    if dataset.people is not None:
        position = dataset.people.position
        frame = look_up(frame, position_frame().select(pl.col("code").alias(position), pl.col("position_group").alias("part")), [position])
        part = pl.col("part").fill_null(_NO_GROUP)
    counts = [
        (pl.col(field.name).count() if label.startswith("filled") else (pl.col(field.name).cast(pl.Float64) != 0).sum()).alias(label)
        for label, field in _measures(fields).items()
    ]
    grouped = frame.group_by(pl.col(str(dataset.season)).alias("season"), part.alias("part")).agg(pl.len().alias("rows"), *counts)
    return _long(grouped)


async def _stored_counts(connection: asyncpg.Connection, dataset: Dataset, fields: Mapping[str, Field]) -> pl.DataFrame:
    """Count the same in the stored rows."""
    measures = _measures(fields)
    counts = [_sql_count(label, field) for label, field in measures.items()]
    part, joined = f"'{_WHOLE}'", ""
    if dataset.people is not None:
        part = f"coalesce(q.position_group, '{_NO_GROUP}')"
        joined = f' left join position q on q.code = t."{dataset.people.position}"'
    query = f'select t."{dataset.season}", {part}, count(*), {", ".join(counts)} from {dataset.table} t{joined} group by 1, 2'
    schema: dict[str, type[pl.DataType]] = {"season": pl.Int32, "part": pl.String, "rows": pl.Int64}
    return _long(await fetch_frame(connection, query, schema | dict.fromkeys(measures, pl.Int64)))


def _sql_count(label: str, field: Field) -> str:
    if label.startswith("filled"):
        return f'count(t."{field.name}")'
    return f'count(*) filter (where t."{field.name}"{"" if field.kind == "boolean" else " <> 0"})'


def _long(counts: pl.DataFrame) -> pl.DataFrame:
    """Add the sums of each season, and turn one column per measure into one row per measure."""
    numbers = counts.with_columns(pl.col("season").cast(pl.Int32), pl.exclude("season", "part").cast(pl.Int64))
    wholes = numbers.group_by("season").agg(pl.exclude("part").sum()).with_columns(part=pl.lit(_WHOLE))
    both = pl.concat([numbers.filter(pl.col("part") != _WHOLE), wholes.select(numbers.columns)])
    return both.unpivot(index=["season", "part", "rows"], variable_name="measure", value_name="number")
