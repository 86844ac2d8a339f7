"""How predictions and references are read that belong to no competition."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators import parse_spec
from evaluators.metrics.registry import direction_of
from submission.competitions.columns import TestColumns
from submission.competitions.format import SubmissionFormat
from submission.competitions.formula import Formula, Term
from submission.competitions.profile import Profile


class PlainProfile(Profile):
    """What nobody has declared: the encoder, if one is needed, is the one that is given."""

    @property
    def needs_encoder(self) -> bool:
        """Nothing has to be declared."""
        return False


def plain_profile(metric: str, id_column: str = "id", others: Sequence[str] = ()) -> Profile:
    """Rows paired by id, scored by one metric; answers stand in ``answer`` or ``output.answer``.

    ``others`` are the metrics asked for besides: where one of them, or the first, has a rule for
    questions without an answer, references may be empty. Raises ``EvaluationError`` for a metric
    that there is not.
    """
    return PlainProfile(
        name="no competition",
        title="no competition",
        test=TestColumns(id=id_column, question="question", columns=[id_column, "question"]),
        submission=SubmissionFormat(id=id_column, answer="output.answer"),
        score=Formula(
            name=metric,
            terms=[Term(metric=metric)],
            direction=direction_of(metric),
            references="mean",
            unanswerable=any(map(_takes_unanswerable, [metric, *others])),
        ),
    )


def _takes_unanswerable(metric: str) -> bool:
    spec = parse_spec(metric)
    return spec.name in ("map", "rougeW") or ("rule", "klue") in spec.options
