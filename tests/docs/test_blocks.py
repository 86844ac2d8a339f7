"""Every line of every code block of every page is what its language allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT, problems


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_line_of_every_block_is_one_that_works(page: Path) -> None:
    assert problems((ROOT / page).read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("leaderkit runs --no-such", "No such option '--no-such'"),
        ("leaderkit nonsense", "leaderkit has no nonsense"),
        ("leaderkit export one", "missing"),
        ("leaderkit runs leaderkit runs", "left over"),
        ("--run one leaderkit runs", "'--run' is no command"),
        ("leaderkit runs --json | leaderkit nonsense", "leaderkit has no nonsense"),
        ("leaderkit runs --no-such > a.txt", "No such option"),
        ("make nonsense", "make has no nonsense"),
        ("A=$(python -m baselines.nonsense gpt2)", "no module baselines.nonsense"),
        ("leaderkit runs \\\n  --no-such", "No such option '--no-such'"),
    ],
)
def test_a_line_that_does_not_work_is_named(line: str, message: str) -> None:
    (found,) = problems(f"Text\n\n```sh\nmake help\n# of runs\n{line}\n```\n")
    assert found.startswith("line 6: ")
    assert message in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```\nmake\n```\n", "no language"),
        ("```toml\na = \n```\n", "line 2"),
        ("```python\nif\n```\n", "invalid syntax"),
        ("- one\n  ```sh\n  make\n  ```\n", "beginning of a line"),
    ],
)
def test_a_block_that_cannot_be_read_is_named(text: str, message: str) -> None:
    (found,) = problems(text)
    assert message in found
