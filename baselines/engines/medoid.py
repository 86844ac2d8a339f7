"""The training answer that is closest on average to all training answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from baselines.engines.base import AnswerEngine
from evaluators import Metric
from evaluators.metrics.grouped import Grouped
from evaluators.pairwise import mean_scores
from submission.engines.base import Completion, EngineContext, Finish, Request
from submission.records.read import standard_meta
from submission.records.rows import Question, TrainingRow
from submission.scoring.scorer import Scorer


class Medoid(AnswerEngine):
    """The best constant under the competition's own metric, among the training answers and as far
    as those tell; where rows of different kinds are scored differently, one for each kind.
    """

    name = "medoid"

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        self.training_rows()
        score = context.competition.profile.score
        self._column = score.group_by
        self._kinds = [group.value for group in score.groups]
        self._best: dict[str | None, str] = {}

    def tokens(self, question: Question, text: str) -> tuple[int, ...]:  # noqa: ARG002
        """The number of the question's kind, from 1, where the formula tells kinds apart."""
        kind = self._kind(question.row.get(self._column or "", ""))
        return () if kind is None else (self._kinds.index(kind) + 1,)

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Every request's answer: the medoid of its kind."""
        for request in requests:
            kind = self._kinds[request.tokens[0] - 1] if request.tokens else None
            yield Completion(request.key, self._medoid(kind), Finish.STOP)

    def answers(self, questions: Sequence[str]) -> Sequence[str]:
        """The medoid of no kind in particular, once per question."""
        return [self._medoid(None)] * len(questions)

    def _medoid(self, kind: str | None) -> str:
        """The first of equally central answers; of a kind, or row, that has none: of them all."""
        if kind not in self._best:
            self._best[kind] = self._central(kind)
        return self._best[kind]

    def _central(self, kind: str | None) -> str:
        rows = self.training_rows()
        of_kind = [row for row in rows if self._kind(row.row.get(self._column or "", "")) == kind]
        if kind is None and self._kinds:
            # A row that the formula does not score: anything will do, so that nothing is loaded.
            return rows[0].answers[0]
        chosen = of_kind if kind is not None and of_kind else rows
        written = [(answer, row) for row in chosen for answer in row.answers]
        candidates = list(dict.fromkeys(answer for answer, _ in written))
        self.context.say(
            f"medoid{f' of {kind}' if kind else ''}: {len(candidates)} candidates against "
            f"{len(written)} answers."
        )
        means = mean_scores(
            self._metric(kind),
            candidates,
            [answer for answer, _ in written],
            metas=[self._meta(row) for _, row in written],
        )
        lower = self.context.competition.profile.score.direction == "lower"
        return candidates[int(means.argmin() if lower else means.argmax())]

    def _kind(self, written: str) -> str | None:
        return written.strip() if written.strip() in self._kinds else None

    def _metric(self, kind: str | None) -> Metric:
        formula = self._formula
        if kind is None or not isinstance(formula, Grouped):
            return formula
        return next(group.metric for group in formula.groups if group.name == kind)

    @cached_property
    def _formula(self) -> Metric:
        return Scorer.of(self.context.competition, self.context.encoder).formula

    def _meta(self, row: TrainingRow) -> dict[str, str]:
        return {**row.row, **standard_meta(self.context.competition.profile, row.row)}
