"""Validate: the rules every dataset obeys, checked over whole columns; reasons are built only for the rows that break one."""

from collections.abc import Iterable, Mapping

import polars as pl

from app.datasets.model import Dataset, Field
from pipeline.errors import LoadHeld, QualityGateFailed, SourceInvalid
from pipeline.issues import KEPT_PER_RULE, Issue, IssueLog, Severity, Standing

#: Most rows (as a share) that may be exact repetitions before the file counts as put together wrongly.
REPEATED_ROWS_ALLOWED = 0.01
#: Most values (as a share of the rows) that may lie outside their plausible range.
QUARANTINE_ALLOWED = 0.005
#: |z| within a position above which a measurement is worth a look.
OUTLIER_Z = 3.0
#: Share of rows in which a stable column may change before the load is held.
HELD_SHARE = 0.25


def usable_rows(dataset: Dataset, frame: pl.DataFrame, issues: IssueLog, *, synthetic: bool) -> pl.DataFrame:
    """Return the valid rows of any keyed data set, in the order of their key.

    Raises ``SourceInvalid`` or ``QualityGateFailed`` when too much is missing, repeated or implausible, or a key is not unique.
    """
    check_bounds(frame, dataset, synthetic=synthetic)
    frame = drop_unusable_rows(frame, dataset, issues)
    frame = drop_repeated_rows(frame, dataset, issues)
    doubled = frame.filter(pl.struct(dataset.key).is_duplicated())
    if not doubled.is_empty():
        raise QualityGateFailed(f"{entity_of(dataset, doubled.row(0, named=True))} is in the {dataset.name} file twice.")
    present = [field for field in dataset.stored if field.name in frame.columns]
    _refuse_implausible(frame, [field for field in present if field.required], dataset)
    frame = quarantine_implausible(frame, [field for field in present if not field.required], dataset, issues)
    return frame.sort(dataset.key, maintain_order=True)


def _refuse_implausible(frame: pl.DataFrame, fields: list[Field], dataset: Dataset) -> None:
    """Check that values that cannot be null are plausible."""
    for field, condition in _outside(fields).items():
        wrong = frame.filter(condition)
        if not wrong.is_empty():
            row = wrong.row(0, named=True)
            what = f"{entity_of(dataset, row)}: {field.name} {row[field.name]}"
            raise QualityGateFailed(f"{what} is not between {field.low} and {field.high} in the {dataset.name} file.")


def entity_of(dataset: Dataset, row: Mapping[str, object]) -> str:
    """Return the label of a row in messages: its season and person, or its key."""
    if dataset.people is not None and dataset.season is not None:
        return f"{row[dataset.season]}/{row[dataset.people.name]}"
    return "/".join(str(row[name]) for name in dataset.key if name in row)


