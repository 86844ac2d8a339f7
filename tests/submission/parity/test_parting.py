"""Where two texts part."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from submission.parity.parting import SHOWN, Units, part_at

CHARACTERS = Units("character", list)
WORDS = Units("token", str.split)


@given(st.text(), st.text(), st.text())
def test_what_is_shown_is_what_both_texts_hold_around_the_first_difference(
    shared: str, first: str, second: str
) -> None:
    one, two = shared + first, shared + second
    if one == two:
        return
    place, before, left, right = part_at(one, two, CHARACTERS)
    same = place - 1
    assert one[:same] == two[:same]
    assert one[same : same + 1] != two[same : same + 1]
    assert one[:same].endswith(before)
    assert len(before) == min(same, SHOWN)
    assert (left, right) == (one[same : same + SHOWN], two[same : same + SHOWN])


def test_places_are_counted_in_units_from_one() -> None:
    assert part_at("벽지를 새로 바른다", "벽지를 다시 바른다", WORDS)[0] == 2
    assert part_at("벽지를", "곰팡이를", WORDS)[0] == 1


def test_a_text_that_ends_earlier_parts_after_its_end() -> None:
    assert part_at("한 번", "한 번 더", WORDS) == (3, "한 번", "", " 더")
