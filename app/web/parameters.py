"""Query strings of pages that take parameters of the API: empty fields of a form are left out, errors become messages on the page."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, Field, ValidationError

from app.errors import InvalidParameter
from app.errors.wording import in_words, unknown_parameter
from app.listing.parameters import Parameters
from app.web import cards
from app.web.elements import Choice, Filter, Link

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from starlette.datastructures import URL
    from starlette.requests import Request

P = TypeVar("P", bound=BaseModel)
#: So much of a value that was refused is shown again.
LONGEST_SHOWN = 200
LARGEST_ID = 2**31 - 1
#: What links from elsewhere carry, such as ``utm_source`` and ``gclid``: it never means a page, so it is ignored.
_TRACKERS = re.compile(
    r"(utm|mtm|pk)_\w+|mc_[ce]id|\w*clk?id|_g(a|l|ac)|gad_source|[gw]braid|srsltid|igsh(id)?|_hs(enc|mi)|mkt_tok|li_fat_id|trk|epik|vero_id|ref(_src)?"
)


class PageParameters(Parameters):
    """The page of a list; its filters are added."""

    page: int = Field(default=1, ge=1, le=10_000)


@dataclass(frozen=True, slots=True)
class Given(Generic[P]):
    """What a request has: ``texts`` as typed, without the empty ones, and either ``parameters`` or ``problem``, which says why not."""

    path: str
    texts: Mapping[str, str]
    parameters: P | None
    problem: str | None
    has_empty: bool

    def url(self, **changed: str) -> str:
        """Return the URL of this state with other values of some parameters; an empty one is left out."""
        query = urlencode({name: value for name, value in {**self.texts, **changed}.items() if value}, safe=",")
        return self.path + (f"?{query}" if query else "")

    def page_url(self, page: int) -> str:
        """Return the URL of a page of this state."""
        return self.url(page="" if page == 1 else str(page))

    def hidden(self, shown: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return the parameters that the form has no field for, so that it keeps them."""
        return tuple((name, text) for name, text in self.texts.items() if name not in shown and name != "page")


class Pages(NamedTuple):
    """Where a page of a list is: the number of its first row, and the links to the others."""

    first: int
    pages: tuple[Link, ...]
    previous: str | None
    next: str | None


def pages_of(url: Callable[[int], str], number: int, total: int, size: int) -> Pages:
    """Return the place of page ``number`` in a list of ``total`` rows; past the last page, that of the last one."""
    count = max(1, -(-total // size))
    number = min(number, count)
    urls = [url(each) for each in range(1, count + 1)]
    links = tuple(Link(str(each), to, each == number) for each, to in enumerate(urls, 1))
    return Pages((number - 1) * size + 1, links, urls[number - 2] if number > 1 else None, urls[number] if number < count else None)


def read_given(request: Request, model: type[P], prepare: Callable[[dict[str, str]], Mapping[str, object]] = dict) -> Given[P]:
    """Read the parameters that the model has; an unknown one is a problem, as is a value that the model refuses.

    ``prepare`` makes the values for the model from the texts.
    """
    known = {name: text.strip() for name, text in request.query_params.items() if name in model.model_fields}
    texts = {name: text for name, text in known.items() if text}
    has_empty = len(texts) < len(known) and not cards.is_card(request)
    parameters, problem = None, None
    try:
        check_names(request, model.model_fields)
        parameters = model.model_validate(prepare(texts))
    except InvalidParameter as error:
        problem, has_empty = error.message, False  # the URL without the empty ones would lack the unknown one, too
    except ValidationError as error:
        problem = _sentence(error)
    if problem:
        texts = {name: text[:LONGEST_SHOWN] for name, text in texts.items()}
    return Given(request.url.path.removesuffix(cards.SUFFIX), texts, parameters, problem, has_empty)


def without_trackers(url: URL) -> URL:
    """Return the URL that is passed on."""
    found = [name for name, _ in parse_qsl(url.query, keep_blank_values=True) if _TRACKERS.fullmatch(name)]
    return url.remove_query_params(found) if found else url


def check_names(request: Request, known: Collection[str]) -> None:
    """Check the names of the query parameters as the API does, apart from those of trackers. Only a card image has a theme.

    Raises:
        InvalidParameter: one is not known, or is given twice.
    """
    known = (*known, "theme") if cards.is_card(request) else known
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if _TRACKERS.fullmatch(name):
            continue
        if name not in known:
            message = unknown_parameter(name, known)
            raise InvalidParameter(name, message if message.endswith("?") else f"{message}. Remove it from the URL.")
        if times > 1:
            raise InvalidParameter(name, f"The query parameter `{name}` is given more than once. Keep one of them.")


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "query"
    return f"{label_of(name)}: {in_words(first).removesuffix('.')}."


def label_of(name: str) -> str:
    """Write the name of a parameter as a label: ``pick_season`` → ``Pick season``."""
    return name.replace("_", " ").capitalize()


def select(name: str, label: str, every: str, options: Iterable[tuple[str, str]], chosen: str) -> Filter:
    """Build a select. A value that is not among the options stays in the list, so that the form matches the URL."""
    choices = [Choice(value, text, value == chosen) for value, text in options]
    if every:
        choices.insert(0, Choice("", every, not chosen))
    if chosen and not any(choice.selected for choice in choices):
        choices.append(Choice(chosen, chosen, selected=True))
    return Filter(name, label, tuple(choices))


def season_of(text: str) -> int | None:
    """Parse a year of four digits, or return None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None


def whole_number(text: str) -> int | None:
    """Parse a number from 1 that fits into the database's type, or return None."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return number if 0 < number <= LARGEST_ID else None
