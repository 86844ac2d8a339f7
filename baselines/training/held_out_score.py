"""The figure that says how a model does on held-out rows while it is trained."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch

from baselines.training.batches import Batch, Collate
from baselines.training.held_out import LOSS, HeldOut
from baselines.training.samples import IGNORED, Limits, make_samples
from evaluators import EvaluationError
from submission.engines.base import EngineContext, Request, unhashed
from submission.engines.transformers.engine import TransformersEngine
from submission.errors import InputError
from submission.files.digest import digest
from submission.files.model_files import ModelFiles
from submission.prompts.compound import Part, join, split
from submission.prompts.encode import PromptEncoder
from submission.prompts.extract import extract
from submission.recipes.schema import Engine, Recipe
from submission.records.rows import Prediction, Question
from submission.scoring.scorer import Scorer
from submission.terminal.progress import Pace

Direction = Literal["higher", "lower"]


class _InTraining(TransformersEngine):
    """The engine of generation over a model that is in memory already, and its tokenizer."""

    def hold(self, model: Any) -> None:
        """Generate with ``model``."""
        self._model = model


class HeldOutScore:
    """Answers the held-out rows with the model as it is, and scores the answers.

    The figure is the competition's own score, on its scale, another metric's, or the mean loss
    of the held-out responses; ``name`` and ``direction`` say which and what is better. Answers
    are made as generation makes them: same prompts, sampling, beams and extraction. ``identity``
    is a digest of all that the figure depends on beside the model. Raises :class:`InputError` for
    rows that cannot be scored, and for a token that is not among the model's ``embeddings``, where
    their number is given.
    """

    def __init__(
        self,
        held_out: HeldOut,
        recipe: Recipe,
        base: ModelFiles,
        tokenizer: Any,
        encoder: PromptEncoder,
        limits: Limits,
        collate: Collate,
        metric: str | None,
        *,
        embeddings: int | None = None,
    ) -> None:
        self.name = metric or held_out.competition.profile.score.name
        self.signature = LOSS
        self._say: Callable[[str], None] = lambda _: None
        self._held_out = held_out
        self._metric = metric
        self._collate = collate
        self.direction: Direction = "lower"
        if metric == LOSS:
            self._samples = make_samples(
                held_out.rows, encoder, limits, what="held-out", embeddings=embeddings
            )
        else:
            self._scorer = Scorer.of(held_out.competition, held_out.encoder)
            self._engine = _InTraining(_context(recipe, base), tokenizer=tokenizer)
            self._recipe = recipe
            self._requests = list(self._ask())
            if embeddings is not None:
                self._engine.require_embeddings(self._requests, embeddings)
            self._try_out()
        self.identity = digest([self.signature, held_out.digest(recipe, metric)])

    def tell(self, context: int | None, say: Callable[[str], None]) -> None:
        """Warn of held-out rows that are too long to count; ``context`` is the model's.

        ``say`` is also told how far answering has come, where that takes long.
        """
        self._say = say
        if self._metric == LOSS:
            if self._samples.too_long:
                say(
                    f"Warning: {self._samples.too_long} of {self._samples.count} held-out samples "
                    "are too long and do not count in the held-out loss."
                )
            return
        if context is None:
            return
        unread = sum(len(each.tokens) >= context for each in self._requests)
        if unread:
            say(
                f"Warning: {unread} of {len(self._requests)} held-out prompts are longer than the "
                f"model's context of {context} tokens and count as empty answers."
            )

    def __call__(self, model: Any) -> float:
        """The figure of ``model``, which is left as it was, random numbers included."""
        with evaluating(model), torch.random.fork_rng(), torch.no_grad():
            if self._metric == LOSS:
                return self._loss(model)
            if not self._computes(model):
                return math.nan
            return self._score(self._answers(model))

    def _computes(self, model: Any) -> bool:
        """Whether the model's scores are numbers; text would be made of any."""
        ids = torch.tensor([self._requests[0].tokens[:8]], device=model.device)
        more = {"decoder_input_ids": ids[:, :1]} if model.config.is_encoder_decoder else {}
        return bool(model(input_ids=ids, **more).logits.isfinite().all())

    def _try_out(self) -> None:
        """Score the references against themselves: what cannot be computed is known at once."""
        gold = [Prediction(each.id, each.answers[0]) for each in self._held_out.references]
        try:
            examples = self._scorer.examples(gold, self._held_out.references, "references")
            score = (
                self._scorer.score(examples)
                if self._metric is None
                else self._scorer.metric(self._metric, examples)
            )
        except EvaluationError as error:
            said = str(error).rstrip(".")
            raise InputError(
                f"The held-out rows cannot be scored: {said}. Name another metric in "
                "training.evaluation.metric, such as loss, or give --encoder."
            ) from error
        self.direction = score.direction
        self.signature = str(score.signature)

    def _score(self, predictions: Sequence[Prediction]) -> float:
        examples = self._scorer.examples(predictions, self._held_out.references, "evaluation")
        if self._metric is None:
            return float(self._scorer.score(examples).value)
        return float(self._scorer.metric(self._metric, examples).value)

    def _answers(self, model: Any) -> list[Prediction]:
        self._engine.hold(model)
        pace = Pace(len(self._requests), "held-out prompts")
        done: dict[str, str] = {}
        for step in self._engine.complete(self._requests):
            done |= {each.key: each.text for each in step}
            pace.done = len(done)
            if pace.due:
                self._say(pace.line())
        found: list[list[str]] = [[] for _ in self._held_out.rows]
        for request in self._requests:
            text = extract(done[request.key], self._recipe.extraction)
            found[int(request.key.partition("/")[0])].append(text)
        joiner = self._recipe.prompt.compound.joiner
        return [
            Prediction(row.id, join(texts, joiner))
            for row, texts in zip(self._held_out.rows, found, strict=True)
        ]

    def _ask(self) -> Iterator[Request]:
        seeds = itertools.count(self._recipe.sampling.seed)
        for place, row in enumerate(self._held_out.rows):
            question = Question(
                row.id,
                row.questions[0],
                row.context,
                row.row,
                options=row.options,
                labels=row.labels,
            )
            for number, part in enumerate(self._parts(question.text)):
                tokens = self._engine.prompt(question, part.text)
                yield Request(f"{place}/{number}", question, part.text, tokens, next(seeds))

    def _parts(self, text: str) -> list[Part]:
        whole = self._recipe.prompt.compound.mode == "whole"
        return [Part("", text)] if whole else split(text)

    def _loss(self, model: Any) -> float:
        total, count = 0.0, 0
        pace = Pace(len(self._samples.samples), "held-out samples")
        for sample in self._samples.samples:
            batch = _on(self._collate([(sample,)]), model.device)
            labels = batch.pop("labels").flatten()
            places = batch.pop("logits_to_keep", None)
            logits = model(**batch).logits
            if places is not None:
                logits = logits[:, places]
            total += float(
                torch.nn.functional.cross_entropy(
                    logits.flatten(0, 1).float(), labels, ignore_index=IGNORED, reduction="sum"
                )
            )
            count += int(labels.ne(IGNORED).sum())
            pace.done += 1
            if pace.due:
                self._say(pace.line())
        return total / count


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Switch dropout off for a while, and leave 4-bit layers fit for training.

    In evaluation mode on a CPU, bitsandbytes repacks their weights for good, into a form that
    gradients do not pass through.
    """
    from bitsandbytes.nn import Linear4bit

    training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.training = True
    try:
        yield
    finally:
        model.train(training)


def _context(recipe: Recipe, base: ModelFiles) -> EngineContext:
    if recipe.model is None:
        raise ValueError("held-out rows are answered with the recipe's model, and it has none")
    model = recipe.model.model_copy(update={"name": str(base.folder), "adapter": None})
    engine = Engine(name="transformers", batch_tokens=recipe.engine.batch_tokens)
    return EngineContext(
        recipe=recipe.model_copy(update={"model": model, "engine": engine}),
        hash_file=unhashed,
    )


def _on(batch: Batch, device: Any) -> Batch:
    return {name: each.to(device) for name, each in batch.items() if name != "tokens"}
