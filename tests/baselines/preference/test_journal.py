from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.preference.journal import Journal
from submission.errors import InputError

STEPS = st.lists(
    st.one_of(st.just("undo"), st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 3))),
    max_size=12,
)


@settings(deadline=None)  # every step waits for the disk
@given(STEPS, st.integers(0, 40))
def test_whatever_is_cut_off_the_end_only_the_last_step_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[str | tuple[str, int | None]],
    cut: int,
) -> None:
    path = tmp_path_factory.mktemp("journal") / "decisions.jsonl"
    states: list[tuple[int, dict[str, int | None]]] = [(0, {})]
    with Journal(path) as journal:
        for step in steps:
            if isinstance(step, str):
                journal.undo()
            else:
                journal.decide(*step)
            states.append((path.stat().st_size, journal.decided))
    kept = path.stat().st_size - min(cut, path.stat().st_size)
    path.write_bytes(path.read_bytes()[:kept])
    *_, expected = (decided for size, decided in states if size <= kept)
    with Journal(path) as journal:
        assert list(journal.decided.items()) == list(expected.items())
        journal.decide("e", 1)
    with Journal(path) as journal:
        assert journal.decided == {**expected, "e": 1}


def test_undo_takes_back_one_decision_after_the_other(tmp_path: Path) -> None:
    with Journal(tmp_path / "decisions.jsonl") as journal:
        journal.decide("a", 1)
        journal.decide("b", None)
        assert journal.undo()
        assert journal.decided == {"a": 1}
        assert journal.undo()
        assert not journal.undo()


def test_one_process_chooses_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    with (
        Journal(path),
        pytest.raises(InputError, match="another prefer command is using this file"),
    ):
        Journal(path)
    with Journal(path) as journal:
        assert journal.decided == {}


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"key": 1, "choice": 2}', '{"undo": "absent"}']
)
def test_a_line_that_is_no_decision_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text('{"key": "a", "choice": 0}\n' + line + "\n")
    with pytest.raises(InputError, match="row 2: is not a decision"):
        Journal(path)
