"""Labels that an answer chooses in words: ``정답은 C입니다`` is ``C``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from evaluators.text.choices import choice
from evaluators.text.structured import ranked
from submission.competitions.format import SubmissionFormat
from submission.records.rankings import Rankings


def label_reader(submission: SubmissionFormat) -> Callable[[str], str]:
    """What makes of a model's answer the label, or the list of labels, that is declared.

    An answer that chooses one label, by itself or by its name, is that label, a list of it alone,
    or the probability 1 for it and 0 for every other; a ranking is a list, of which no more counts
    than its length. Any other answer stays as it is, for `check` to name and the metric to count as
    wrong.
    """
    labels = _labels(submission)
    if not labels:
        return _unchanged
    known = set(labels)
    rankings = Rankings(labels, submission.names)

    def label(text: str) -> str | None:
        if text in known:
            return text
        place = choice(rankings.without_marks(text), submission.names, labels)
        return None if place is None else labels[int(place) - 1]

    def one(text: str) -> str:
        return label(text) or text

    def ranking(text: str) -> str:
        items = ranked(text, submission.separator)
        if items is None or not known.issuperset(items):
            items = rankings.read(text)
        if items is None:
            found = label(text)
            if found is None or rankings.mentioned(rankings.without_marks(text)) - {found}:
                return text
            items = [found]
        return json.dumps(items[: submission.length], ensure_ascii=False)

    def certain(text: str) -> str:
        found = None if text.lstrip().startswith("{") else label(text)
        if found is None:
            return text
        return json.dumps({each: float(each == found) for each in labels}, ensure_ascii=False)

    match submission.kind:
        case "list":
            return ranking
        case "probabilities":
            return certain
        case _:
            return one


def of_probabilities(
    submission: SubmissionFormat, probabilities: Mapping[str, float]
) -> str | None:
    """The ranking or the probabilities that are declared, of an answer's probability per label.

    None where a single answer is declared, or other labels.
    """
    labels = _labels(submission)
    if not set(labels).issuperset(probabilities):
        return None
    match submission.kind:
        case "list":
            items = sorted(probabilities, key=lambda label: -probabilities[label])
            return json.dumps(items[: submission.length], ensure_ascii=False)
        case "probabilities":
            whole = {label: probabilities.get(label, 0.0) for label in labels}
            return json.dumps(whole, ensure_ascii=False)
        case _:
            return None


def _labels(submission: SubmissionFormat) -> list[str]:
    if submission.kind == "probabilities":
        return submission.labels or list(submission.answers)
    whole = submission.answer is not None and submission.kind in {"label", "list"}
    return submission.labels if whole else []


def _unchanged(text: str) -> str:
    return text
