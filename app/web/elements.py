"""Parts of several pages: links, selects, bars, and the pages of a list."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.context.references import References


@dataclass(frozen=True, slots=True)
class Link:
    """A URL and its label; ``current`` when it leads to what is shown."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a counting chart; ``share`` is its length in percent of the longest."""

    label: str
    count: int
    share: float
    url: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """One labelled select of a form."""

    name: str
    label: str
    choices: tuple[Choice, ...]


def select(name: str, label: str, every: str, options: Iterable[tuple[str, str]], chosen: str) -> Filter:
    """Build a select. A value that is not among the options stays in the list, so that the form matches the URL."""
    choices = [Choice(value, text, value == chosen) for value, text in options]
    if every:
        choices.insert(0, Choice("", every, not chosen))
    if chosen and not any(choice.selected for choice in choices):
        choices.append(Choice(chosen, chosen, selected=True))
    return Filter(name, label, tuple(choices))


def franchise_select(references: References, chosen: str, every: str = "All franchises") -> Filter:
    """Build the select of franchises."""
    clubs = sorted((club.name, club.slug) for club in references.franchises.values())
    return select("franchise", "Franchise", every, ((slug, name) for name, slug in clubs), chosen)


@dataclass(frozen=True, slots=True)
class Pages:
    """Where page ``number`` of a list is, and the links to the others; ``url`` makes one."""

    url: Callable[[int], str]
    number: int
    count: int
    size: int

    @property
    def first(self) -> int:
        """The number of the first row."""
        return (self.number - 1) * self.size + 1

    @property
    def previous(self) -> str | None:
        """The URL of the page before."""
        return self.url(self.number - 1) if self.number > 1 else None

    @property
    def next(self) -> str | None:
        """The URL of the page after."""
        return self.url(self.number + 1) if self.number < self.count else None

    @property
    def pages(self) -> tuple[Link, ...]:
        """Links to all pages."""
        return tuple(Link(str(each), self.url(each), each == self.number) for each in range(1, self.count + 1))


def pages_of(url: Callable[[int], str], number: int, total: int, size: int) -> Pages:
    """Return the place of page ``number`` in a list of ``total`` rows; past the last page, that of the last one."""
    count = max(1, -(-total // size))
    return Pages(url, min(number, count), count, size)
