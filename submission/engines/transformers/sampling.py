"""Sampling in batches: each row draws with its own seed, whatever it is batched with."""

from __future__ import annotations

from typing import Any

from submission.recipes.schema import Sampling


def generation_config(
    sampling: Sampling,
    max_new_tokens: int,
    ends: list[int],
    pad: int,
    own: Any,
) -> Any:
    """transformers' form of ``sampling``; the model's own sampling defaults do not leak in.

    Drawing itself is left to :func:`row_sampling`, so decoding is always "greedy" here.
    """
    from transformers import GenerationConfig

    return GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        num_beams=sampling.beams,
        repetition_penalty=sampling.repetition_penalty,
        eos_token_id=ends or None,
        pad_token_id=pad,
        bos_token_id=own.bos_token_id,
        decoder_start_token_id=own.decoder_start_token_id,
    )


def text_stops(stops: list[str], tokenizer: Any, prompt: int) -> Any:
    """Stopping criteria that end a row at any of ``stops`` in its answer.

    transformers' own also match a stop text that begins in the ``prompt`` first tokens.
    """
    from transformers import StoppingCriteria, StoppingCriteriaList

    criteria = StoppingCriteriaList()
    if not stops:
        return criteria

    import torch

    # A token is at least a byte of text, but for a few such as a leading space.
    window = max(len(stop.encode()) for stop in stops) + 8

    class TextStops(StoppingCriteria):  # type: ignore[misc]
        def __call__(self, ids: Any, _scores: Any, **_: Any) -> Any:
            tails = tokenizer.batch_decode(ids[:, prompt:][:, -window:], skip_special_tokens=True)
            found = [any(stop in tail for stop in stops) for tail in tails]
            return torch.tensor(found, device=ids.device)

    criteria.append(TextStops())
    return criteria


def row_sampling(sampling: Sampling, seeds: list[int]) -> Any:
    """A logits processor whose argmax is a draw per row, or none for greedy decoding.

    The largest of logits plus Gumbel noise is a draw from their softmax (Gumbel-max trick).
    """
    from transformers import LogitsProcessor, LogitsProcessorList

    processors = LogitsProcessorList()
    if sampling.greedy:
        return processors

    import torch
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    class GumbelNoise(LogitsProcessor):  # type: ignore[misc]
        def __init__(self) -> None:
            self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

        def __call__(self, _ids: Any, scores: Any) -> Any:
            noise = torch.stack(
                [
                    torch.empty(scores.shape[-1]).exponential_(generator=generator).log().neg()
                    for generator in self._generators
                ]
            )
            return scores + noise.to(scores)

    processors.append(TemperatureLogitsWarper(sampling.temperature))
    if sampling.top_k:
        processors.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1.0:
        processors.append(TopPLogitsWarper(sampling.top_p))
    processors.append(GumbelNoise())
    return processors
