"""Other people's text where it is shown."""

from __future__ import annotations

import pytest

from evaluators.text.cells import one_line, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\x07", r"a\x1b[31mb\x07"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb\tc\x7f", r"a\rb\tc\x7f"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\ud800", r"\ud800"),
        ("첫째\n둘째", "첫째\n둘째"),
        ("넓은\u3000칸\xa0칸", "넓은\u3000칸\xa0칸"),
        ("plain", "plain"),
    ],
)
def test_what_could_drive_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_long_text_is_cut_to_a_line() -> None:
    assert shortened("첫째\n둘째", 160) == "첫째\\n둘째"
    assert len(shortened("가" * 500, 160)) == 160
    assert len(shortened("\x1b" * 500, 160)) == 160


def test_one_line_has_single_spaces() -> None:
    assert one_line(" a\n\n b\x1b ") == r"a b\x1b"
