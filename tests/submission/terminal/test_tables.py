"""What tables look like in narrow and wide terminals."""

from __future__ import annotations

from typing import Protocol

import pytest

from submission.terminal.output import WIDTH
from submission.terminal.tables import LONGEST_LINE, print_facts, print_table

HEADERS = ["Run", "Competition", "Score", "95%", "Rows"]
ROWS = [["a-run-with-a-long-name", "sample-wallpaper", "0.3308", "0.316 … 0.345", "36"]] * 2


class Lines(Protocol):
    """Prints rows on a terminal of so many columns, and returns the lines."""

    def __call__(
        self, columns: int | None, *rows: list[str], headers: list[str] = HEADERS
    ) -> list[str]: ...


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lines:
    def printed(columns: int | None, *rows: list[str], headers: list[str] = HEADERS) -> list[str]:
        if columns is None:
            monkeypatch.delenv("COLUMNS", raising=False)
        else:
            monkeypatch.setenv("COLUMNS", str(columns))
        print_table(headers, rows or ROWS)
        return [line for line in capsys.readouterr().out.splitlines() if line.strip()]

    return printed


def test_words_and_numbers_stay_whole_where_a_table_fits(lines: Lines) -> None:
    shown = lines(80)
    assert len(shown) == 4
    assert all(header in shown[0] for header in HEADERS)
    assert all(cell in shown[2] for cell in ROWS[0])


def test_a_table_that_is_too_wide_comes_in_pieces_that_begin_with_the_names(lines: Lines) -> None:
    shown = lines(60)
    assert max(map(len, shown)) <= 60
    assert [line.split()[0] for line in shown].count("a-run-with-a-long-name") == 4
    assert all(any(cell in line for line in shown) for cell in ROWS[0])
    # An interval stays with what it is of.
    assert any("Score" in line and "95%" in line for line in shown)


def test_numbers_stand_to_the_right(lines: Lines) -> None:
    first, second = lines(80, ["a", "9"], ["b", "10"], headers=["Name", "Rows"])[2:]
    assert first.rstrip().endswith("   9")
    assert second.rstrip().endswith("  10")


def test_without_a_terminal_there_is_room_for_wide_tables(lines: Lines) -> None:
    text = "말 " * 70
    shown = lines(None, [text.strip(), "1"], headers=["Text", "Rows"])
    assert 80 < max(map(len, shown)) <= WIDTH


def test_nothing_is_taken_for_markup_and_long_cells_are_cut(lines: Lines) -> None:
    (_, _, row) = lines(80, ["[red]a[/red]", ":smile:"], headers=["Name", "Text"])
    assert "[red]a[/red]" in row
    assert ":smile:" in row
    cut = "".join(lines(80, ["a", "가" * 10_000], headers=["Name", "Text"]))
    assert cut.count("가") == LONGEST_LINE - 1


def test_facts_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts([("Name", "a"), ("Nothing", "")])
    assert "Nothing" not in capsys.readouterr().out
