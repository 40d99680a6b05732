"""Query strings of pages that take parameters of the API: empty fields of a form are left out, errors become messages on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, Field, ValidationError

from app.errors.wording import in_words
from app.listing.parameters import Parameters
from app.web import cards
from app.web.schemas import Choice, Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from starlette.requests import Request

P = TypeVar("P", bound=BaseModel)
#: So much of a value that was refused is shown again.
LONGEST_SHOWN = 200
LARGEST_ID = 2**31 - 1


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

    def hidden(self, shown: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return the parameters that the form has no field for, so that it keeps them."""
        return tuple((name, text) for name, text in self.texts.items() if name not in shown and name != "page")


def read_given(request: Request, model: type[P], prepare: Callable[[dict[str, str]], Mapping[str, object]] = dict) -> Given[P]:
    """Read the parameters that the model has; others, such as those of trackers, are ignored.

    ``prepare`` makes the values for the model from the texts.
    """
    known = {name: text.strip() for name, text in request.query_params.items() if name in model.model_fields}
    texts = {name: text for name, text in known.items() if text}
    try:
        parameters, problem = model.model_validate(prepare(texts)), None
    except ValidationError as error:
        parameters, problem = None, _sentence(error)
        texts = {name: text[:LONGEST_SHOWN] for name, text in texts.items()}
    path = request.url.path.removesuffix(cards.SUFFIX)
    return Given(path, texts, parameters, problem, has_empty=len(texts) < len(known) and not cards.is_card(request))


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


def whole_number(text: str) -> int | None:
    """Parse a number from 1 that fits into the database's type, or return None."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return number if 0 < number <= LARGEST_ID else None
