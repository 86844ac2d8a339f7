"""Options by likelihood in vLLM: labels of one token in one pass, longer ones in one each.

vLLM computes the log-probabilities of a prompt's tokens without its prefix cache, so that an option
of several tokens costs a whole prompt. With an adapter at run time it fails at them on a CPU: each
token of an option is then asked for behind those before it, from the prefix cache.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from submission.engines.base import Completion, Failure, Finish, Outcome, Request
from submission.prompts.choices import Choices, best

AT_ONCE = 128
"""Tokens whose log-probabilities vLLM gives for one position."""


class Ask(NamedTuple):
    """One request to vLLM."""

    key: str
    tokens: Sequence[int]
    sampling: Any


class _Pass(NamedTuple):
    """What one request to vLLM tells of: tokens by option and position, behind one prompt.

    ``read`` are pairs of an option's place and a position in it. They are all next tokens of the
    request, or with ``whole`` the option at its end.
    """

    unconditional: bool
    read: Sequence[tuple[int, int]]
    whole: bool


@dataclass
class _Row:
    """A request, what was asked for it, and the sums that are known by prompt and option."""

    request: Request
    choices: Choices
    waiting: dict[str, _Pass] = field(default_factory=dict)
    sums: dict[tuple[bool, int], float] = field(default_factory=lambda: defaultdict(float))


class Asked:
    """What vLLM is asked, and the outcomes that its outputs make.

    ``sampling`` is how a request without log-likelihoods is generated, ``finish`` makes its
    outcome, and ``grammar`` allows one of some texts. Without ``whole``, options of several tokens
    are read token by token. ``owners`` has the key of the request that each ask is for.
    """

    def __init__(
        self,
        sampling: Callable[[Request], Any],
        finish: Callable[[Any], Outcome],
        grammar: Callable[[Sequence[str]], str],
        *,
        whole: bool,
    ) -> None:
        self._sampling, self._finish, self._whole = sampling, finish, whole
        self._grammar = grammar
        self._rows: dict[str, _Row] = {}
        self._generated: dict[str, Choices] = {}
        self.owners: dict[str, str] = {}

    def of(self, request: Request) -> Iterator[Ask]:
        """What is asked of vLLM for a request."""
        choices = request.choices
        if choices is None:
            asks = [Ask(request.key, request.tokens, self._sampling(request))]
        elif choices.generated:
            self._generated[request.key] = choices
            asks = [Ask(request.key, request.tokens, self._constrained(request, choices))]
        else:
            asks = list(self._scoring(request, choices))
        for ask in asks:
            self.owners[ask.key] = request.key
            yield ask

    def outcome(self, output: Any) -> Outcome | None:
        """How a finished output ends its request; None while that waits for others."""
        row = self._rows.pop(output.request_id, None)
        done = self._finish(output)
        if isinstance(done, Failure):
            return Failure(self.owners[output.request_id], done.reason)
        if row is not None:
            _read(row, output)
            return None if row.waiting else _scored(row)
        choices = self._generated.pop(done.key, None)
        label = None if choices is None else choices.label_of(done.text)
        if label is None:
            return done
        return Completion(done.key, label, Finish.STOP, done.prompt_tokens, done.completion_tokens)

    def _constrained(self, request: Request, choices: Choices) -> Any:
        from vllm.sampling_params import StructuredOutputsParams

        sampling = self._sampling(request)
        sampling.structured_outputs = StructuredOutputsParams(grammar=self._grammar(choices.texts))
        return sampling

    def _scoring(self, request: Request, choices: Choices) -> Iterator[Ask]:
        row = _Row(request, choices)
        prompts = [(False, request.tokens)]
        if choices.unconditional:
            prompts.append((True, choices.unconditional))
        for unconditional, prompt in prompts:
            for told, tokens, logprobs in self._passes(choices, unconditional):
                yield self._one(row, told, (*prompt, *tokens), logprobs)

    def _passes(
        self, choices: Choices, unconditional: bool
    ) -> Iterator[tuple[_Pass, Sequence[int], dict[str, Any]]]:
        """What tells of every option: the pass, what it has behind the prompt, and what it asks."""
        alone: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
        for place, option in enumerate(choices.tokens):
            if self._whole and len(option) > 1:
                told = _Pass(unconditional, [(place, n) for n in range(len(option))], whole=True)
                yield told, option, {"prompt_logprobs": 0}
                continue
            for position in range(len(option)):
                alone[option[:position]].append((place, position))
        for before, read in alone.items():
            for start in range(0, len(read), AT_ONCE):
                some = read[start : start + AT_ONCE]
                ids = sorted({choices.tokens[place][position] for place, position in some})
                yield _Pass(unconditional, some, whole=False), before, {"logprob_token_ids": ids}

    def _one(
        self, row: _Row, told: _Pass, tokens: Sequence[int], logprobs: Mapping[str, Any]
    ) -> Ask:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        key = f"{row.request.key}/{len(row.waiting)}"
        row.waiting[key] = told
        self._rows[key] = row
        sampling = SamplingParams(
            max_tokens=1,
            temperature=0.0,
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
            **logprobs,
        )
        return Ask(key, tokens, sampling)


def _read(row: _Row, output: Any) -> None:
    told = row.waiting.pop(output.request_id)
    at = output.prompt_logprobs[-len(told.read) :] if told.whole else output.outputs[0].logprobs
    for number, (place, position) in enumerate(told.read):
        token = row.choices.tokens[place][position]
        found = at[number if told.whole else 0][token].logprob
        row.sums[told.unconditional, place] += found


def _scored(row: _Row) -> Completion:
    places = range(len(row.choices.tokens))
    prior = [row.sums[True, place] for place in places] if row.choices.unconditional else []
    found = row.choices.normalized([row.sums[False, place] for place in places], prior)
    size = len(row.request.tokens)
    return Completion(row.request.key, best(found), Finish.STOP, size, likelihoods=found)
