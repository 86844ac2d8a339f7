"""Which columns hold ids, options, questions, answers and categories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from submission.competitions.columns import LABELS
from submission.competitions.new.seen import Files, Seen
from submission.errors import few

_ID = re.compile(r"(?:^|[_ .])(?:id|idx|index|fname|guid|uid|key|no)$|_?ID$|번호$", re.IGNORECASE)
_QUESTION = re.compile(r"question|query|prompt|질문|문제|질의|instruction", re.IGNORECASE)
_CONTEXT = re.compile(r"(?:^|\.)(?:context|passage|document|지문|본문|문맥)s?$", re.IGNORECASE)
_ANSWER = re.compile(r"answer|label|target|output|summary|정답|답변|답$|요약|라벨", re.IGNORECASE)
_CATEGORY = re.compile(r"category|domain|type|genre|유형|분야|범주|종류|구분", re.IGNORECASE)
_OPTION = re.compile(
    r"^(?P<stem>(?:.*[._ ])?(?:options?|opt|choices?|candidates?|endings?|보기|선택지|선지|후보))"
    r"[._ ]?"
    r"(?P<label>[A-Ja-j]|\d{1,2})$"
)
_NUMBERED = re.compile(r"^(?P<stem>.*?)[_ .]?(?P<number>\d+)$")
_MOST_CATEGORIES = 50
_SHORT = 40


@dataclass(frozen=True)
class Options:
    """Columns of options, and what the options are called."""

    columns: tuple[str, ...]
    labels: str | tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The label of every column."""
        known = LABELS[self.labels] if isinstance(self.labels, str) else self.labels
        return known[: len(self.columns)]


def id_columns(files: Files) -> tuple[str | None, str | None]:
    """The id column of the test file, which may have none, and that of the sample submission."""
    test, sample = files.test, files.sample
    ids = [name for name in sample.named if sample.is_id(name)]
    own = [name for name in test.named if test.is_id(name)]
    known = {name: set(test.cells(name)) for name in own}
    # The sample may have fewer rows.
    same = [(one, two) for two in ids for one in own if known[one].issuperset(sample.cells(two))]
    if ids and _ID.search(ids[0]):
        # What stands behind a column that is called an id may look like ids by chance.
        same = [(one, two) for one, two in same if two in {one, ids[0]} or _ID.search(two)]
    # Of several, the one with the same name, then one with every row, then one called as ids are.
    same.sort(
        key=lambda pair: (
            pair[0] != pair[1],
            len(known[pair[0]]) != len(sample.cells(pair[1])),
            not _ID.search(pair[1]),
        )
    )
    if same:
        return same[0]
    shared = [name for name in ids if name in own]
    named = [name for name in shared if _ID.search(name)] or shared
    if named:
        return named[0], named[0]
    called = [name for name in own if _ID.search(name)]
    return (called[0] if called else None), (ids[0] if ids else None)


def differing_ids(files: Files, test_id: str, sample_id: str, *, numbered: bool) -> Iterator[str]:
    """What in the sample submission's ids does not fit the test file."""
    test, sample = files.test, files.sample
    where, rows = f"{sample.table.path}, column {sample_id!r}", len(test.table)
    if len(sample.table) != rows:
        yield (
            f"{sample.table.path}: has {len(sample.table)} rows, the test file {rows}. "
            "A submission has the rows of its template: fill in a complete one"
        )
    unknown = set() if numbered else set(sample.cells(sample_id)) - set(test.cells(test_id))
    if unknown:
        yield f"{where}: {len(unknown)} ids are not in the test file: {few(sorted(unknown))}"


def option_columns(test: Seen, gold: Iterable[str]) -> Options | None:
    """Columns such as A to E, option_1 to option_4 or 보기 1 to 보기 5."""
    columns = _bare(test.columns) or _stemmed(test.columns)
    if columns is None:
        return None
    found = set(gold)
    count = len(columns)
    if not found:
        label = columns[0].strip()[-1].lower()
        return Options(columns, "letters" if label == "a" else "digits")
    for name, known in LABELS.items():
        if found <= set(known[:count]):
            return Options(columns, name)
    for own in (tuple(map(str, range(count))), tuple("abcdefghij"[:count]), columns):
        if found <= set(own):
            return Options(columns, own)
    return None


def _bare(columns: Sequence[str]) -> tuple[str, ...] | None:
    for known in LABELS.values():
        run = [name for name in columns if name in known]
        if len(run) > 1 and tuple(run) == known[: len(run)]:
            return tuple(run)
    return None


def _stemmed(columns: Sequence[str]) -> tuple[str, ...] | None:
    stems: dict[str, list[str]] = {}
    for name in columns:
        if match := _OPTION.match(name):
            stems.setdefault(match["stem"], []).append(name)
    found = next((each for each in stems.values() if len(each) > 1), None)
    return None if found is None or len(found) > len(LABELS["digits"]) else tuple(found)


def question_columns(test: Seen, id_column: str | None, options: Options | None) -> list[str]:
    """The columns that the question is made of: the one that is called so, else all others."""
    used = {id_column, *(options.columns if options else ())}
    others = [name for name in test.named if name not in used and test.filled(name)]
    called = [name for name in others if _QUESTION.search(name)]
    if len(called) == 1 and all(name in called or _CONTEXT.search(name) for name in others):
        return called
    return others


def context_column(test: Seen, questions: Sequence[str]) -> str | None:
    """The column of the text that a question is about."""
    found = [name for name in test.columns if _CONTEXT.search(name) and name not in questions]
    return found[0] if len(found) == 1 and len(questions) == 1 else None


def gold_columns(files: Files, used: Iterable[str | None], submitted: Sequence[str]) -> list[str]:
    """The columns of the training file that hold answers; numbered ones are several answers."""
    train = files.train
    if train is None:
        return []
    own = [name for name in submitted if name in train.columns and name not in files.test.columns]
    if own:
        return own
    others = [name for name in train.named if name not in {*files.test.columns, *used}]
    called = [name for name in others if _ANSWER.search(name)] or others[-1:]
    if not called:
        return []
    stem = _stem(called[0])
    family = [name for name in called if _stem(name) == stem] if stem else []
    return family if len(family) > 1 else called[:1]


def train_questions(files: Files, questions: Sequence[str]) -> list[str] | None:
    """The training file's columns for a question in one column; None where they are not there."""
    train = files.train
    if train is None or all(name in train.columns for name in questions):
        return list(questions)
    phrased = [name for name in train.columns if _stem(name) == questions[0]]
    return phrased if len(questions) == 1 and phrased else None


def category_column(train: Seen, used: Iterable[str]) -> str | None:
    """A column with few different values that is called as categories are."""
    taken = set(used)
    called = [name for name in train.columns if name not in taken and _CATEGORY.search(name)]
    return next((name for name in called if closed_set(train.filled(name))), None)


def closed_set(cells: Sequence[str]) -> list[str] | None:
    """The labels that cells come from, in order, where each is used twice on average."""
    labels = set(cells)
    if not labels or len(labels) > _MOST_CATEGORIES or 2 * len(labels) > len(cells):
        return None
    if any(len(label) > _SHORT or "\n" in label or label != label.strip() for label in labels):
        return None
    if all(re.fullmatch(r"-?\d+", label) for label in labels):
        return sorted(labels, key=int)
    return sorted(labels)


def _stem(name: str) -> str | None:
    match = _NUMBERED.match(name)
    return match["stem"] if match and match["stem"] else None
