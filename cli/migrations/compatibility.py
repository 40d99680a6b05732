"""Find the statements of a migration that the running release could not tolerate.

While an update is rolled out, the old version runs on the new schema. So a migration may add what the old one does not know, and has to
leave to a later release what takes something away from it ("expand, then contract"). This reads the SQL that Alembic would run; it is not a
parser: string literals, bodies of functions and comments are removed first, and the rest is compared with the forms that break old code.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Break:
    """A statement, on one line, and what it would do to the running version."""

    statement: str
    reason: str

    def __str__(self) -> str:
        return f"`{self.statement}` {self.reason}"


_COMMENTS: Final = re.compile(r"""(?P<kept>(\$\w*\$).*?\2|'(?:[^']|'')*'|"[^"]*")|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_LITERALS: Final = re.compile(r"""(\$\w*\$).*?\1|\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'""", re.DOTALL)
_RELATION: Final = r"(?:TABLE|VIEW|MATERIALIZED VIEW|FOREIGN TABLE)"
_CREATED: Final = re.compile(rf"CREATE (?:UNLOGGED |TEMP |TEMPORARY |OR REPLACE )*{_RELATION} (?:IF NOT EXISTS )?(?P<name>[^ (]+)")
_ALTERED: Final = re.compile(rf"ALTER {_RELATION} (?:IF EXISTS )?(?:ONLY )?(?P<name>[^ ]+)(?: \*)? (?P<actions>.*)")
_INDEXED: Final = re.compile(r"CREATE UNIQUE INDEX .*?\bON (?:ONLY )?(?P<name>[^ (]+)")

_UNKNOWN_TO_IT: Final = "requires a value in new rows that the running version does not write"
_TAKES_AWAY: Final = "takes away what the running version may use"
_MAY_BREAK: Final = "forbids rows that the running version may write"
#: Whole statements, from their beginning.
_STATEMENTS: Final = (
    # Recognised by our naming: ON CONFLICT of the running version may rely on a unique one; any other only affects speed.
    (re.compile(r"DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?(?!(?:PUBLIC\.)?IX_)"), _TAKES_AWAY),
    (re.compile(rf"DROP (?:{_RELATION}|SCHEMA|SEQUENCE|TYPE|DOMAIN|FUNCTION|PROCEDURE|ROUTINE|EXTENSION|COLLATION)\b"), _TAKES_AWAY),
    (re.compile(r"TRUNCATE\b"), _TAKES_AWAY),
    (re.compile(r"REVOKE\b"), _TAKES_AWAY),
    (
        re.compile(r"ALTER (?:TYPE|DOMAIN|SEQUENCE|SCHEMA|FUNCTION|PROCEDURE|ROUTINE) .*\b(?:RENAME|SET SCHEMA|DROP ATTRIBUTE)\b"),
        _TAKES_AWAY,
    ),
    (re.compile(r"ALTER (?:TYPE .* ALTER ATTRIBUTE|DOMAIN .* (?:ADD|SET NOT NULL))\b"), _MAY_BREAK),
    (re.compile(r"DO\b"), "runs code whose effect cannot be determined"),
)
#: Actions of ALTER TABLE, from their beginning.
_ACTIONS: Final = (
    (re.compile(r"DROP CONSTRAINT (?:IF EXISTS )?(?!CK_|FK_)"), _TAKES_AWAY),
    (re.compile(r"DROP (?!CONSTRAINT\b)"), _TAKES_AWAY),
    (re.compile(r"RENAME (?!CONSTRAINT\b)"), _TAKES_AWAY),
    (re.compile(r"SET SCHEMA\b"), _TAKES_AWAY),
    (re.compile(r"ALTER (?:COLUMN )?[^ ]+ DROP (?:DEFAULT|IDENTITY)\b"), _UNKNOWN_TO_IT),
    (re.compile(r"ALTER (?:COLUMN )?[^ ]+ SET NOT NULL\b"), _MAY_BREAK),
    (re.compile(r"ALTER (?:COLUMN )?[^ ]+ (?:SET DATA )?TYPE\b"), "changes the type of what the running version reads and writes"),
    (re.compile(r"ADD (?:CONSTRAINT|CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY|EXCLUDE)\b"), _MAY_BREAK),
)
_ADDED_COLUMN: Final = re.compile(r"ADD (?!CONSTRAINT\b)(?:COLUMN )?(?:IF NOT EXISTS )?[^ ]+ (?P<definition>.*)")
_GIVEN_BY_ITSELF: Final = re.compile(r"\bDEFAULT\b|\bGENERATED\b|\b(?:SMALL|BIG)?SERIAL\b")
_DEMANDED: Final = re.compile(r"\bNOT NULL\b|\bPRIMARY KEY\b")


def breaks(statements: Iterable[str]) -> list[Break]:
    """Find the statements that are incompatible with the running version, except for tables that they create themselves."""
    made: set[str] = set()
    found = []
    for said, read in _readable(statements):
        if created := _CREATED.match(read):
            made.add(_name(created["name"]))
        elif reason := _reason(read, made):
            found.append(Break(said, reason))
    return found


def _readable(statements: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each statement in readable form, and in the form for comparison: upper case, without quotes and literals."""
    for text in statements:
        without_comments = _COMMENTS.sub(lambda found: found["kept"] or " ", text)
        bare = _LITERALS.sub("''", without_comments)
        parts = [part for part in bare.split(";") if part.strip()]
        for part in parts:
            said = without_comments.strip().rstrip(";") if len(parts) == 1 else part
            yield " ".join(said.split()), " ".join(part.replace('"', "").upper().split())


def _reason(statement: str, made: set[str]) -> str | None:
    for pattern, reason in _STATEMENTS:
        if pattern.match(statement):
            return reason
    if (indexed := _INDEXED.match(statement)) and _name(indexed["name"]) not in made:
        return _MAY_BREAK
    if (altered := _ALTERED.match(statement)) and _name(altered["name"]) not in made:
        return next(filter(None, map(_reason_of_action, _split(altered["actions"]))), None)
    return None


def _reason_of_action(action: str) -> str | None:
    for pattern, reason in _ACTIONS:
        if pattern.match(action):
            return reason
    added = _ADDED_COLUMN.match(action)
    if added and _DEMANDED.search(added["definition"]) and not _GIVEN_BY_ITSELF.search(added["definition"]):
        return _UNKNOWN_TO_IT
    return None


def _split(actions: str) -> Iterator[str]:
    """Split one ALTER TABLE into its actions, at commas outside parentheses."""
    depth = begin = 0
    for place, character in enumerate(actions):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield actions[begin:place].strip()
            begin = place + 1
    yield actions[begin:].strip()


def _name(name: str) -> str:
    return name.removeprefix("PUBLIC.")
