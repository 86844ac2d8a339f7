"""Answer normalisation of the reading-comprehension scorers.

``squad`` follows SQuAD 1.1's scorer, ``korquad1`` KorQuAD 1.0's, ``inha`` the rules of DACON
236291. Each step is kept in the scorer's own order.
"""

from __future__ import annotations

import re
import string
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Rule = Literal["squad", "korquad1", "inha"]
RULES: Final[tuple[Rule, ...]] = get_args(Rule)

# KorQuAD 1.0 and DACON 236291 name the same quotes and brackets.
_MARKS: Final = str.maketrans(dict.fromkeys("'\"《》<>〈〉()‘’", " "))
_NO_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)
_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")


def _squad(text: str) -> str:
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _korquad1(text: str) -> str:
    return " ".join(text.translate(_MARKS).lower().translate(_NO_PUNCTUATION).split())


def _inha(text: str) -> str:
    return _korquad1(text).replace(" ", "")


_NORMALIZERS: Final[Mapping[Rule, Callable[[str], str]]] = MappingProxyType(
    {"squad": _squad, "korquad1": _korquad1, "inha": _inha}
)


def normalize(text: str, rule: Rule) -> str:
    """Return the text as the rule's scorer compares it."""
    return _NORMALIZERS[rule](text)


def tokens(text: str, rule: Rule) -> list[str]:
    """Return what the rule's F1 counts: words for ``squad``, characters without spaces else."""
    words = normalize(text, rule).split()
    return words if rule == "squad" else list("".join(words))


def check_rule(rule: str) -> Rule:
    """Return ``rule`` if it is known; raises EvaluationError otherwise."""
    for known in RULES:
        if rule == known:
            return known
    raise EvaluationError(f"rule={rule!r} is unknown: use one of {', '.join(RULES)}")
