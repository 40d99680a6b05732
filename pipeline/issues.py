"""The findings of a load, collected while it runs and written to the ledger at its end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["info", "warning", "quarantine", "error"]

#: Rows of one rule that are kept in full; the rest is counted, so that a broken file cannot flood the database.
KEPT_PER_RULE = 200

#: The counts that losses fell short of in the previous load, by rule, season, entity and field.
Standing = Mapping[tuple[str, int | None, str | None, str | None], int]


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding. ``entity`` names the row (``2024/17`` or ``2024/Byron Young``), ``value`` is what the source said.

    ``expected`` is the count that ``value`` fell short of. Such a finding stands, load after load, until the count is reached again.
    """

    severity: Severity
    rule: str
    message: str
    season: int | None = None
    entity: str | None = None
    field: str | None = None
    value: str | None = None
    expected: int | None = None


@dataclass(slots=True)
class IssueLog:
    """All findings of one load, at most ``KEPT_PER_RULE`` of each rule in full."""

    kept: list[Issue] = field(default_factory=list)
    counts: Counter[tuple[Severity, str]] = field(default_factory=Counter)

    def add(self, issue: Issue) -> None:
        """Record one finding."""
        self.counts[issue.severity, issue.rule] += 1
        if self.counts[issue.severity, issue.rule] <= KEPT_PER_RULE:
            self.kept.append(issue)

    def count(self, severity: Severity, rule: str | None = None) -> int:
        """Count the findings of a severity (and rule), recorded or not."""
        return sum(n for (of, name), n in self.counts.items() if of == severity and rule in (None, name))

    def add_uncounted(self, severity: Severity, rule: str, number: int) -> None:
        """Count ``number`` further findings of a rule, without their rows."""
        self.counts[severity, rule] += number

    def all(self) -> Iterator[Issue]:
        """Yield the recorded findings, then one line per rule that had more."""
        yield from self.kept
        for (severity, rule), number in self.counts.items():
            if number > KEPT_PER_RULE:
                yield Issue(severity, rule, f"{number - KEPT_PER_RULE} more findings of this rule are not listed.")
