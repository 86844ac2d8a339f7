"""transformers: causal and encoder-decoder models in length-sorted batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, groupby
from typing import Any, Literal

from submission.adapters.attach import attach
from submission.adapters.load import embedding_rows, end_tokens, load_base
from submission.engines.abilities import Ability
from submission.engines.base import (
    Completion,
    EngineContext,
    Finish,
    Load,
    Request,
    sendable_within,
)
from submission.engines.checkpoint import Checkpoint
from submission.engines.footprint import Footprint
from submission.engines.slot import load_key
from submission.engines.transformers.budget import Budget, forcing
from submission.engines.transformers.choices import scored
from submission.engines.transformers.load import BatchLoad, counted
from submission.errors import InputError, Stopped
from submission.machine.hardware import has_gpu, installed
from submission.machine.memory import free_memory, out_of_memory
from submission.prompts.choices import Choices
from submission.records.rows import Question


class _Weights:
    """A model in memory."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def close(self) -> None:
        """Free it."""
        self.model = None
        free_memory()


class TransformersEngine:
    """``generate`` over batches of similar length, halved when memory runs out.

    ``tokenizer`` is used instead of that on disk.
    """

    abilities = frozenset(
        {
            Ability.ADAPTER,
            Ability.BEAMS,
            Ability.CHOICE,
            Ability.THINKING,
            Ability.STRUCTURE,
            Ability.WORKERS,
        }
    )

    def __init__(self, context: EngineContext, *, tokenizer: Any = None) -> None:
        self._context = context
        self._checkpoint = Checkpoint(context, tokenizer=tokenizer)
        if context.recipe.engine.quantization:
            raise InputError(
                "engine.quantization belongs to vLLM; for transformers give a quantized checkpoint."
            )
        if context.recipe.sampling.beams > 1 and not context.recipe.sampling.greedy:
            raise InputError("sampling.beams needs greedy decoding (temperature 0).")
        self._checkpoint.check_base()
        self.identity: Mapping[str, str] = self._checkpoint.identity("transformers", "peft")
        self.special_tokens: Sequence[str] = self._checkpoint.special_tokens
        place = "GPU" if has_gpu() else "CPU"
        self.description = (
            f"transformers {installed('transformers')} ({place}), {self._checkpoint.dtype}"
        )
        self._model: Any = None
        self._batch_load = BatchLoad(context.recipe.sampling.max_tokens)

    def prompt(self, question: Question, text: str) -> tuple[int, ...]:
        """The prompt's token ids for ``text`` asked of ``question``."""
        return self._checkpoint.prompt_ids(question, text)

    def prompts(self, asked: Sequence[tuple[Question, str]]) -> list[tuple[int, ...]]:
        """:meth:`prompt` of each question with its text."""
        return self._checkpoint.batch_ids(asked)

    def choices(
        self, question: Question, text: str, prompt: Sequence[int]
    ) -> tuple[tuple[int, ...], Choices | None]:
        """As :meth:`submission.engines.base.ChoosingEngine.choices`."""
        return self._checkpoint.choices(question, text, prompt)

    def require_embeddings(self, requests: Sequence[Request], rows: int) -> None:
        """Raise :class:`InputError` for a prompt's token that is not in ``rows`` embeddings."""
        self._checkpoint.require_embeddings(requests, rows)

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Completion]]:
        """The completions of each batch, longest prompts first."""
        self.require_embeddings(requests, embedding_rows(self._model))
        refused, sendable = sendable_within(self.context_length(), requests)
        if refused:
            yield refused
        waiting = deque(
            chain.from_iterable(self._batches(list(alike)) for alike in _by_way(sendable))
        )
        self._batch_load.wait(waiting)
        while waiting:
            batch = waiting.popleft()
            try:
                done = self._generate(batch)
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                if len(batch) == 1:
                    scores = _way(batch[0]) == "scored"
                    lower = "engine.batch_tokens" if scores else "sampling.max_tokens"
                    raise Stopped(
                        f"Out of memory with a single prompt of {len(batch[0].tokens)} tokens. "
                        f"Finished rows are kept. Lower {lower}, choose "
                        "engine.dtype=bfloat16, or a smaller model."
                    ) from None
                half = len(batch) // 2
                self._context.say(f"Out of memory at {len(batch)} rows: halved to {half}.")
                free_memory()
                self._batch_load.wait(waiting)
                waiting.extendleft([batch[half:], batch[:half]])
                continue
            self._batch_load.end()
            yield done

    def close(self) -> None:
        """Free the model, unless its slot is shared."""
        self._model = None
        self._context.slot.leave()

    def load(self) -> Load:
        """What it has computed of its batches, and what is left of them."""
        return self._batch_load.load()

    def context_length(self) -> int | None:
        """The tokens that a prompt and its answer can have together."""
        return self._checkpoint.context_length()

    def footprint(self) -> Footprint:
        """Weights, and cache per token: a batch takes what it needs."""
        return self._checkpoint.footprint()

    def _batches(self, requests: Sequence[Request]) -> list[list[Request]]:
        budget = self._context.recipe.engine.batch_tokens
        ahead = self._context.recipe.sampling.max_tokens
        if requests and _way(requests[0]) == "scored":
            ahead = max(each.choices.longest for each in requests if each.choices)
        limit = self.context_length()
        batches: list[list[Request]] = []
        longest, alone = 0, False
        for request in sorted(requests, key=lambda request: -len(request.tokens)):
            # A row that the context cuts short runs alone: its neighbours keep their length.
            crowded = limit is not None and len(request.tokens) + ahead > limit
            fits = (len(batches[-1]) + 1) * (longest + ahead) <= budget if batches else False
            if fits and not crowded and not alone:
                batches[-1].append(request)
            else:
                batches.append([request])
                longest, alone = len(request.tokens), crowded
        return batches

    def start(self) -> None:
        """Load the model, if it is not loaded."""
        if self._model is None:
            key = load_key(self.identity, self._context.recipe)
            self._model = self._context.slot.take(key, self._load).model

    def _load(self) -> _Weights:
        import torch

        checkpoint = self._checkpoint
        self._context.say(f"Loading {checkpoint.model.name} into {self.description}.")
        declared = self._context.recipe.model
        # What is wrong with an adapter shows before the model takes time and memory.
        adapter = checkpoint.fitting_adapter()
        try:
            model = load_base(
                checkpoint.model.folder,
                getattr(torch, checkpoint.dtype),
                trust_remote_code=bool(declared and declared.trust_remote_code),
                seq2seq=checkpoint.encoder_decoder,
            )
            if adapter is not None:
                model = attach(model, [adapter], upcast=True)
            return _Weights(model.to("cuda" if has_gpu() else "cpu").eval())
        except (InputError, OSError, ValueError, RuntimeError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise InputError(
                f"transformers cannot load '{checkpoint.model.name}': {first}"
            ) from error

    def _generate(self, batch: Sequence[Request]) -> list[Completion]:
        import torch

        model = self._model
        tokenizer = self._checkpoint.tokenizer
        sampling = self._context.recipe.sampling
        thoughts = self._checkpoint.thoughts
        # They mean nothing within the thinking, and are cut off after it.
        stop_ids, stop_texts = self._checkpoint.stops if thoughts is None else ([], [])
        ends = sorted({*stop_ids, *end_tokens(model, tokenizer)})
        rows = embedding_rows(model)
        known = (
            each for each in (tokenizer.pad_token_id, *ends) if each is not None and each < rows
        )
        pad = next(known, 0)
        width = max(len(request.tokens) for request in batch)
        if _way(batch[0]) == "scored":
            self._batch_load.begin(len(batch), width, 0)
            return scored(model, batch, pad, self._context.recipe.engine.batch_tokens)
        left = not self._checkpoint.encoder_decoder
        ids = torch.full((len(batch), width), pad, dtype=torch.long)
        mask = torch.zeros((len(batch), width), dtype=torch.long)
        for row, request in enumerate(batch):
            start = width - len(request.tokens) if left else 0
            # A repetition penalty sees padding too; the row's own token changes nothing for it.
            ids[row, :start] = request.tokens[0]
            ids[row, start : start + len(request.tokens)] = torch.tensor(request.tokens)
            mask[row, start : start + len(request.tokens)] = 1
        limit = self.context_length()
        room = sampling.max_tokens if limit is None else min(sampling.max_tokens, limit - width)
        from submission.engines.transformers.sampling import (
            generation_config,
            row_sampling,
            text_stops,
        )
        from submission.engines.transformers.structure import structure_mask

        self._batch_load.begin(len(batch), width, room)
        processors = row_sampling(sampling, [request.seed for request in batch])
        if grammars := self._grammars(batch):
            processors.insert(0, structure_mask(self._checkpoint.grammar_tokenizer, grammars))

        prompt = width if left else 1
        if (budget := self._budget) is not None and thoughts is not None:
            thoughts_so_far = [
                budget.thought(list(request.tokens), begun=thoughts.begun(request.tokens))
                for request in batch
            ]
            processors.append(forcing(budget, thoughts_so_far, prompt, sampling.beams))
        criteria = text_stops(stop_texts, tokenizer, prompt)
        criteria.append(counted(self._batch_load, ends, beams=sampling.beams))
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.to(model.device),
                generation_config=generation_config(
                    sampling, room, ends, pad, model.generation_config
                ),
                logits_processor=processors,
                stopping_criteria=criteria,
            )
        new = output[:, prompt:].tolist()
        if thoughts is not None:
            return [
                thoughts.completion(request.key, request.tokens, row, limited=True)
                for request, row in zip(batch, new, strict=True)
            ]
        return [
            self._completion(request, row, ends, pad, stop_texts)
            for request, row in zip(batch, new, strict=True)
        ]

    def _grammars(self, batch: Sequence[Request]) -> list[str]:
        """What each row's answer is bound by; empty where nothing binds them."""
        if _way(batch[0]) == "constrained":
            texts = [each.choices.texts for each in batch if each.choices is not None]
            found = {each: self._checkpoint.choice_grammar(each) for each in dict.fromkeys(texts)}
            return [found[each] for each in texts]
        grammar = self._checkpoint.grammar
        return [] if grammar is None else [grammar] * len(batch)

    @cached_property
    def _budget(self) -> Budget | None:
        thinking, thoughts = self._context.recipe.thinking, self._checkpoint.thoughts
        if thinking is None or thinking.budget is None or thoughts is None:
            return None
        return Budget(thinking.budget, *thoughts.ids())

    def _completion(
        self,
        request: Request,
        ids: list[int],
        ends: list[int],
        pad: int,
        stop_texts: list[str],
    ) -> Completion:
        first_end = next((place for place, token in enumerate(ids) if token in ends), None)
        if first_end is not None:
            ids, count, finish = ids[:first_end], first_end + 1, Finish.STOP
        else:
            while ids and ids[-1] == pad:
                ids.pop()
            count, finish = len(ids), Finish.LENGTH
        text = self._checkpoint.tokenizer.decode(ids, skip_special_tokens=True)
        for stop in stop_texts:
            if stop in text:
                text, finish = text.split(stop, 1)[0], Finish.STOP
        label = request.choices.label_of(text) if request.choices else None
        if label is not None:
            text, finish = label, Finish.STOP
        return Completion(request.key, text, finish, len(request.tokens), count)


def _way(request: Request) -> Literal["generated", "constrained", "scored"]:
    if request.choices is None:
        return "generated"
    return "constrained" if request.choices.generated else "scored"


def _by_way(requests: Sequence[Request]) -> Iterator[Iterator[Request]]:
    """The requests by how they are answered, which a batch has in common."""
    for _, alike in groupby(sorted(requests, key=_way), key=_way):
        yield alike
