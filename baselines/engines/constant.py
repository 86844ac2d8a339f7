"""The same answer to every question."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.engines.base import AnswerEngine
from submission.engines.base import EngineContext
from submission.errors import InputError


class Constant(AnswerEngine):
    """The competition's known constant, or the recipe's ``options.answer``."""

    name = "constant"
    options = frozenset({"answer"})

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        known = context.competition.profile.constant_answer
        answer = context.recipe.options.get("answer", known)
        if answer is None:
            raise InputError(
                f"Competition '{context.competition.name}' declares no constant answer: "
                "give one with --set answer=…"
            )
        if not answer.strip():
            raise InputError("The constant answer is empty: give one with --set answer=…")
        self._answer = answer

    def answers(self, questions: Sequence[str]) -> Sequence[str]:
        """The constant, once per question."""
        return [self._answer] * len(questions)
