"""From a completion's text to the answer in it."""

from __future__ import annotations

import re

from submission.recipes.schema import Extraction

_NEWLINES = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")


def extract(completion: str, rule: Extraction) -> str:
    """What ``rule`` keeps of ``completion``."""
    text = completion
    if rule.after is not None and rule.after in text:
        text = text.rsplit(rule.after, 1)[1]
    for mark in rule.cut:
        text = text.split(mark, 1)[0]
    if rule.one_line:
        text = _NEWLINES.sub(" ", text)
    return text.strip()


def echoes(answer: str, question: str) -> bool:
    """Whether the answer opens with the question it was asked (a repeated prompt)."""
    asked = bare(question)
    return bool(asked) and bare(answer).startswith(asked)


def bare(text: str) -> str:
    """The letters and digits of ``text``, and nothing else."""
    return re.sub(r"[\s\W_]+", "", text)
