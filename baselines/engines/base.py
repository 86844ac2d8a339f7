"""What the model-free engines share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from submission import __version__
from submission.engines.base import Completion, EngineContext, Finish, Request, in_steps
from submission.errors import InputError, nearest
from submission.records.rows import Question, TrainingRow


class AnswerEngine(ABC):
    """Answers each question by a rule over the training file, or over nothing at all."""

    name: str
    options: frozenset[str] = frozenset()

    def __init__(self, context: EngineContext) -> None:
        unknown = sorted(set(context.recipe.options) - self.options)
        if unknown:
            has = nearest(sorted(self.options), unknown[0]) or "none"
            raise InputError(f"Engine '{self.name}' has no option '{unknown[0]}': it has {has}.")
        if context.recipe.model is not None:
            raise InputError(
                f"Engine '{self.name}' uses no model, but the recipe names "
                f"'{context.recipe.model.name}': remove the model or the engine."
            )
        if context.task is None:
            raise ValueError(
                f"engine '{self.name}' answers from a competition's data, and none was given"
            )
        self.context = context
        self.task = context.task
        self.description = f"{self.name} (no model)"
        self.special_tokens: Sequence[str] = ()

    @property
    def identity(self) -> Mapping[str, str]:
        """The rule, its options, the training file and the competition whose metric it uses."""
        return {
            "engine": self.name,
            "leaderkit": __version__,
            "options": repr(sorted(self.context.recipe.options.items())),
            "train": self.task.train_digest,
            "competition": self.task.competition.profile.model_dump_json(),
            "encoder": self.task.encoder or "",
        }

    def prompt(self, question: Question, text: str) -> str:  # noqa: ARG002
        """The text that is asked: all that an answer depends on beside :attr:`identity`."""
        return text

    def start(self) -> None:  # noqa: B027 -- nothing to do is the usual case
        """Prepare what every answer needs."""

    @abstractmethod
    def answers(self, requests: Sequence[Request]) -> Sequence[str]:
        """One answer per request."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Completion]]:
        """Every request's answer, some at a time."""
        for some in in_steps(requests):
            yield [
                Completion(request.key, text, Finish.STOP)
                for request, text in zip(some, self.answers(some), strict=True)
            ]

    def close(self) -> None:  # noqa: B027 -- nothing to do is the usual case
        """Nothing is held."""

    def training_rows(self) -> Sequence[TrainingRow]:
        """The training file's rows. Raises :class:`InputError` where none was given."""
        if not self.task.train:
            raise InputError(f"Recipe '{self.name}' answers from the training file: give --train.")
        return self.task.train