def drop_unusable_rows(frame: pl.DataFrame, dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
    """Drop the rows that lack a required cell, and quarantine each with the reason.

    Raises:
        QualityGateFailed: more than 0.5 % are dropped.
    """
    required = {field.name: field.required_by for field in dataset.fields if field.required}
    broken = pl.any_horizontal(pl.col(name).is_null() for name in required)
    if not frame.select(broken.any()).item():
        return frame
    rows = frame.with_row_index("row", offset=1).filter(broken)
    for row in rows.head(KEPT_PER_RULE).iter_rows(named=True):
        lacking = ", ".join(name for name in required if row[name] is None)
        needed = ", ".join(dict.fromkeys(str(reason) for name, reason in required.items() if row[name] is None))
        message = f"Row {row['row']} has no {lacking} (needed for {needed}) and was left out."
        issues.add(Issue("quarantine", "required_missing", message, season=row.get("season"), entity=f"row {row['row']}", field=lacking))
    issues.add_uncounted("quarantine", "required_missing", max(0, len(rows) - KEPT_PER_RULE))
    if len(rows) > QUARANTINE_ALLOWED * len(frame):
        raise QualityGateFailed(f"{len(rows)} of {len(frame)} rows of the {dataset.name} file lack a required cell; at most 0.5 % may.")
    return frame.filter(~broken)


def in_order(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Sort the frame stably by integer columns; a sorted frame is not copied."""
    falls, _ = _against_the_row_before(columns)
    if not frame.select(falls.any()).item():
        return frame
    return frame.sort(columns, maintain_order=True)


def rises(frame: pl.DataFrame, columns: tuple[str, ...]) -> bool:
    """Check that the rows are strictly ascending by these integer columns: sorted and unique."""
    falls, equal = _against_the_row_before(columns)
    return not frame.select((falls | equal).any()).item()


def _against_the_row_before(columns: tuple[str, ...]) -> tuple[pl.Expr, pl.Expr]:
    """Compare each row with the previous one by these columns in turn: whether it is lower, and whether it is equal."""
    first, *rest = columns
    falls = pl.col(first) < pl.col(first).shift(1)
    equal = pl.col(first) == pl.col(first).shift(1)
    for column in rest:
        falls = falls | (equal & (pl.col(column) < pl.col(column).shift(1)))
        equal = equal & (pl.col(column) == pl.col(column).shift(1))
    return falls, equal


def drop_repeated_rows(frame: pl.DataFrame, dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
    """Drop exact repetitions of a row, keeping the order of the file.

    Raises:
        QualityGateFailed: more than 1 % are repetitions.
    """
    # hashing every cell of every row is dear; two equal rows share a few columns that rarely repeat, so look only at those that do
    suspects = frame.select(dataset.gates.telling).is_duplicated()
    if not suspects.any():
        return frame
    indexed = frame.with_row_index("row")
    among = indexed.filter(suspects)
    repeated = among.filter(~pl.struct(frame.columns).is_first_distinct())["row"]
    if repeated.is_empty():
        return frame
    if len(repeated) > REPEATED_ROWS_ALLOWED * len(frame):
        raise QualityGateFailed(f"{len(repeated)} of {len(frame)} rows of the {dataset.name} file repeat another row exactly.")
    for row in indexed.filter(pl.col("row").is_in(repeated.implode())).iter_rows(named=True):
        message = f"Row {row['row'] + 1} repeats another row exactly and was left out."
        issues.add(Issue("warning", "repeated_row", message, season=row.get("season"), entity=entity_of(dataset, row)))
    return indexed.filter(~pl.col("row").is_in(repeated.implode())).drop("row")


def quarantine_implausible(frame: pl.DataFrame, fields: Iterable[Field], dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
    """Set every value outside the bounds (inclusive) of its field to null, and record it.

    Raises ``QualityGateFailed`` when more than 0.5 % of the rows lose a value.
    """
    outside = _outside(fields)
    found = frame.select(condition.any().alias(field.name) for field, condition in outside.items())
    hit = [field for field in outside if found[field.name].item()]
    if not hit:
        return frame
    lost = frame.select(pl.any_horizontal(outside[field] for field in hit).sum()).item()
    for field in hit:
        _report_implausible(frame.filter(outside[field]), field, dataset, issues)
    if lost > max(1, QUARANTINE_ALLOWED * len(frame)):
        names = ", ".join(field.name for field in hit)
        raise QualityGateFailed(
            f"{lost} of {len(frame)} rows of the {dataset.name} file have implausible values in {names}; at most 0.5 % may."
        )
    return frame.with_columns(pl.when(~outside[field]).then(pl.col(field.name)).alias(field.name) for field in hit)


def _outside(fields: Iterable[Field]) -> dict[Field, pl.Expr]:
    """Return the condition of a value that is not plausible, for each field that has a bound."""
    outside = {}
    for field in fields:
        column = pl.col(field.name)
        conditions = [column < field.low] if field.low is not None else []
        conditions += [column > field.high] if field.high is not None else []
        if conditions:
            outside[field] = pl.any_horizontal(conditions).fill_null(value=False)
    return outside


def _report_implausible(rows: pl.DataFrame, field: Field, dataset: Dataset, issues: IssueLog) -> None:
    for row in rows.head(KEPT_PER_RULE).iter_rows(named=True):
        entity, value = entity_of(dataset, row), row[field.name]
        message = f"{entity}: {field.name} {value} is not between {field.low} and {field.high}; the value was left out."
        issues.add(Issue("quarantine", "implausible_value", message, row.get("season"), entity, field.name, str(value)))
    issues.add_uncounted("quarantine", "implausible_value", max(0, len(rows) - KEPT_PER_RULE))


def flag_outliers(frame: pl.DataFrame, drills: tuple[str, ...], position: str, name: str, issues: IssueLog) -> None:
    """Warn about measurements more than three standard deviations (population) from the mean of their raw position; nothing is removed."""
    measures = [pl.col(drill).mean().alias(f"mean_{drill}") for drill in drills] + [pl.col(d).std(ddof=0).alias(f"sd_{d}") for d in drills]
    # in one piece: polars would put the pieces of every column together again for each drill of which rows are picked
    frame = frame.select("season", position, name, *drills).rechunk()
    # a few rows per position, looked up instead of computed over a window of every row
    figures = frame.group_by(position).agg(measures)
    numbered = figures.select(position).with_row_index("at")
    places = frame.select(position).join(numbered, on=position, how="left", maintain_order="left")["at"]
    for drill in drills:
        scored = ((frame[drill] - figures[f"mean_{drill}"][places]) / figures[f"sd_{drill}"][places]).alias(f"z_{drill}")
        far = (scored.abs() > OUTLIER_Z).arg_true()
        rows = frame.select("season", position, name, drill)[far].with_columns(scored[far])
        rows = rows.sort(pl.col(f"z_{drill}").abs(), descending=True)
        for row in rows.head(KEPT_PER_RULE).iter_rows(named=True):
            entity = f"{row['season']}/{row[name]}"
            message = f"{entity}: {drill} {row[drill]} is {row[f'z_{drill}']:+.1f} standard deviations from other {row[position]}s."
            issues.add(Issue("warning", f"outlier_{drill}", message, row["season"], entity, drill, str(row[drill])))
        issues.add_uncounted("warning", f"outlier_{drill}", max(0, len(rows) - KEPT_PER_RULE))


def check_bounds(frame: pl.DataFrame, dataset: Dataset, *, synthetic: bool) -> None:
    """Check the counts that any complete copy of the file has. A synthetic league may be of any size and class size."""
    if frame.is_empty():
        raise SourceInvalid(f"The {dataset.name} file has no rows.")
    if synthetic:
        return
    gates = dataset.gates
    if len(frame) < gates.min_rows:
        raise SourceInvalid(f"The {dataset.name} file has {len(frame)} rows; a complete one has at least {gates.min_rows}.")
    if dataset.season is not None:
        _check_seasons(frame, dataset, dataset.season)


def _check_seasons(frame: pl.DataFrame, dataset: Dataset, season: str) -> None:
    gates = dataset.gates
    first, last = frame.select(pl.col(season).min().alias("first"), pl.col(season).max().alias("last")).row(0)
    if (gates.first_season or first) < first or last < (gates.last_season_at_least or last):
        raise SourceInvalid(
            f"The {dataset.name} file covers {first} to {last}; a complete one has at least the seasons {gates.first_season} to"
            f" {gates.last_season_at_least}."
        )
    counts = frame.group_by(season).len().sort(season)
    thin = counts.filter((pl.col("len") < gates.min_rows_per_season) & (pl.col(season) < last))
    if not thin.is_empty():
        year, number = thin.row(0)
        raise SourceInvalid(
            f"The season {year} has {number} rows in the {dataset.name} file; a complete one has at least {gates.min_rows_per_season}."
        )
    crowded = counts.filter(pl.col("len") > (gates.max_rows_per_season or len(frame)))
    if not crowded.is_empty():
        year, number = crowded.row(0)
        raise QualityGateFailed(f"The season {year} has {number} rows in the {dataset.name} file; rows were probably doubled upstream.")


def report_unfinished_season(frame: pl.DataFrame, dataset: Dataset, issues: IssueLog) -> None:
    """Warn when the newest season has fewer rows than a complete one: it may have begun, or the end of the file may be missing."""
    if dataset.season is None:
        return
    newest, number = frame.group_by(dataset.season).len().sort(dataset.season).row(-1)
    if number < dataset.gates.min_rows_per_season:
        message = f"{newest} has {number} rows so far; a complete season has at least {dataset.gates.min_rows_per_season}."
        issues.add(Issue("warning", "season_unfinished", message, season=newest, value=str(number)))


def check_row_counts(frame: pl.DataFrame, stored: int, seasons: dict[int, int], standing: Standing, dataset: Dataset,
                     issues: IssueLog, *, older: bool = False) -> None:  # fmt: skip
    """Compare the number of rows with the previous load: per season, or as a whole where the data set has no seasons.

    An ``older`` release may have fewer.
    """
    expected = max(stored, standing.get(("rows_fewer", None, None, None), 0))
    if dataset.season is not None:
        check_season_counts(frame, seasons, standing, dataset, issues, older=older)
    elif len(frame) < stored * (1 - dataset.gates.shrink_fails) and not older:
        raise QualityGateFailed(f"The {dataset.name} file has {len(frame)} rows; the previous load had {stored}.")
    elif len(frame) < expected * (1 - dataset.gates.shrink_warns):
        message = f"There are {len(frame)} rows; there were {expected}."
        issues.add(Issue("warning", "rows_fewer", message, value=str(len(frame)), expected=expected))


_IF_OLDER = "If you want this older release back, load it with --older."


def check_season_counts(frame: pl.DataFrame, before: dict[int, int], standing: Standing, dataset: Dataset, issues: IssueLog, *,
                        older: bool = False) -> None:  # fmt: skip
    """Compare rows per season with the previous load: upstream has lost whole seasons silently. Raises naming the worst season."""
    now = dict(frame.group_by("season").len().iter_rows())
    newest = max(before, default=0)
    lost: list[str] = []
    doubled: list[str] = []
    for season, was in sorted(before.items()):
        have = now.get(season, 0)
        expected = max(was, standing.get(("season_shrank", season, None, None), 0))
        if (have < was * (1 - dataset.gates.shrink_fails) or have == 0) and not older:
            lost.append(f"{season} has {have} rows instead of {was}")
        elif have < expected * (1 - dataset.gates.shrink_warns):
            message = f"{season} has {have} rows; it had {expected}."
            issues.add(Issue("warning", "season_shrank", message, season=season, value=str(have), expected=expected))
        elif season < newest and have > was * (1 + dataset.gates.growth_fails):
            doubled.append(f"{season} has {have} rows instead of {was}")
    problems = [*doubled, *lost]
    if problems:
        more = f" (and {len(problems) - 1} more seasons)" if len(problems) > 1 else ""
        raise QualityGateFailed(
            f"The {dataset.name} file is not compatible with the previous load: {problems[0]}{more}.", None if doubled else _IF_OLDER
        )


def report_dead_columns(filled: dict[str, int], issues: IssueLog) -> None:
    """Say which columns hold nothing at all."""
    for name, number in filled.items():
        if number == 0:
            issues.add(Issue("info", "dead_column", f"{name} is empty in every row.", field=name))


def check_stability(changed: dict[str, int], compared: int, dataset: Dataset) -> None:
    """Hold a load that would overwrite more than a quarter of a stable column (a null that is filled does not count)."""
    for name in dataset.stable:
        if compared and changed.get(name, 0) > HELD_SHARE * compared:
            raise LoadHeld(
                f"The load would change {name} in {changed[name]} of {compared} rows, which is more than a quarter of a column that hardly"
                " ever changes.",
                "Look at the file; if it is right, load it with --replace.",
            )


def report_many(frame: pl.DataFrame, rule: str, severity: Severity, message: str, field: str, name: str, issues: IssueLog) -> None:
    """Record each row of ``frame`` (season, the name column, the field) under one rule; ``{value}`` in the message is the field's value."""
    for row in frame.head(KEPT_PER_RULE).iter_rows(named=True):
        entity = f"{row['season']}/{row[name]}"
        text = f"{entity}: {message.format(value=row[field])}"
        issues.add(Issue(severity, rule, text, row["season"], entity, field, None if row[field] is None else str(row[field])))
    issues.add_uncounted(severity, rule, max(0, len(frame) - KEPT_PER_RULE))
