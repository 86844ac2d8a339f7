"""A language model as judge (Zheng et al. 2023, Judging LLM-as-a-Judge with MT-Bench)."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from evaluators.base import Direction, Signature
from evaluators.errors import EvaluationError, one_of
from evaluators.judge.cache import ReplyCache
from evaluators.judge.client import ChatClient
from evaluators.judge.rubric import Mode, Rubric, load_rubric
from evaluators.judge.server import ChatServer, Reply
from evaluators.judge.verdict import Scale, read_preference, read_score
from evaluators.metrics.entry import Entry, Option, Request
from evaluators.metrics.rowwise import chosen, require_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example

Orders = Literal["both", "answer-first", "answer-second"]

_LOG: Final = logging.getLogger(__name__)
_UNREADABLE: Final = "a reply without a verdict"
_NO_QUESTION: Final = "(주어지지 않음)"


@dataclass(frozen=True)
class JudgeReport:
    """How the last rows were judged.

    ``problems`` counts why rows are unscored, most frequent first. ``inconsistent`` counts rows
    whose verdict changed with the order of the two texts, ``cached`` replies known already.
    """

    rows: int
    unscored: int
    problems: tuple[tuple[str, int], ...]
    inconsistent: int
    replies: int
    cached: int


@dataclass(frozen=True)
class _Question:
    """One prompt about a row; ``flipped`` where the answer stands second."""

    row: int
    prompt: str
    flipped: bool = False


class Judge:
    """Scores answers by asking a language model over an OpenAI-compatible server.

    ``pointwise`` asks for a score on ``scale``, made a share from 0 to 1. ``pairwise`` asks whether
    the answer or the first reference is better: 1 for the answer, 0.5 for a tie, 0 for the
    reference; ``orders="both"`` asks twice with the places changed and takes the mean, so that
    liking the first place cancels out.

    A row whose request fails for good, or one of whose replies has no verdict, is unscored: its row
    score is NaN and the score is the mean of the others. ``report`` and a logged warning count
    them; no row scored at all is an error. Rows take their question from ``meta["question"]``.
    Requests that may yet succeed are repeated ``retries`` times (see ``ChatServer``); ``timeout_s``
    are the seconds to wait for a reply, ``max_tokens`` its longest length, ``cache`` a JSONL file
    that keeps replies. Raises EvaluationError for a bad rubric, a missing server, and what fails
    every request.
    """

    name: Final = "judge"
    proxy: Final = None
    direction: Final[Direction] = "higher"

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        mode: Mode = "pointwise",
        rubric: str | None = None,
        scale: Scale | None = None,
        orders: Orders = "both",
        timeout_s: float = 60.0,
        concurrency: int = 8,
        max_tokens: int = 1024,
        cache: str | None = None,
        retries: int = 5,
    ) -> None:
        if concurrency < 1 or max_tokens < 1 or timeout_s <= 0:
            raise EvaluationError("judge: concurrency, max_tokens and timeout must be above 0")
        self._mode = mode
        self._orders = orders
        self._scale = scale or Scale()
        self._rubric: Rubric = load_rubric(rubric, mode)
        self._model = model
        server = ChatServer(
            model, base_url, timeout_s=timeout_s, max_tokens=max_tokens, retries=retries
        )
        self._server = server.address
        self._client = ChatClient(
            server,
            f"{server.endpoint}|{model}|temperature:0|max_tokens:{max_tokens}",
            concurrency=concurrency,
            cache=ReplyCache(cache),
        )
        self._report: JudgeReport | None = None

    @property
    def signature(self) -> Signature:
        """Names model, server, mode with its scale or orders, and the rubric with its digest."""
        pairwise = self._mode == "pairwise"
        return Signature.of(
            self.name,
            model=self._model,
            server=self._server,
            mode=self._mode,
            scale=None if pairwise else str(self._scale),
            orders=self._orders if pairwise else None,
            rubric=f"{self._rubric.name}@{self._rubric.digest[:8]}",
            temperature=0,
            refs="first" if self._uses_reference else None,
        )

    @property
    def report(self) -> JudgeReport | None:
        """How the rows of the last ``rows`` call were judged; None before the first."""
        return self._report

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores, NaN for unscored rows."""
        require_text(examples, self.name)
        questions = [
            question
            for place, example in enumerate(examples)
            for question in self._questions(place, example)
        ]
        replies = self._client.ask([question.prompt for question in questions])
        verdicts: list[list[float]] = [[] for _ in examples]
        problems: dict[int, str] = {}
        for question, reply in zip(questions, replies, strict=True):
            verdict = self._verdict(question, reply)
            if verdict is None:
                problems.setdefault(question.row, reply.problem or _UNREADABLE)
            else:
                verdicts[question.row].append(verdict)
        self._report = JudgeReport(
            rows=len(examples),
            unscored=len(problems),
            problems=tuple(Counter(problems.values()).most_common()),
            inconsistent=sum(len(set(found)) > 1 for found in verdicts),
            replies=len(replies),
            cached=sum(reply.cached for reply in replies),
        )
        self._tell(self._report, next((reply.detail for reply in replies if reply.detail), ""))
        return np.array(
            [
                np.nan if place in problems else float(np.mean(found))
                for place, found in enumerate(verdicts)
            ],
            dtype=np.float64,
        )

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Return the mean of the scored rows; raises EvaluationError where there are none."""
        scored = rows[~np.isnan(rows)]
        if not len(scored):
            raise EvaluationError("there are no rows to average")
        return float(np.mean(scored))

    @property
    def _uses_reference(self) -> bool:
        return self._mode == "pairwise" or self._rubric.asks_for("reference")

    def _questions(self, place: int, example: Example) -> list[_Question]:
        common = {"question": example.meta.get("question") or _NO_QUESTION}
        if self._uses_reference:
            common["reference"] = chosen(example, "first")[0]
        if self._mode == "pointwise":
            scale = {"low": str(self._scale.low), "high": str(self._scale.high)}
            prompt = self._rubric.fill({**common, **scale, "answer": example.answer})
            return [_Question(place, prompt)]
        flips = {"both": (False, True), "answer-first": (False,), "answer-second": (True,)}
        asked = []
        for flipped in flips[self._orders]:
            texts = (example.answer, common["reference"])
            first, second = reversed(texts) if flipped else texts
            prompt = self._rubric.fill({**common, "first": first, "second": second})
            asked.append(_Question(place, prompt, flipped))
        return asked

    def _verdict(self, question: _Question, reply: Reply) -> float | None:
        if reply.text is None:
            return None
        if self._mode == "pointwise":
            return read_score(reply.text, self._scale)
        preference = read_preference(reply.text)
        if preference is None:
            return None
        return 1 - preference if question.flipped else preference

    def _tell(self, report: JudgeReport, detail: str) -> None:
        if not report.unscored:
            return
        listed = ", ".join(f"{count} with {problem}" for problem, count in report.problems)
        if report.unscored == report.rows:
            hint = (
                "a rubric must ask for a verdict like [[7]] or [[A]]"
                if report.problems[0][0] == _UNREADABLE
                else detail
            )
            said = f": {hint}" if hint else ""
            raise EvaluationError(f"judge: no row could be scored, {listed}{said}")
        _LOG.warning("judge: %d of %d rows are unscored: %s", report.unscored, report.rows, listed)


def _build(request: Request) -> Judge:
    if "model" not in request.values:
        raise EvaluationError("judge needs a model: write judge:model=NAME,base_url=URL")
    return Judge(
        request.text("model"),
        base_url=request.values.get("base_url"),
        mode=one_of("mode", request.text("mode"), get_args(Mode)),
        rubric=request.values.get("rubric"),
        scale=Scale.parse(request.text("scale")),
        orders=one_of("orders", request.text("orders"), get_args(Orders)),
        timeout_s=float(request.integer("timeout") or 0),
        concurrency=request.integer("concurrency") or 0,
        max_tokens=request.integer("max_tokens") or 0,
        cache=request.values.get("cache"),
    )


def _secret(base_url: str) -> str | None:
    # What is in a spec is printed and kept with its scores.
    if "@" in base_url or "?" in base_url:
        return (
            "may hold no user name, password or query, which would be kept with the scores: set "
            "OPENAI_API_KEY to the key, or OPENAI_BASE_URL to the whole address"
        )
    return None


ENTRIES = (
    Entry(
        Judge.name,
        "a language model's verdict, by a rubric",
        "an OpenAI-compatible server: model=NAME, base_url=URL or OPENAI_BASE_URL; OPENAI_API_KEY",
        _build,
        (
            Option("model", "the model's name on the server"),
            Option(
                "base_url",
                "the server's address, ending in /v1; else OPENAI_BASE_URL",
                problem=_secret,
            ),
            Option(
                "mode",
                "score the answer, or prefer it to the reference",
                default="pointwise",
                choices=get_args(Mode),
            ),
            Option("rubric", "a text file with {answer}, or {first} and {second}"),
            Option("scale", "lowest and highest score of mode=pointwise", default="1-10"),
            Option(
                "orders",
                "which text stands first in mode=pairwise",
                default="both",
                choices=get_args(Orders),
            ),
            Option("timeout", "seconds to wait for a reply", default="60", kind="integer"),
            Option("concurrency", "requests at a time", default="8", kind="integer"),
            Option("max_tokens", "longest reply", default="1024", kind="integer"),
            Option("cache", "a JSONL file that keeps the replies"),
        ),
    ),
)
