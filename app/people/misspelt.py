"""Names that are like a misspelt one."""

from collections.abc import Mapping
from difflib import SequenceMatcher, get_close_matches

from sqlalchemy import Integer, bindparam, select

from app.context import ServiceContext
from app.db.models import Person, PersonAlias
from app.db.statements import compile_statement
from app.listing.filters import exact_key, matches_search, search_patterns
from app.names import name_key

_NAMES = compile_statement(select(Person.name, Person.name_key).union(select(PersonAlias.name, PersonAlias.name_key)))
_MOST = 3
#: Words that may be meant by one, and how like it they must be.
_WORDS, _CUTOFF = 5, 0.75
#: Names with words that begin like those of a search without a result, those of the latest people first.
_ALIKE = compile_statement(
    select(Person.name, Person.name_key)
    .where(matches_search("q")(Person.__table__))
    .order_by(Person.last_season.desc(), Person.name, Person.person_id)
    .limit(bindparam("limit", type_=Integer))
)
#: Limits of one search for near names, which takes 30 ms of CPU at most.
_MOST_WORDS, _MOST_ALIKE = 4, 1_500


async def names_like(context: ServiceContext, text: str, *, whole: bool) -> list[str] | None:
    """Return the names that are most like the text, None if there is a person of that name: it is not misspelt.

    Not ``whole``: the text is the beginnings of words. Comparing with 26,000 names takes a tenth of a second for each word.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    names = {row["name_key"]: row["name"] for row in await context.database.fetch(_NAMES)}
    key = exact_key(text)
    if key in names if whole else any(_begin(key, each) for each in names):
        return None
    return nearest_names(key, names)


async def near_names(context: ServiceContext, query: str) -> list[str]:
    """Return the names that are most like a misspelt one. The first three letters of a single word must be right, else two of each."""
    key = name_key(query)
    words = key.split()
    if not 0 < len(words) <= _MOST_WORDS:
        return []
    beginnings = " ".join(word[: 3 if len(words) == 1 else 2] for word in words)
    rows = await context.database.fetch(_ALIKE, {"q": search_patterns(beginnings), "limit": _MOST_ALIKE})
    return nearest_names(key, {row["name_key"]: row["name"] for row in rows})


def _begin(key: str, name_key: str) -> bool:
    return all(f" {word}" in f" {name_key}" for word in key.split())


def nearest_names(key: str, names: Mapping[str, str]) -> list[str]:
    """Return the names that have a word like each word of the key, the most similar first; ``names`` are written names by their keys."""
    vocabulary = {word for each in names for word in each.split()}
    wanted = [
        {near: SequenceMatcher(None, word, near).ratio() for near in _near(word, vocabulary)}
        for word in key.split()
    ]  # fmt: skip
    scores = {}
    for each in names:
        best = [max((likeness.get(word, 0) for word in each.split()), default=0) for likeness in wanted]
        if all(best):
            scores[each] = sum(best)
    return [names[each] for each in sorted(scores, key=lambda each: (-scores[each], len(each), each))[:_MOST]]


def _near(word: str, vocabulary: set[str]) -> set[str]:
    return {each for each in vocabulary if each.startswith(word)} | set(get_close_matches(word, vocabulary, _WORDS, _CUTOFF))
