"""Options by likelihood in transformers: a prompt is read once, however many options it has."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

from submission.engines.base import Completion, Finish, Request
from submission.errors import InputError
from submission.prompts.choices import best


class _Row(NamedTuple):
    """A prompt, and what may go on it."""

    prompt: Sequence[int]
    options: Sequence[Sequence[int]]


def scored(model: Any, batch: Sequence[Request], pad: int, most: int) -> list[Completion]:
    """The best option of each request, all of which have choices.

    ``most`` is how many tokens are kept in memory at once, as of :func:`log_likelihoods`.
    """
    chosen = [(request, choices) for request in batch if (choices := request.choices) is not None]
    rows = [_Row(request.tokens, choices.tokens) for request, choices in chosen]
    priors = [_Row(c.unconditional, c.tokens) for _, c in chosen if c.unconditional]
    given = log_likelihoods(model, rows, pad, most)
    unconditional = iter(log_likelihoods(model, priors, pad, most) if priors else [])
    completions = []
    for (request, choices), values in zip(chosen, given, strict=True):
        found = choices.normalized(values, next(unconditional) if choices.unconditional else ())
        size = len(request.tokens)
        completions.append(
            Completion(request.key, best(found), Finish.STOP, size, likelihoods=found)
        )
    return completions


def log_likelihoods(model: Any, rows: Sequence[_Row], pad: int, most: int) -> list[list[float]]:
    """The log-likelihood of every option behind its prompt (natural logarithm), row by row.

    The prompts are read together and give the options' first tokens. The further tokens of options
    are read over copies of the prompts' keys and values, so many at a time as have ``most`` tokens
    with their prompts, and at least one. Raises :class:`InputError` for a model that keeps a state
    of another kind.
    """
    import torch

    further = [
        (row, place)
        for row, each in enumerate(rows)
        for place, option in enumerate(each.options)
        if len(option) > 1
    ]
    with torch.inference_mode():
        ids, mask = _padded([each.prompt for each in rows], pad, left=True, device=model.device)
        output = _call(
            model,
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
            use_cache=bool(further),
            logits_to_keep=1,
        )
        first = output.logits[:, -1].float().log_softmax(-1)
        found = [
            first[row, [option[0] for option in each.options]].tolist()
            for row, each in enumerate(rows)
        ]
        if not further:
            return found
        cache = output.past_key_values
        if not all(hasattr(layer, "batch_select_indices") for layer in cache.layers):
            raise InputError(
                "The state that this model keeps of a prompt cannot be shared among options of "
                "several tokens. Set choice.method = 'labels', or use --engine vllm."
            )
        longest = max(len(rows[row].options[place]) for row, place in further)
        step = max(1, most // (ids.shape[1] + longest))
        for start in range(0, len(further), step):
            some = further[start : start + step]
            where = torch.tensor([row for row, _ in some], device=model.device)
            # Selecting makes new keys and values, of this layer object alone.
            copied = copy.copy(cache)
            copied.layers = [copy.copy(layer) for layer in cache.layers]
            copied.batch_select_indices(where)
            options = [rows[row].options[place] for row, place in some]
            behind, going = _padded(
                [each[:-1] for each in options], pad, left=False, device=model.device
            )
            starts = torch.tensor([len(rows[row].prompt) for row, _ in some], device=model.device)
            logits = _call(
                model,
                input_ids=behind,
                attention_mask=torch.cat([mask[where], going], dim=1),
                position_ids=starts[:, None] + torch.arange(behind.shape[1], device=model.device),
                past_key_values=copied,
                use_cache=True,
            ).logits
            for number, ((row, place), option) in enumerate(zip(some, options, strict=True)):
                rest = logits[number, : len(option) - 1].float().log_softmax(-1)
                follows = torch.tensor(option[1:], device=rest.device)
                found[row][place] += float(rest.gather(1, follows[:, None]).sum())
    return found


def _padded(
    sequences: Sequence[Sequence[int]], pad: int, *, left: bool, device: Any
) -> tuple[Any, Any]:
    import torch

    width = max(map(len, sequences))
    ids = torch.full((len(sequences), width), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, each in enumerate(sequences):
        places = slice(width - len(each), width) if left else slice(len(each))
        ids[row, places] = torch.tensor(each)
        mask[row, places] = 1
    return ids.to(device), mask.to(device)


def _call(model: Any, **inputs: Any) -> Any:
    """The model's output for those of the inputs that it takes."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    taken = inspect.signature(base.forward).parameters
    return model(**{name: value for name, value in inputs.items() if name in taken})
