"""From a completion's text to the answer in it."""

from __future__ import annotations

import re

from submission.recipes.schema import Extraction

_NEWLINE = re.compile(r"[\r\n\u2028\u2029]")
_NEWLINES = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")
_SIGN = re.compile(r"[^\W_]")
_SIGNS = re.compile(r"[^\W_]+")


def extract(completion: str, rule: Extraction) -> str:
    """What ``rule`` keeps of ``completion``."""
    text = completion
    if rule.after is not None and rule.after in text:
        text = text.rsplit(rule.after, 1)[1]
    for mark in rule.cut:
        text = text.split(mark, 1)[0]
    if rule.one_line and _NEWLINE.search(text):
        text = _NEWLINES.sub(" ", text)
    return text.strip()


def echoes(answer: str, question: str) -> bool:
    """Whether the answer opens with the question it was asked (a repeated prompt)."""
    asked, given = _SIGN.search(question), _SIGN.search(answer)
    if asked is None or given is None or asked[0] != given[0]:
        return False
    return bare(answer).startswith(bare(question))


def bare(text: str) -> str:
    """The letters and digits of ``text``, and nothing else."""
    return "".join(_SIGNS.findall(text))
