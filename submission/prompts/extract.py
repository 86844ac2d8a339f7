"""From a completion's text to the answer in it."""

from __future__ import annotations

import re

from evaluators.text.structured import value_at
from submission.recipes.schema import Extraction

_NEWLINE = re.compile(r"[\r\n\u2028\u2029]")
_NEWLINES = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")
_SIGN = re.compile(r"[^\W_]")
_SIGNS = re.compile(r"[^\W_]+")


def extract(completion: str, rule: Extraction) -> str:
    """What ``rule`` keeps of ``completion``: nothing where what it looks for is missing."""
    text = _part(completion, rule)
    if rule.json_path is not None:
        text = value_at(text, rule.json_path) or ""
    if rule.one_line and _NEWLINE.search(text):
        text = _NEWLINES.sub(" ", text)
    return text.strip()


def is_marked(completion: str, rule: Extraction) -> bool:
    """Whether ``completion`` holds the text that answers follow, where ``rule`` names one."""
    return rule.after is None or rule.after in completion


def holds_value(completion: str, rule: Extraction) -> bool:
    """Whether ``completion`` is JSON that has a value at the path, where ``rule`` names one."""
    return rule.json_path is None or value_at(_part(completion, rule), rule.json_path) is not None


def _part(completion: str, rule: Extraction) -> str:
    """The text between the marks; nothing where that which it follows is missing."""
    if not is_marked(completion, rule):
        return ""
    text = completion if rule.after is None else completion.rsplit(rule.after, 1)[1]
    for mark in rule.cut:
        text = text.split(mark, 1)[0]
    return text


def echoes(answer: str, question: str) -> bool:
    """Whether the answer opens with the question it was asked (a repeated prompt)."""
    asked, given = _SIGN.search(question), _SIGN.search(answer)
    if asked is None or given is None or asked[0] != given[0]:
        return False
    return bare(answer).startswith(bare(question))


def bare(text: str) -> str:
    """The letters and digits of ``text``, and nothing else."""
    return "".join(_SIGNS.findall(text))
