"""Training rows into the ids that a model learns, and those ids into batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError
from submission.models import digest
from submission.prompts.encode import PromptEncoder
from submission.records import TrainingRow

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""The label of a token that is read but not learned."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One prompt and the response to it, as one run of token ids."""

    ids: NDArray[np.int32]
    prompt_length: int

    @property
    def labels(self) -> NDArray[np.int32]:
        """The ids to learn: those of the response, and :data:`IGNORED` for the prompt."""
        labels = self.ids.copy()
        labels[: self.prompt_length] = IGNORED
        return labels

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class SampleSet:
    """The samples that fit, and what is known of those that do not."""

    samples: tuple[Sample, ...]
    limit: int
    too_long: int
    longest: int

    @property
    def digest(self) -> str:
        """SHA-256 over every id and where each response begins."""
        return digest(f"{each.prompt_length}:{each.ids.tobytes().hex()}" for each in self.samples)


def make_samples(rows: Sequence[TrainingRow], encoder: PromptEncoder, limit: int) -> SampleSet:
    """Every phrasing of a row's question with every answer to it, in the rows' order.

    Samples of more than ``limit`` tokens are counted and left out whole: a cut answer would teach
    the model to stop in the middle. Raises :class:`InputError` where none is left.
    """
    fitting: list[Sample] = []
    too_long = longest = 0
    for sample in _each(rows, encoder):
        longest = max(longest, len(sample))
        if len(sample) > limit:
            too_long += 1
        else:
            fitting.append(sample)
    if not fitting:
        raise InputError(
            f"None of the {too_long} training samples has at most {limit} tokens (the longest has "
            f"{longest}): raise training.max_length, or take a model with a longer context."
            if too_long
            else "There are no training rows."
        )
    return SampleSet(tuple(fitting), limit, too_long, longest)


def _each(rows: Sequence[TrainingRow], encoder: PromptEncoder) -> Iterator[Sample]:
    for row in rows:
        for question in row.questions:
            prompt = encoder.prompt_ids(question, row.context, row.row)
            for answer in row.answers:
                response = encoder.response_ids(answer, question, row.context, row.row)
                yield Sample(np.array([*prompt, *response], dtype=np.int32), len(prompt))


def collate(samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
    """A batch, padded at the end; what pads is neither read nor learned."""
    import torch

    shape = (len(samples), max(map(len, samples)))
    ids = np.zeros(shape, dtype=np.int64)
    labels = np.full(shape, IGNORED, dtype=np.int64)
    mask = np.zeros(shape, dtype=np.int64)
    for place, sample in enumerate(samples):
        ids[place, : len(sample)] = sample.ids
        labels[place, : len(sample)] = sample.labels
        mask[place, : len(sample)] = 1
    return {
        "input_ids": torch.from_numpy(ids),
        "labels": torch.from_numpy(labels),
        "attention_mask": torch.from_numpy(mask),
    }
