"""How much each token counts in BERTScore's averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from evaluators.neural.token_encoder import TokenEncoder

_AT_ONCE: Final = 2048


def even_weights(encoder: TokenEncoder) -> torch.Tensor:
    """Return weight 1 for every token id but CLS and SEP."""
    import torch

    weights = torch.ones(encoder.vocabulary_size)
    weights[list(encoder.uncounted)] = 0.0
    return weights


def idf_weights(encoder: TokenEncoder, references: Sequence[str]) -> torch.Tensor:
    """Return each token id's inverse document frequency over the references.

    ``log((N + 1) / (n + 1))`` for a token that n of N references hold (Zhang et al. 2020,
    section 3; plus-one smoothing), as bert-score computes it: every reference of every row is a
    document, so CLS and SEP, which all hold, weigh nothing.
    """
    import torch

    holding = torch.zeros(encoder.vocabulary_size)
    for start in range(0, len(references), _AT_ONCE):
        for tokens in encoder.tokenize(references[start : start + _AT_ONCE]):
            holding[list(set(tokens.ids))] += 1
    return torch.log((len(references) + 1) / (holding + 1))
