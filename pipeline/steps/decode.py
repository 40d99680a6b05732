"""Decode: bytes to a typed data frame, the same one whether the file is CSV or Parquet.

Every export spells some values differently (``TRUE``/``True``/``true``, ``24``/``24.0``, an empty string, ``NA`` or nothing at all); here
they become one value. A cell that does not fit its column becomes null and is reported; a line with bytes that are not UTF-8 is repaired.
"""

import codecs
import csv
import io
import mmap
from contextlib import suppress
from pathlib import Path

import polars as pl

from app.datasets.model import Dataset, Field
from pipeline.errors import SourceInvalid
from pipeline.issues import KEPT_PER_RULE, Issue, IssueLog
from pipeline.schema import polars_type
from pipeline.steps.copying import DELIMITER
from pipeline.steps.extract import SourceFile

NULL_SPELLINGS = ["", "NA", "N/A", "NULL", "null", "None", "NaN", "nan"]
TRUE_SPELLINGS = ["true", "t", "1", "1.0", "yes"]
FALSE_SPELLINGS = ["false", "f", "0", "0.0", "-0.0", "no"]

#: Separators that spreadsheets use in some countries.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}

#: The rows and the bytes of text that a Parquet file may have: one of 200 kB that repeats itself can hold gigabytes of either. The largest
#: release file has 24,000 rows and 6 MB of text.
MAX_ROWS, MAX_TEXT = 2_500_000, 500_000_000

#: Exceptions of polars for a file that it cannot read; it panics on some, which is not derived from Exception.
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


