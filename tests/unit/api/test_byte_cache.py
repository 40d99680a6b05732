"""The byte cache: one entry per request however it is spelled, bounded, and empty after a change."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from app.cache.responses import LARGEST_BODY, OVERHEAD, ByteCache, Entry
from app.http.conditional import matches

PATIENT = settings(deadline=None)
NAMES = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=4)


def entry(size: int) -> Entry:
    return Entry([], b"x" * size, b'W/"1"', "/route")


@PATIENT
@given(st.lists(st.tuples(NAMES, NAMES), max_size=6, unique_by=lambda pair: pair[0]), st.data())
def test_the_order_of_parameters_does_not_count(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    cache = ByteCache(1000, "1")
    shuffled = data.draw(st.permutations(pairs))
    assert cache.key("/p", urlencode(pairs).encode()) == cache.key("/p", urlencode(shuffled).encode())


@PATIENT
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_different_requests_have_different_keys(first: bytes, second: bytes) -> None:
    cache = ByteCache(1000, "1")

    def meant(query: bytes) -> list[tuple[str, str]]:
        return sorted(parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))

    if meant(first) != meant(second):
        assert cache.key("/p", first) != cache.key("/p", second)


@PATIENT
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4000)), max_size=60))
def test_it_never_grows_beyond_its_limit(puts: list[tuple[int, int]]) -> None:
    limit = 12_000
    cache = ByteCache(limit, "1")
    for name, size in puts:
        cache.put(str(name), entry(size))
        assert cache.bytes <= limit
    kept = [found for name in range(31) if (found := cache.get(str(name)))]
    assert len(kept) == len(cache)
    assert cache.bytes == sum(len(each.body) + OVERHEAD for each in kept)


def test_the_least_recently_used_goes_first() -> None:
    cache = ByteCache(2 * (OVERHEAD + 10), "1")
    cache.put("a", entry(10))
    cache.put("b", entry(10))
    assert cache.get("a")
    cache.put("c", entry(10))
    assert cache.get("b") is None
    assert cache.get("a")
    assert cache.get("c")


def test_what_is_too_large_is_not_kept() -> None:
    cache = ByteCache(10 * LARGEST_BODY, "1")
    cache.put("a", entry(LARGEST_BODY + 1))
    assert cache.get("a") is None
    cache.put("b", entry(LARGEST_BODY))
    cache.clear()
    assert (cache.get("b"), cache.bytes) == (None, 0)


def test_tags_depend_on_release_version_and_address() -> None:
    cache = ByteCache(1000, "1")
    tags = {cache.etag("1.1", "/a"), cache.etag("1.2", "/a"), cache.etag("1.1", "/b"), ByteCache(1000, "2").etag("1.1", "/a")}
    assert len(tags) == 4


def test_weak_comparison() -> None:
    assert matches(b'W/"a"', b'W/"a"')
    assert matches(b'"a"', b'W/"a"')
    assert matches(b'"x", W/"a" ,"y"', b'"a"')
    assert not matches(b'"a', b'W/"a"')
    assert not matches(b"*", b'W/"a"')
    assert not matches(b"", b'W/"a"')


def test_other_data_are_never_answered_with_what_was_kept() -> None:
    cache = ByteCache(100_000, "1")
    cache.switch_to("1.1-a")
    cache.put("a", entry(10))
    cache.switch_to("1.1-b")
    assert (cache.get("a"), cache.data) == (None, "1.1-b")
