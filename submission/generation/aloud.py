"""A warning where a model thinks aloud and the recipe does not say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from submission.engines.base import Completion
from submission.recipes import Recipe
from submission.recipes.thinking import KNOWN_TAGS

# gpt-oss names its channels, and a decoder leaves out the special tokens around the names.
_CHANNELS = re.compile(r"analysis.*assistantfinal", re.DOTALL)


def warned_of_thinking(
    steps: Iterable[Sequence[Completion]], recipe: Recipe, say: Callable[[str], None]
) -> Iterator[Sequence[Completion]]:
    """``steps`` as they come; the first completion with thinking in it is told of, once.

    Not where the recipe takes answers from after a mark.
    """
    told = recipe.thinking is not None or recipe.extraction.after is not None
    for step in steps:
        if not told and any(thinks_aloud(each.text) for each in step):
            told = True
            say(
                "Warning: the model thinks aloud, and the recipe has no [thinking]: what it thinks "
                "is a part of the answers. Add the table [thinking] to the recipe (or --set "
                "thinking={}), which separates the two."
            )
        yield step


def thinks_aloud(text: str) -> bool:
    """Whether a completion begins with an opening tag of a known model, or has a closing one."""
    start = text.lstrip()
    return any(start.startswith(tags.open) or tags.close in start for tags in KNOWN_TAGS) or (
        _CHANNELS.match(start) is not None
    )
