"""Query strings of pages that take parameters of the API: empty fields of a form are left out, errors become messages on the page."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Generic, Self, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from starlette.datastructures import URL
from starlette.requests import Request

from app.errors import InvalidParameter, NotFound
from app.errors.wording import in_words, unknown_parameter
from app.parameters import Parameters
from app.web import cards

P = TypeVar("P", bound=BaseModel)
#: So much of a value that was refused is shown again.
LONGEST_SHOWN = 200
#: The labels of the fields of forms whose parameters have other names.
_LABELS = {"q": "Name", "ids": "Players", "season_min": "From class", "season_max": "To class"}
#: What links from elsewhere carry, such as ``utm_source`` and ``gclid``: it never means a page, so it is ignored.
_TRACKERS = re.compile(
    r"(utm|mtm|pk)_\w+|mc_[ce]id|\w*clk?id|_g(a|l|ac)|gad_source|[gw]braid|srsltid|igsh(id)?|_hs(enc|mi)|mkt_tok|li_fat_id|trk|epik|vero_id|ref(_src)?"
)


def _year(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) == 4):
        raise ValueError("must be a year such as 2020")
    return value


Year = Annotated[int, BeforeValidator(_year)]


class PageParameters(Parameters):
    """The page of a list; its filters are added."""

    page: int = Field(default=1, ge=1, le=10_000)


@dataclass(frozen=True, slots=True)
class Given(Generic[P]):
    """What a request has: ``texts`` as typed, without the empty ones, and ``parameters``.

    With ``problem``, which says what is wrong with the texts, the parameters are the defaults.
    """

    path: str
    texts: Mapping[str, str]
    parameters: P
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

    def with_problem(self, error: InvalidParameter | NotFound) -> Self:
        """Return the same with what a service has found wrong with it."""
        return replace(self, problem=error.message)


def read_given(request: Request, model: type[P], prepare: Callable[[dict[str, str]], Mapping[str, object]] = dict) -> Given[P]:
    """Read the parameters that the model has; an unknown one is a problem, as is a value that the model refuses.

    ``prepare`` makes the values for the model from the texts. The first page and the usual order are left out like what is empty.
    """
    known = {name: text.strip() for name, text in request.query_params.items() if name in model.model_fields}
    usual = {name: str(field.default) for name, field in model.model_fields.items() if name in ("page", "sort")}
    texts = {name: text for name, text in known.items() if text not in ("", usual.get(name))}
    path, has_empty = request.url.path.removesuffix(cards.SUFFIX), "" in known.values() and not cards.is_card(request)
    try:
        check_names(request, model.model_fields)
        return Given(path, texts, model.model_validate(prepare(texts)), None, has_empty)
    except InvalidParameter as error:
        problem, has_empty = error.message, False  # the URL without the empty ones would lack the unknown one, too
    except ValidationError as error:
        problem = _sentence(error)
    texts = {name: text[:LONGEST_SHOWN] for name, text in texts.items()}
    return Given(path, texts, model.model_validate(prepare({})), problem, has_empty)


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
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "query"
    words = in_words(first, lambda other: f"“{label_of(other)}”")
    return f"{label_of(name)}: {words.removesuffix('.')}."


def label_of(name: str) -> str:
    """Write the name of a parameter as the label of its field: ``pick_season`` → ``Pick season``."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()
