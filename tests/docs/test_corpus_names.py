"""The pages of the corpus are not run: the competitions and recipes that they name exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from submission.competitions import find_competition
from submission.errors import InputError
from submission.recipes import find_recipe
from tests.docs.blocks import PAGES, ROOT, leaderkit_commands

NAMED: dict[str, Callable[[str], object]] = {
    "-c": find_competition,
    "--competition": find_competition,
    "--for": find_recipe,
    "--recipe": find_recipe,
}
FIRST = ("train", "tune", "generate")
"""Commands whose first word is a recipe."""


def names() -> Iterator[tuple[str, str, str]]:
    """Page, what names something, and the name."""
    for page in PAGES:
        if page.parts[:2] != ("docs", "corpus"):
            continue
        for words in leaderkit_commands((ROOT / page).read_text("utf-8")):
            for option, name in pairwise(words):
                if option in NAMED:
                    yield str(page), option, name
            if words[1] in FIRST:
                yield str(page), "--for", words[2]


EVERY = sorted(set(names()))


@pytest.mark.parametrize(("page", "option", "name"), EVERY)
def test_a_name_on_a_page_of_the_corpus_exists(page: str, option: str, name: str) -> None:
    # A recipe of one's own is a capital word or a file.
    if name.isupper() or name.endswith(".toml") or "/" in name:
        return
    NAMED[option](name)


def test_the_pages_name_something() -> None:
    assert len(EVERY) > 20
    assert {option for _, option, _ in EVERY} == {*NAMED}


@pytest.mark.parametrize("option", NAMED)
def test_a_name_that_there_is_not_is_refused(option: str) -> None:
    with pytest.raises(InputError, match="gemma-nonsense"):
        NAMED[option]("gemma-nonsense")
