"""A competition's formula as a metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from evaluators import (
    EvaluationError,
    Example,
    Metric,
    Score,
    Weighted,
    load_encoder,
    parse_spec,
    score_examples,
)
from evaluators.base import References as ReferencesBy
from evaluators.base import joined
from evaluators.encoders.base import Encoder
from evaluators.report.wording import Note
from submission.competitions import Competition
from submission.competitions.formula import Formula
from submission.competitions.profile import Encoder as DeclaredEncoder
from submission.errors import sentence
from submission.records.rows import Prediction, Reference
from submission.scoring.breakdown import of_rows
from submission.scoring.cached import Progress, cached, quiet
from submission.scoring.formula import build_formula
from submission.scoring.metrics import MetricFactory, Models, same_model
from submission.scoring.pairing import pair

Say = Callable[[str], None]
NO_MODELS = Models()


def silent(message: str) -> None:
    """Tell nobody."""


class Scorer:
    """A formula, the organizer's or a plain metric, and any further metric, over one encoder.

    ``organizer`` is the encoder that the organizer declares. ``encoder`` and ``models`` replace
    what is declared: a local copy of it, or ``offline``; anything that is not what the organizer
    uses makes the numbers a proxy, and ``proxy`` says why. ``folder`` holds the formula's
    own code, if it has any, and ``called`` is what its number is called instead of the metric's own
    name.
    """

    def __init__(
        self,
        declared: Formula,
        organizer: DeclaredEncoder | None = None,
        encoder: str | None = None,
        references_by: ReferencesBy | None = None,
        *,
        folder: Path | None = None,
        called: str | None = None,
        models: Models = NO_MODELS,
        progress: Progress = quiet,
    ) -> None:
        self.declared = declared
        self._organizer = organizer
        self._encoder_spec = encoder
        self._folder = folder
        self._called = called
        self._models = models
        self._metrics = MetricFactory(
            lambda: self.encoder,
            references_by or declared.references,
            models,
            progress,
            answered=declared.missing == "skip",
        )

    @classmethod
    def of(
        cls,
        competition: Competition,
        encoder: str | None = None,
        references_by: ReferencesBy | None = None,
        *,
        models: Models = NO_MODELS,
        progress: Progress = quiet,
    ) -> Self:
        """What scores a competition as it declares."""
        profile = competition.profile
        return cls(
            profile.score,
            profile.encoder,
            encoder,
            references_by,
            folder=Path(competition.folder),
            models=models,
            progress=progress,
        )

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder in force. Raises ``EvaluationError`` where it cannot be loaded."""
        organizer = self._organizer
        if organizer is not None:
            spec = organizer.name if self._encoder_spec is None else self._encoder_spec
            return load_encoder(spec, organizer.dimension)
        if self._encoder_spec is not None:
            return load_encoder(self._encoder_spec)
        raise EvaluationError(
            "No encoder is declared: give one with --encoder PATH, a hub name, or --encoder "
            "offline for a proxy."
        )

    @property
    def proxy(self) -> str | None:
        """Why scores are not the organizer's, if they are not."""
        return joined(str(reason) for reason in self.reasons)

    @property
    def reasons(self) -> list[Note | str]:
        """The same one by one; a competition's own is in the words of its file."""
        found = [self.declared.proxy, self.encoder_reason, *self._metrics.stand_ins]
        return [reason for reason in found if reason]

    @property
    def fast_in_vain(self) -> bool:
        """Whether bfloat16 was asked for and no metric so far can be computed in it."""
        return self._models.fast and not self._metrics.any_fast

    @property
    def encoder_reason(self) -> Note | None:
        """Why vectors are not the organizer's, if they are not."""
        organizer, given = self._organizer, self._encoder_spec
        if organizer is None or given is None or same_model(given, organizer.name):
            return None
        return Note("proxy.encoder", {"given": given, "organizer": organizer.name})

    @cached_property
    def formula(self) -> Metric:
        """The leaderboard's metric; a formula of one unweighted term is that term."""
        return build_formula(self.declared, self._folder, self._metrics.bare)

    @cached_property
    def cached_formula(self) -> Metric:
        """The same, computing nothing twice for a row it has seen."""
        found = build_formula(self.declared, self._folder, self._metrics.cached)
        if isinstance(found, Weighted) or callable(getattr(found, "parts", None)):
            return found  # made of cached metrics, and asked for them
        return cached(found)

    def examples(
        self, predictions: Sequence[Prediction], references: Sequence[Reference], subject: str
    ) -> list[Example]:
        """Predictions with their references, in the references' order.

        Raises :class:`InputError` where the two do not fit as the competition pairs them.
        """
        return pair(self.declared, predictions, references, subject)

    def score(self, examples: Sequence[Example], *, seed: int = 0) -> Score:
        """The organizer's score, on the organizer's scale, with its interval and row scores."""
        found = score_examples(self.cached_formula, examples, seed=seed)
        found = replace(
            found, metric=self._called or found.metric, direction=self.declared.direction
        )
        return self._as_the_organizers(found)

    def terms(self, examples: Sequence[Example]) -> list[Score]:
        """The formula's parts on their own, on the organizer's scale; none if it has one only."""
        formula = self.cached_formula
        if isinstance(formula, Weighted):
            rows = formula.rows_by_term(examples).items()
            terms = [(*each, term) for each, (_, term) in zip(rows, formula.terms, strict=True)]
        else:
            parts = getattr(formula, "parts", None)
            terms = parts(examples) if callable(parts) else []
        found = [(name, of_rows(metric, rows)) for name, rows, metric in terms]
        return [
            self._scaled(self._marked(replace(each, metric=name)))
            for name, each in found
            if each is not None
        ]

    def also(self, examples: Sequence[Example], say: Say = silent) -> list[Score]:
        """What the organizer shows beside the score, as far as it can be computed here."""
        found = []
        for spec in self.declared.also:
            try:
                found.append(self._scaled(self.metric(spec, examples)))
            except EvaluationError as error:
                say(sentence(f"{spec} is left out: {error}"))
        return found

    def metric(self, spec: str, examples: Sequence[Example]) -> Score:
        """A metric besides the formula, on 0..1, called by its spec as written."""
        found = score_examples(self._metrics.cached(spec), examples)
        stand_in = self._models.stand_in(parse_spec(spec))
        reason = joined([str(stand_in) if stand_in else None, found.proxy])
        return self._marked(replace(found, metric=str(parse_spec(spec)), proxy=reason))

    def metric_of(self, spec: str | None) -> Metric:
        """The metric behind a score of :meth:`metric`, or the formula; both cached."""
        return self.cached_formula if spec is None else self._metrics.cached(spec)

    @property
    def scale(self) -> float:
        """What 1.0 is shown as by the organizer."""
        return self.declared.scale

    def _marked(self, result: Score) -> Score:
        # The offline encoder is no stand-in where the competition itself declares it.
        if self._organizer is not None and self._organizer.name == "offline":
            return replace(result, proxy=self.proxy)
        return result

    def _scaled(self, result: Score) -> Score:
        if self.scale == 1:
            return result
        options, _, version = result.signature.rpartition("|v:")
        return replace(
            result,
            signature=f"{options}|scale:{self.scale:g}|v:{version}",
            value=result.value * self.scale,
            low=result.low * self.scale,
            high=result.high * self.scale,
            rows=np.asarray(result.rows * self.scale, dtype=np.float64),
        )

    def _as_the_organizers(self, result: Score) -> Score:
        result = self._scaled(self._marked(result))
        return replace(result, proxy=self.proxy or result.proxy)
