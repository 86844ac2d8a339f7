"""An engine whose requests can fail, as an installed package would bring one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from submission.engines.base import (
    Completion,
    EngineContext,
    Failure,
    Finish,
    Outcome,
    Request,
    Setting,
)
from submission.records.rows import Question


class Flaky:
    """Answers with the question again, as a verdict; not those that hold a word of ``failing``."""

    failing: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []
    identity: ClassVar[dict[str, str]] = {"engine": "flaky"}
    description = "flaky"
    special_tokens = ()

    def __init__(self, context: EngineContext) -> None:
        pass

    def prompt(self, question: Question, text: str) -> str:
        return text

    def start(self) -> None:
        pass

    def settings(self) -> list[Setting]:
        return [
            Setting("kv_cache_dtype", "bfloat16", "fp8", differs=True),
            Setting("max_num_seqs", "4", "4"),
            Setting("quantization", "null"),
        ]

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Outcome]]:
        for request in requests:
            self.asked.append(request.text)
            why = [why for word, why in self.failing.items() if word in request.text]
            if why:
                yield [Failure(request.key, why[0])]
            else:
                yield [Completion(request.key, f"{request.text[:4]} 답", Finish.STOP, 3, 2)]

    def close(self) -> None:
        pass
