"""Rows and pairs made from one another are trained on together, or held out together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.preference.pairs import Pair, hold_out_pairs
from baselines.training.held_out import HeldOut, hold_out
from submission.competitions import find_competition
from submission.errors import InputError
from submission.records.rows import Reference, TrainingRow

COMPETITION = find_competition("sample-wallpaper")


@given(
    parents=st.lists(st.none() | st.integers(0, 11), min_size=4, max_size=12),
    groups=st.lists(st.sampled_from(["", "", "a", "b"]), min_size=12, max_size=12),
    share=st.floats(0.1, 0.8),
    seed=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_no_draw_separates_a_row_from_its_parent_or_its_group(
    parents: list[int | None], groups: list[str], share: float, seed: int
) -> None:
    cells = [
        {"id": f"r{n}", "parent": "" if parent is None else f"r{parent}", "group": groups[n]}
        for n, parent in enumerate(parents)
    ]
    rows = [TrainingRow(each["id"], (each["id"],), ("답",), "", "", each) for each in cells]
    references = [Reference(row.id, row.answers, "") for row in rows]
    try:
        rest, out = hold_out(HeldOut(COMPETITION, rows, references), share, seed)
    except InputError:  # all in one group
        return
    held = {row.id for row in out.rows}
    assert held
    assert rest
    for cell in cells:
        assert cell["parent"] not in {row.id for row in rows} or (
            (cell["id"] in held) == (cell["parent"] in held)
        )
    for name in ("a", "b"):
        assert len({each["id"] in held for each in cells if each["group"] == name}) < 2
    pairs = [Pair(each["id"], "", each, "좋은 답", "나쁜 답") for each in cells]
    kept, left = hold_out_pairs(pairs, share, seed)
    assert {each.question for each in left} == held
    assert [each.question for each in kept] == [row.id for row in rest]
