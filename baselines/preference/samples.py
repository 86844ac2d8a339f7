"""Pairs into the ids that a model is tuned on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from baselines.preference.pairs import Pair
from submission.errors import InputError
from submission.files.digest import digest
from submission.prompts.encode import PromptEncoder


@dataclass(frozen=True, slots=True)
class PairSample:
    """Token ids of a prompt and of both answers to it, each with the end of its turn."""

    prompt: tuple[int, ...]
    chosen: tuple[int, ...]
    rejected: tuple[int, ...]

    def __len__(self) -> int:
        """The longer of the two, with the prompt."""
        return len(self.prompt) + max(len(self.chosen), len(self.rejected))


@dataclass(frozen=True, slots=True)
class PairSet:
    """The pairs that fit into ``limit`` tokens, and what is known of those that do not."""

    samples: tuple[PairSample, ...]
    limit: int
    too_long: int
    longest: int

    @property
    def digest(self) -> str:
        """SHA-256 over every id."""
        return digest(f"{each.prompt}{each.chosen}{each.rejected}" for each in self.samples)

    def tell(self, say: Callable[[str], None], what: str = "pairs") -> None:
        """Say how many pairs there are, and what was left out for its length."""
        say(f"{len(self.samples)} {what}, at most {self.limit} tokens each.")
        if self.too_long:
            say(
                f"Warning: {self.too_long} {what} are longer (up to {self.longest} tokens) and are "
                "left out (samples are never cut); training.max_length sets the limit."
            )


def make_samples(
    pairs: Sequence[Pair],
    encoder: PromptEncoder,
    limit: int,
    *,
    what: str = "pairs",
    embeddings: int | None = None,
) -> PairSet:
    """The pairs as ids, rendered as generation and training render them, in their order.

    Pairs with more than ``limit`` tokens on either side are counted and left out whole. Raises
    :class:`InputError` where none is left, which says ``what`` they are, and for a token that is
    not among the model's ``embeddings``, where their number is given.
    """
    samples = [_sample(pair, encoder) for pair in pairs]
    if embeddings is not None:
        for pair, each in zip(pairs, samples, strict=True):
            ids = (*each.prompt, *each.chosen, *each.rejected)
            encoder.require_embeddings(f"Pair of question {pair.question!r}", ids, embeddings)
    fitting = tuple(sample for sample in samples if len(sample) <= limit)
    longest = max(map(len, samples), default=0)
    if not fitting:
        raise InputError(
            f"None of the {len(samples)} {what} has at most {limit} tokens (the longest has "
            f"{longest}): raise training.max_length, or use a model with a longer context."
        )
    return PairSet(fitting, limit, len(samples) - len(fitting), longest)


def _sample(pair: Pair, encoder: PromptEncoder) -> PairSample:
    asked = (pair.question, pair.context, pair.row, pair.options)
    return PairSample(
        prompt=tuple(encoder.prompt_ids(*asked)),
        chosen=tuple(encoder.response_ids(pair.chosen, *asked)),
        rejected=tuple(encoder.response_ids(pair.rejected, *asked)),
    )
