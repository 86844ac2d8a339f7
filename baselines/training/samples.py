"""Training rows into the ids that a model learns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError
from submission.files.digest import digest
from submission.prompts.encode import PromptEncoder
from submission.records.rows import TrainingRow

IGNORED = -100
"""The label of a token that is read but not learned."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One prompt and the response to it, as one run of token ids.

    ``learned_from`` is the first id that is learned: the response's, or 0 for all.
    """

    ids: NDArray[np.int32]
    prompt_length: int
    learned_from: int

    @property
    def prompt(self) -> NDArray[np.int32]:
        """The prompt's ids: what an encoder reads."""
        return self.ids[: self.prompt_length]

    @property
    def response(self) -> NDArray[np.int32]:
        """The response's ids, its end included: what a decoder learns."""
        return self.ids[self.prompt_length :]

    @property
    def labels(self) -> NDArray[np.int32]:
        """For each id of a causal model's sequence: itself, or :data:`IGNORED`."""
        labels = self.ids.copy()
        labels[: self.learned_from] = IGNORED
        return labels

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most tokens of a sample: in all, and where they are set of its two parts."""

    total: int | None
    prompt: int | None = None
    response: int | None = None

    def fit(self, sample: Sample) -> bool:
        """Whether the sample is within them."""
        sizes = (len(sample), sample.prompt_length, len(sample.response))
        return all(
            limit is None or size <= limit
            for size, limit in zip(sizes, (self.total, self.prompt, self.response), strict=True)
        )

    def __str__(self) -> str:
        named = {"": self.total, " of prompt": self.prompt, " of response": self.response}
        return " and ".join(f"{limit}{what}" for what, limit in named.items() if limit is not None)


@dataclass(frozen=True)
class SampleSet:
    """The samples that fit, and what is known of those that do not.

    ``longest`` is the longest sample's, prompt's and response's length, over all samples.
    """

    samples: tuple[Sample, ...]
    limits: Limits
    too_long: int
    longest: tuple[int, int, int]

    @property
    def count(self) -> int:
        """How many there were, those that do not fit included."""
        return len(self.samples) + self.too_long

    @property
    def digest(self) -> str:
        """SHA-256 over every id and where each prompt ends and learning begins."""
        return digest(
            f"{each.prompt_length}:{each.learned_from}:{each.ids.tobytes().hex()}"
            for each in self.samples
        )

    def tell(self, say: Callable[[str], None]) -> None:
        """Say how many samples there are, and what was left out for its length."""
        say(f"{len(self.samples)} samples, at most {self.limits} tokens each.")
        if self.too_long:
            whole, prompt, response = self.longest
            say(
                f"Warning: {self.too_long} of {self.count} samples are "
                f"longer (up to {whole} tokens: prompts {prompt}, responses {response}) and are "
                "left out (samples are never cut); training.max_length, source_length and "
                "target_length set the limits."
            )


def make_samples(
    rows: Sequence[TrainingRow],
    encoder: PromptEncoder,
    limits: Limits | int,
    loss_on: Literal["response", "all"] = "response",
    *,
    what: str = "training",
    embeddings: int | None = None,
) -> SampleSet:
    """Every phrasing of a row's question with every answer to it, in the rows' order.

    Samples beyond the limits are counted and left out whole: a cut answer would teach the model
    to stop in the middle, a cut prompt to answer what it was not told. Raises
    :class:`InputError` where none is left, which says ``what`` rows they are, and for a token that
    is not among the model's ``embeddings``, where their number is given.
    """
    if isinstance(limits, int):
        limits = Limits(limits)
    fitting: list[Sample] = []
    too_long, longest = 0, (0, 0, 0)
    for sample in _each(rows, encoder, loss_on, what, embeddings):
        sizes = (len(sample), sample.prompt_length, len(sample.response))
        longest = (
            max(longest[0], sizes[0]), max(longest[1], sizes[1]), max(longest[2], sizes[2]),
        )  # fmt: skip
        if limits.fit(sample):
            fitting.append(sample)
        else:
            too_long += 1
    if not fitting:
        raise InputError(
            f"None of the {too_long} {what} samples has at most {limits} tokens (the longest has "
            f"{longest[0]}): raise training.max_length (or source_length and target_length), or "
            "use a model with a longer context."
            if too_long
            else f"There are no {what} rows."
        )
    return SampleSet(tuple(fitting), limits, too_long, longest)


def _each(
    rows: Sequence[TrainingRow],
    encoder: PromptEncoder,
    loss_on: str,
    what: str,
    embeddings: int | None,
) -> Iterator[Sample]:
    for row in rows:
        for question in row.questions:
            told = (question, row.context, row.row, row.labelled)
            prompt = encoder.prompt_ids(*told)
            learned_from = len(prompt) if loss_on == "response" else 0
            for answer in row.answers:
                response = encoder.response_ids(answer, *told)
                if embeddings is not None:
                    where = f"{what.capitalize()} row '{row.id}'"
                    encoder.require_embeddings(where, [*prompt, *response], embeddings)
                ids = np.array([*prompt, *response], dtype=np.int32)
                yield Sample(ids, len(prompt), learned_from)
