"""Records written for these tests, and a step run over some."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from baselines.corpus.execute import Applied, Outcome, execute
from baselines.corpus.folder import Corpus
from baselines.corpus.record import Record, Source, encoder
from baselines.corpus.steps import Step

_TOPICS = ("벽지", "타일", "창호", "방수", "단열")
CATEGORIES = ("마감재", "시공", "하자")


def question(number: int, **other: Any) -> Record:
    """A question with an answer, in one of three categories."""
    topic = _TOPICS[number % len(_TOPICS)]
    record = Record(
        id=f"made:{number}",
        source=Source("made", "made.jsonl", f"line {number + 1}"),
        task="qa",
        question=f"{number}번 방의 {topic}에 문제를 일으키는 까닭은 무엇인가요?",
        answers=(f"{number}번 방은 습기가 많아서 {topic}에 문제가 생깁니다.",),
        category=CATEGORIES[number % len(CATEGORIES)],
        licence="CC BY 4.0",
    )
    return msgspec.structs.replace(record, **other)


def corpus_of(path: Path, records: Iterable[Record]) -> Corpus:
    """The records in a file."""
    path.write_bytes(encoder.encode_lines(list(records)))
    return Corpus.open(path)


def run(kind: type[Step], corpus: Corpus, out: Path, workers: int = 1, **settings: Any) -> Outcome:
    """What the step makes of the corpus in the folder ``out``."""
    step = kind(kind.settings_type.model_validate(settings))
    return execute(Applied(step, corpus), out, workers=workers, say=lambda _: None)


def records(outcome: Outcome) -> list[Record]:
    """What was kept."""
    return list(Corpus.open(outcome.out))
