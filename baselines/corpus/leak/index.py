"""The texts of test files, to be asked which of them a text nearly equals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from baselines.corpus.leak.held import Field, Held
from baselines.corpus.record import Record
from baselines.corpus.similarity.joins import SetIndex
from baselines.corpus.similarity.text import GRAM, SHORT, SHORT_GRAM, shingles, solid


class Leak(NamedTuple):
    """A text of a record that nearly equals one of a test row."""

    field: str
    test_id: str
    similarity: float


class TestTexts:
    """Every text of one field, exactly and as sets of shingles.

    Two texts are held against each other by 2-grams where the test's is short, else by 5-grams.
    """

    __test__ = False

    def __init__(self, texts: Iterable[tuple[str, str]], threshold: float) -> None:
        self._exact: dict[str, str] = {}
        for row_id, text in texts:
            made = solid(text)
            if made:
                self._exact.setdefault(made, row_id)
        self._near: dict[int, SetIndex[str]] = {}
        for gram in (SHORT_GRAM, GRAM):
            sets = [
                (row_id, shingles(text, gram))
                for text, row_id in self._exact.items()
                if (len(text) < SHORT) == (gram == SHORT_GRAM)
            ]
            often: Counter[int] = Counter()
            for _, members in sets:
                often.update(members.tolist())
            self._near[gram] = SetIndex(threshold, often)
            for row_id, members in sets:
                self._near[gram].add(row_id, members)

    def __len__(self) -> int:
        return len(self._exact)

    def nearest(self, text: str) -> tuple[str, float] | None:
        """The row whose text is most like ``text``, where one is like it enough."""
        made = solid(text)
        if not made or not self._exact:
            return None
        if made in self._exact:
            return self._exact[made], 1.0
        found = [
            each
            for gram, index in self._near.items()
            if len(index)
            for each in index.alike(shingles(made, gram))
        ]
        return max(found, key=lambda each: each[1], default=None)


class LeakIndex:
    """The texts of all fields, each with its threshold."""

    def __init__(self, held: Iterable[Held], thresholds: Mapping[Field, float]) -> None:
        texts: dict[Field, list[tuple[str, str]]] = {field: [] for field in thresholds}
        for each in held:
            texts[each.field].append((each.id, each.text))
        self.fields = {
            field: TestTexts(texts[field], threshold) for field, threshold in thresholds.items()
        }

    def leaks(self, record: Record) -> Iterator[Leak]:
        """What of a record nearly equals a text of the test files, one row for each text."""
        texts: Mapping[Field, Iterable[tuple[str, str]]] = {
            "question": [("question", record.question), *_asked(record)],
            "document": _numbered("documents", record.documents),
            "answer": _numbered("answers", record.answers),
        }
        for field, index in self.fields.items():
            for name, text in texts[field]:
                found = index.nearest(text)
                if found is not None:
                    yield Leak(name, found[0], round(found[1], 6))


def _asked(record: Record) -> Iterator[tuple[str, str]]:
    """Texts that a competition asks as its question, where the record has them elsewhere.

    What is translated or summarized is the test row's question. Translations are exported in either
    direction, and interviews with question and answer in one text.
    """
    if record.task == "translation":
        yield from _numbered("answers", record.answers)
    if record.task in ("translation", "summary", "dialogue-summary"):
        yield from _numbered("documents", record.documents)
    elif record.task == "interview-summary":
        for name, text in _numbered("documents", record.documents):
            yield name, f"질문: {record.question}\n\n답변: {text}"


def _numbered(field: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((f"{field}[{n}]", text) for n, text in enumerate(texts))
