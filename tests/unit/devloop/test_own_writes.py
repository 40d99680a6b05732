"""Which changes start a reload, of files that the application writes whenever it starts."""

from __future__ import annotations

from devloop.own_writes import OwnWrites

STATE, MAIN = "app/state.json", "app/main.py"


def test_the_third_change_in_a_row_is_named_and_left_out() -> None:
    said: list[str] = []
    writes = OwnWrites(said.append, ", ".join)
    assert [writes.left((STATE,), {STATE}) for _ in range(4)] == [(STATE,), (STATE,), (), ()]
    assert len(said) == 1
    assert STATE in said[0]
    assert writes.left((STATE, MAIN), {STATE}) == (MAIN,)
    assert writes.left((STATE,), {STATE}) == ()
    assert len(said) == 1


def test_an_edit_of_another_file_in_between_begins_again() -> None:
    writes = OwnWrites(lambda _line: None, ", ".join)
    for _ in range(5):
        assert writes.left((STATE,), {STATE}) == (STATE,)
        assert writes.left((MAIN,), {STATE}) == (MAIN,)


def test_files_that_others_write_always_count() -> None:
    writes = OwnWrites(lambda _line: None, ", ".join)
    assert [writes.left((STATE,), set()) for _ in range(5)] == [(STATE,)] * 5
