"""What the model-free engines share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from submission import __version__
from submission.engines.base import Completion, EngineContext, Finish, Request
from submission.errors import InputError
from submission.records.rows import Question, TrainingRow


class AnswerEngine(ABC):
    """Answers each question by a rule over the training file, or over nothing at all."""

    name: str
    options: frozenset[str] = frozenset()

    def __init__(self, context: EngineContext) -> None:
        unknown = sorted(set(context.recipe.options) - self.options)
        if unknown:
            has = f"it has {', '.join(sorted(self.options))}" if self.options else "it has none"
            raise InputError(f"Engine '{self.name}' has no option '{unknown[0]}': {has}.")
        if context.recipe.model is not None:
            raise InputError(
                f"Engine '{self.name}' answers without a model, and the recipe names "
                f"'{context.recipe.model.name}': leave the model or the engine away."
            )
        self.context = context
        self.description = f"{self.name} (no model)"

    @property
    def identity(self) -> Mapping[str, str]:
        """The rule, its options, the training file and the competition whose metric it uses."""
        return {
            "engine": self.name,
            "leaderkit": __version__,
            "options": repr(sorted(self.context.recipe.options.items())),
            "train": self.context.train_digest,
            "competition": self.context.competition.profile.model_dump_json(),
            "encoder": self.context.encoder or "",
        }

    def tokens(self, question: Question, text: str) -> tuple[int, ...]:  # noqa: ARG002
        """Nothing: there is no tokenizer."""
        return ()

    def start(self) -> None:  # noqa: B027 -- nothing to do is the usual case
        """Prepare what every answer needs."""

    @abstractmethod
    def answers(self, questions: Sequence[str]) -> Sequence[str]:
        """One answer per question."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Every request's answer."""
        texts = self.answers([request.question for request in requests])
        for request, text in zip(requests, texts, strict=True):
            yield Completion(request.key, text, Finish.STOP)

    def close(self) -> None:  # noqa: B027 -- nothing to do is the usual case
        """Nothing is held."""

    def training_rows(self) -> Sequence[TrainingRow]:
        """The training file's rows. Raises :class:`InputError` where none was given."""
        if not self.context.train:
            raise InputError(f"Recipe '{self.name}' answers from the training file: give --train.")
        return self.context.train
