"""Answer normalisation of the reading-comprehension scorers.

Each rule keeps its scorer's own steps in their own order:

* ``squad``: SQuAD 1.1's scorer, which 부스트캠프 ODQA and ``evaluate``'s ``squad`` compute too.
* ``korquad1``: KorQuAD 1.0's scorer.
* ``korquad2``: KorQuAD 2's: tags off first, and no spaces left.
* ``klue``: KLUE-baseline's for KLUE-MRC. The pattern that should take out marks matches only a
  mark with ``()‘’`` right behind it, so 《》‘’ stay.
* ``inha``: the rules of DACON 236291.
* ``nikl``: NIKL's exact match: outer whitespace off, nothing else.
"""

from __future__ import annotations

import re
import string
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

from evaluators.errors import one_of
from evaluators.text.html_text import html_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Rule = Literal["squad", "korquad1", "korquad2", "klue", "inha", "nikl"]
RULES: Final[tuple[Rule, ...]] = get_args(Rule)

# KorQuAD and DACON 236291 name the same quotes and brackets.
_MARKS: Final = re.compile("['\"《》<>〈〉()‘’]")
_PUNCTUATION: Final = re.compile(f"[{re.escape(string.punctuation)}]+")
_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")
_KLUE_MARKS: Final = re.compile(r"['\"《》<>〈〉]\(\)‘’")


def _squad(text: str) -> str:
    bare = _PUNCTUATION.sub("", text.lower())
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _korquad1(text: str) -> str:
    return " ".join(_PUNCTUATION.sub("", _MARKS.sub(" ", text).lower()).split())


def _korquad2(text: str) -> str:
    return _korquad1(html_text(text)).replace(" ", "")


def _klue(text: str) -> str:
    bare = _PUNCTUATION.sub("", _KLUE_MARKS.sub(" ", text.lower()))
    return " ".join(bare.split())


def _inha(text: str) -> str:
    return _korquad1(text).replace(" ", "")


_NORMALIZERS: Final[Mapping[Rule, Callable[[str], str]]] = MappingProxyType(
    {
        "squad": _squad,
        "korquad1": _korquad1,
        "korquad2": _korquad2,
        "klue": _klue,
        "inha": _inha,
        "nikl": str.strip,
    }
)


def normalize(text: str, rule: Rule) -> str:
    """Return the text as the rule's scorer compares it."""
    return _NORMALIZERS[rule](text)


def characters(text: str, rule: Rule) -> str:
    """Return the normalised text without its spaces."""
    return "".join(normalize(text, rule).split())


def tokens(text: str, rule: Rule) -> list[str]:
    """Return what the rule's F1 counts: words for ``squad``, characters without spaces else."""
    return normalize(text, rule).split() if rule == "squad" else list(characters(text, rule))


def check_rule(rule: str, rules: tuple[Rule, ...] = RULES) -> Rule:
    """Return ``rule`` if it is one of ``rules``; raises EvaluationError otherwise."""
    return one_of("rule", rule, rules)
