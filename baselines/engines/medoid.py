"""The training answer that is closest on average to all training answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from baselines.engines.base import AnswerEngine
from evaluators import Metric
from evaluators.metrics.grouped import Grouped
from evaluators.pairwise import mean_scores
from submission.engines.base import EngineContext, Request
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
        score = self.task.competition.profile.score
        self._column = score.group_by
        self._kinds = [group.value for group in score.groups]
        self._best: dict[str | None, str] = {}

    def prompt(self, question: Question, text: str) -> str:
        """The text that is asked, and the question's kind where the formula tells kinds apart."""
        kind = self._kind(question.row)
        return text if kind is None else f"{kind}\n{text}"

    def answers(self, requests: Sequence[Request]) -> Sequence[str]:
        """The medoid of each request's kind of question."""
        return [self._medoid(self._kind(request.question.row)) for request in requests]

    def _medoid(self, kind: str | None) -> str:
        """The first of equally central answers; of a kind, or row, that has none: of them all."""
        if kind not in self._best:
            self._best[kind] = self._central(kind)
        return self._best[kind]

    def _central(self, kind: str | None) -> str:
        rows = self.training_rows()
        of_kind = [row for row in rows if self._kind(row.row) == kind]
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
        lower = self.task.competition.profile.score.direction == "lower"
        return candidates[int(means.argmin() if lower else means.argmax())]

    def _kind(self, row: Mapping[str, str]) -> str | None:
        written = row.get(self._column or "", "").strip()
        return written if written in self._kinds else None

    def _metric(self, kind: str | None) -> Metric:
        formula = self._formula
        if kind is None or not isinstance(formula, Grouped):
            return formula
        return next(group.metric for group in formula.groups if group.name == kind)

    @cached_property
    def _formula(self) -> Metric:
        return Scorer.of(self.task.competition, self.task.encoder).formula

    def _meta(self, row: TrainingRow) -> dict[str, str]:
        return {**row.row, **standard_meta(self.task.competition.profile, row.row)}