def decode(source: SourceFile, dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
    """Read a file into the columns and types of the data set; missing columns are absent, unknown ones are dropped.

    Raises ``SourceInvalid`` when the file is not what its format promises or is cut off.
    """
    raw = _read_parquet(source.path, dataset) if source.file_format == "parquet" else _read_csv(source.path, dataset, issues)
    typed = _typed(raw, dataset, issues)
    if _may_have(source, "\0"):
        # as it was read, where a number may have one, and as text of whatever type it was read from
        _refuse_nul(source.path.name, raw.select(typed.columns))
        _refuse_nul(source.path.name, typed)
    return _without_delimiters(typed, issues) if _may_have(source, DELIMITER) else typed


def source_columns(source: SourceFile) -> list[str]:
    """Return the column names of a file.

    Raises:
        SourceInvalid: the file has no header.
    """
    if source.file_format == "parquet":
        try:
            return list(pl.read_parquet_schema(source.path))
        except (*_UNREADABLE, OSError) as error:
            raise SourceInvalid(f"{source.path.name} is truncated or damaged: its Parquet index cannot be read.") from error
    with source.path.open("rb") as stream:
        first = stream.readline(1 << 20).decode("utf-8-sig", errors="replace")
    if "\0" in first:
        raise SourceInvalid(f"{source.path.name} is damaged or no CSV file: its first line has NUL characters, which no text has.")
    try:
        names = next(csv.reader([first]), [])
    except csv.Error as error:
        raise SourceInvalid(f"{source.path.name} is not a CSV file: {error}.") from error
    for separator, called in _OTHER_SEPARATORS.items():
        if len(names) == 1 and separator in names[0]:
            raise SourceInvalid(f"{source.path.name} separates its cells with {called}, not with commas; save it with commas.")
    return names


def _read_parquet(path: Path, dataset: Dataset) -> pl.DataFrame:
    try:
        known = [name for name in pl.read_parquet_schema(path) if name in dataset.field_names]
        if pl.scan_parquet(path).select(pl.len()).collect().item() > MAX_ROWS:
            raise SourceInvalid(f"{path.name} has more than {MAX_ROWS:,} rows, the most that are read.")
        rows = pl.read_parquet(path, columns=known)  # repeated text takes no memory yet
    except (*_UNREADABLE, OSError) as error:
        raise SourceInvalid(f"{path.name} is truncated or damaged: its Parquet data cannot be read.") from error
    if sum(map(sum, rows.select(pl.col(pl.String).str.len_bytes().cast(pl.Int64).sum()).iter_rows())) > MAX_TEXT:
        raise SourceInvalid(f"{path.name} has more than {MAX_TEXT // 1_000_000} MB of text, the most that is read.")
    return rows


def _read_csv(path: Path, dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
    """Read a CSV file with the types of the data set at full speed.

    Looking for the words that mean nothing (NA, NULL) in every cell takes as long as all the rest, so they are looked for when a column of
    numbers has one; in text they are found later. A file that writes 24.0 for 24 or has odd cells is read once more, as text.
    """
    content: Path | io.BytesIO = path
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        _refuse_cut_off(path.name, view)
        if not _is_utf8(view):
            content = io.BytesIO(_repair_lines(view, issues))
    declared = {column.name: pl.String if column.kind in ("boolean", "date") else polars_type(column) for column in dataset.fields}
    for null_values in (None, NULL_SPELLINGS):
        with suppress(pl.exceptions.ComputeError):
            return _parsed(path.name, content, declared, null_values)
    try:
        return _parsed(path.name, content, {}, NULL_SPELLINGS)
    except pl.exceptions.ComputeError as error:
        raise SourceInvalid(f"{path.name} is not a CSV file: {_first_line(error)}") from error


def _parsed(name: str, content: Path | io.BytesIO, types: dict[str, type[pl.DataType]], null_values: list[str] | None) -> pl.DataFrame:
    """Parse the cells; columns that are not in ``types`` are text.

    Raises:
        ComputeError: a cell does not have its type.
    """
    if isinstance(content, io.BytesIO):
        content.seek(0)
    try:
        return pl.read_csv(content, schema_overrides=types, null_values=null_values, infer_schema=False)
    except pl.exceptions.ComputeError:
        raise
    except _UNREADABLE as error:
        raise SourceInvalid(f"{name} is not a CSV file: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    if isinstance(error, pl.exceptions.PanicException):
        return "the parser gave up on it, as it does when a quoted cell is never closed."
    return str(error).strip().splitlines()[0].rstrip(".") + "."


def _refuse_cut_off(name: str, view: mmap.mmap) -> None:
    """Refuse an incomplete download, which ends in the middle of a line: its last line has fewer cells than the header."""
    header_end = view.find(b"\n")
    header = view[: header_end if header_end >= 0 else len(view)].decode("utf-8-sig", errors="replace")
    end = len(view)
    while end > 0 and view[end - 1 : end] in (b"\n", b"\r"):
        end -= 1
    start = view.rfind(b"\n", 0, end) + 1
    if header_end < 0 or start == 0 or end <= header_end:
        raise SourceInvalid(f"{name} has a header but no rows.")
    last = view[start:end].decode("utf-8", errors="replace")
    if last.count('"') % 2:
        return  # the tail of a cell with a line break in it: only the parser can tell
    try:
        wanted, found = (len(next(csv.reader([line]), [])) for line in (header.rstrip("\r"), last))
    except csv.Error as error:
        raise SourceInvalid(f"{name} is not a CSV file: {error}.") from error
    if found < wanted:
        raise SourceInvalid(f"{name} is cut off: its last line has {found} of {wanted} cells.")


def _is_utf8(view: mmap.mmap) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    pending = b""
    try:
        for offset in range(0, len(view), 1 << 20):
            block = view[offset : offset + (1 << 20)]
            if pending or not block.isascii():  # which is quicker to see than to decode, and mostly so
                decoder.decode(block)
                pending = decoder.getstate()[0]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _repair_lines(view: mmap.mmap, issues: IssueLog) -> bytes:
    """Read only the broken lines of the file as Latin-1; every other line keeps its bytes."""
    repaired = []
    for number, line in enumerate(view[:].split(b"\n"), start=1):
        try:
            line.decode("utf-8")
            repaired.append(line)
        except UnicodeDecodeError:
            repaired.append(line.decode("latin-1").encode())
            issues.add(
                Issue("warning", "encoding_repaired", f"Line {number} was not UTF-8 and was read as Latin-1.", entity=f"line {number}")
            )
    return b"\n".join(repaired)


def _may_have(source: SourceFile, character: str) -> bool:
    """Check whether a cell may contain this single-byte character. Searching a text file for the byte takes a thirtieth of the time."""
    if source.file_format == "parquet":
        return True
    with source.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return view.find(character.encode()) >= 0


def _refuse_nul(name: str, frame: pl.DataFrame) -> None:
    """Refuse NUL characters: they indicate a hole left by a disk or a download, and PostgreSQL does not accept them in text."""
    for column in frame.select(pl.col(pl.String).str.contains("\0", literal=True)):
        if column.any():
            raise SourceInvalid(f"{name} is damaged: row {column.arg_true()[0] + 1} has a NUL character in {column.name}.")


def _without_delimiters(typed: pl.DataFrame, issues: IssueLog) -> pl.DataFrame:
    """Replace the delimiter of the text sent to PostgreSQL by a space. Names never contain it."""
    texts = [name for name, dtype in typed.schema.items() if dtype == pl.String]
    has = typed.select(pl.col(texts).str.contains(DELIMITER, literal=True).any()).row(0, named=True) if texts else {}
    for name in [name for name in texts if has[name]]:
        rows = typed[name].str.contains(DELIMITER, literal=True).arg_true()
        for row in rows.head(KEPT_PER_RULE):
            message = f"Row {row + 1}: {name} has a control character, which was taken for a space."
            issues.add(Issue("warning", "control_character", message, entity=f"row {row + 1}", field=name))
        issues.add_uncounted("warning", "control_character", max(0, len(rows) - KEPT_PER_RULE))
        spaced = pl.col(name).str.replace_all(DELIMITER, " ", literal=True).str.strip_chars()
        typed = typed.with_columns(pl.when(~spaced.is_in(NULL_SPELLINGS)).then(spaced).alias(name))
    return typed


def _typed(raw: pl.DataFrame, dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
    """Return the columns of the data set with their types; unparsable values become null and are recorded."""
    columns = [column for column in dataset.fields if column.name in raw.columns]
    clean = _clean_columns(raw, columns)
    typed = raw.select(
        pl.col(column.name) if column in clean else _converted(raw[column.name], column).alias(column.name) for column in columns
    )
    # text always fits; only what had to be converted can have been lost
    converted = [column for column in columns if column.kind != "text" and column not in clean]
    if not converted:
        return typed
    lost = typed.select(column.name for column in converted).null_count()
    had = raw.select(_present(raw.schema[column.name], column.name).sum().alias(column.name) for column in converted)
    for column in converted:
        if len(raw) - lost[column.name].item() < had[column.name].item():
            _report_misfits(raw, typed, column, issues)
    return typed


def _clean_columns(raw: pl.DataFrame, columns: list[Field]) -> set[Field]:
    """Find columns that can be used unchanged: right type, and for text no surplus space and no spelling of null.

    All are looked at in one go, which takes all processors.
    """
    right = [column for column in columns if raw.schema[column.name] == polars_type(column)() and column.kind != "number"]
    texts = [column for column in right if column.kind == "text"]
    if not texts:
        return set(right)
    odd = raw.select(_is_odd(column.name).any() for column in texts).row(0, named=True)
    return {column for column in right if not odd.get(column.name, False)}


def _is_odd(name: str) -> pl.Expr:
    cell = pl.col(name)
    return (cell.str.strip_chars() != cell) | cell.is_in(NULL_SPELLINGS)


def _present(dtype: pl.DataType, name: str) -> pl.Expr:
    if dtype == pl.String:
        return ~pl.col(name).is_in(NULL_SPELLINGS) & pl.col(name).is_not_null() & (pl.col(name).str.strip_chars() != "")
    if dtype.is_float():
        return pl.col(name).is_not_null() & pl.col(name).is_not_nan()
    return pl.col(name).is_not_null()


def _converted(raw: pl.Series, column: Field) -> pl.Expr:
    cell, dtype = pl.col(column.name), raw.dtype
    if column.kind == "text":
        text = cell if dtype == pl.String else cell.cast(pl.String)
        text = text.str.strip_chars()
        return pl.when(~text.is_in(NULL_SPELLINGS)).then(text)
    if column.kind == "boolean":
        if dtype == pl.Boolean:
            return cell
        # a column has a handful of spellings: each is read once, not in every row
        spellings = raw.unique()
        spelled = spellings.cast(pl.String).str.strip_chars().str.to_lowercase()
        truths = [True if word in TRUE_SPELLINGS else False if word in FALSE_SPELLINGS else None for word in spelled]
        return cell.replace_strict(spellings, pl.Series(truths, dtype=pl.Boolean), return_dtype=pl.Boolean)
    if column.kind == "date":
        return cell.str.strip_chars().str.to_date("%Y-%m-%d", strict=False) if dtype == pl.String else cell.cast(pl.Date)
    if column.kind == "integer" and dtype == pl.Int32:
        return cell
    number = cell.str.strip_chars().cast(pl.Float64, strict=False) if dtype == pl.String else cell.cast(pl.Float64)
    finite = pl.when(number.is_finite()).then(number)
    if column.kind == "number":
        return finite
    return pl.when((finite == finite.round()) & (finite.abs() < 2**31)).then(finite).cast(pl.Int32, strict=False)


def _report_misfits(raw: pl.DataFrame, typed: pl.DataFrame, column: Field, issues: IssueLog) -> None:
    misfit = raw.select(_present(raw.schema[column.name], column.name).alias("present")).to_series() & typed[column.name].is_null()
    for number, value in raw.select(pl.int_range(pl.len()).alias("n"), pl.col(column.name).cast(pl.String)).filter(misfit).iter_rows():
        wanted = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "text": "text", "date": "a date"}[
            column.kind
        ]
        message = f"Row {number + 1}: {column.name} is not {wanted}; the cell was left out."
        issues.add(Issue("quarantine", "wrong_type", message, entity=f"row {number + 1}", field=column.name, value=value))
