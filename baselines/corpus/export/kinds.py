"""What a model is to learn of a record: what it is asked, from what, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from baselines.corpus.record import Record
from submission.errors import InputError, nearest


@dataclass(frozen=True, slots=True)
class Asked:
    """A question (or a text to work on), the documents it is about, and the answers to it.

    ``rejected`` is the worse answer of a pair.
    """

    question: str
    documents: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    rejected: str = ""


Read = Callable[[Record], Iterator[Asked]]


class UnfitError(Exception):
    """Why a record cannot be learned in this way; one of a few reasons."""


@dataclass(frozen=True)
class Kind:
    """One way to learn from records of some tasks."""

    about: str
    tasks: tuple[str, ...]
    read: Read = field(compare=False)
    instruction: str = ""
    """What stands above the text in the recipes of the Gemma study."""


def _required(text: str, what: str) -> str:
    if not text.strip():
        raise UnfitError(f"no {what}")
    return text


def _answers(record: Record) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text for text in record.answers if text.strip()))
    if not found:
        raise UnfitError("no answer")
    return found


def _document(record: Record) -> str:
    return _required("\n\n".join(record.documents), "document")


def _question(record: Record) -> Iterator[Asked]:
    yield Asked(_required(record.question, "question"), record.documents, _answers(record))


def _about_documents(record: Record) -> Iterator[Asked]:
    _document(record)
    yield from _question(record)


def _summary(record: Record) -> Iterator[Asked]:
    summary = (record.summary,) if record.summary.strip() else _answers(record)
    yield Asked(_document(record), (), summary)


def _interview(record: Record) -> Iterator[Asked]:
    said = "\n\n".join(record.documents) or _answers(record)[0]
    question = _required(record.question, "question")
    summary = _required(record.summary, "summary")
    yield Asked(f"질문: {question}\n\n답변: {_required(said, 'answer')}", (), (summary,))


def _structured(record: Record) -> Iterator[Asked]:
    question, summary = _required(record.question, "question"), _required(record.summary, "summary")
    _document(record)
    answers = tuple(f"요약: {summary.strip()}\n\n답변: {text}" for text in _answers(record))
    yield Asked(question, record.documents, answers)


def _best_and_worst(record: Record) -> Iterator[Asked]:
    ranked = _ranked(record)
    yield Asked(record.question, record.documents, (ranked[0],), ranked[-1])


def _every_pair(record: Record) -> Iterator[Asked]:
    for better, worse in combinations(_ranked(record), 2):
        yield Asked(record.question, record.documents, (better,), worse)


def _ranked(record: Record) -> list[str]:
    _required(record.question, "question")
    ranked = list(dict.fromkeys(text.strip() for text in record.answers if text.strip()))
    if len(ranked) < 2:
        raise UnfitError("fewer than two different answers")
    return ranked


@dataclass(frozen=True)
class _Translation:
    """From one language to another; a record of the other direction is read backwards."""

    source: str
    target: str

    def __call__(self, record: Record) -> Iterator[Asked]:
        given = [_CODES.get(code, code) for code in record.language.lower().split("-")]
        if sorted(given) != sorted((self.source, self.target)):
            raise UnfitError("other languages")
        if not record.documents or not record.answers:
            raise UnfitError("no translation")
        one, other = _required(record.documents[0], "text"), _required(record.answers[0], "text")
        if given[0] != self.source:
            one, other = other, one
        yield Asked(one, (), (other,))


_CODES = {"kr": "ko", "jp": "ja", "cn": "zh"}
"""Countries' codes, as some data sets have them, for languages."""

_LANGUAGES = {"ko": "한국어", "en": "영어", "zh": "중국어", "ja": "일본어"}
_DIRECTIONS = {
    "koen": ("ko", "en"),
    "enko": ("en", "ko"),
    "kocn": ("ko", "zh"),
    "cnko": ("zh", "ko"),
    "kojp": ("ko", "ja"),
    "jpko": ("ja", "ko"),
}
_SUMMARY = Kind(
    "Document to summary.", ("summary", "structured"), _summary, "다음 글을 요약해주세요:"
)

KINDS: Mapping[str, Kind] = {
    **{
        name: Kind(
            f"Translation, {source} to {target}.",
            ("translation",),
            _Translation(source, target),
            f"다음 글을 {_LANGUAGES[target]}로 번역해주세요:",
        )
        for name, (source, target) in _DIRECTIONS.items()
    },
    "summary": _SUMMARY,
    "summary-news": _SUMMARY,
    "summary-column": _SUMMARY,
    "summary-law": _SUMMARY,
    "summary-speech": Kind(
        "Interview question and answer to the answer's summary.",
        ("interview-summary",),
        _interview,
        "다음 대화에서 답변을 요약해주세요:",
    ),
    "qa-dialogue": Kind(
        "Conversation to summary.", ("dialogue-summary",), _summary, "다음 대화를 요약해주세요:"
    ),
    "qa-natural": Kind(
        "Question to answer.", ("qa", "structured"), _question, "다음 질문에 대답해주세요:"
    ),
    "qa": Kind("Question to answer.", ("qa", "structured"), _question),
    "document-qa": Kind("Question on documents to answer.", ("qa", "structured"), _about_documents),
    "structured": Kind(
        "Question on documents to a summary of them and the answer.", ("structured",), _structured
    ),
    "pairs": Kind("The best and the worst answer to a question.", ("preference",), _best_and_worst),
    "all-pairs": Kind("Every two answers to a question.", ("preference",), _every_pair),
}
"""The ways by name: what ``--as`` takes."""


def kind_named(name: str) -> Kind:
    """Raises :class:`InputError` for a name that there is not."""
    if name not in KINDS:
        raise InputError(f"--as {name}: there is no such kind; there are {nearest(KINDS, name)}")
    return KINDS[name]


def asked_of(kind: Kind, record: Record) -> list[Asked]:
    """What is learned of ``record``; raises :class:`UnfitError`."""
    if record.task not in kind.tasks:
        raise UnfitError(f"task {record.task}")
    return list(kind.read(record))
