"""transformers: causal and encoder-decoder models in length-sorted batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from submission.adapters.attach import attach
from submission.adapters.load import context_length, end_tokens, load_base
from submission.engines.base import Completion, EngineContext, Finish, Request, sendable_within
from submission.engines.checkpoint import Checkpoint
from submission.engines.slot import load_key
from submission.errors import InputError, Stopped
from submission.machine.hardware import has_gpu, installed
from submission.machine.memory import free_memory, out_of_memory
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
    """``generate`` over batches of similar length, halved when memory runs out."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._checkpoint = Checkpoint(context)
        if context.recipe.engine.quantization:
            raise InputError(
                "engine.quantization belongs to vLLM; for transformers give a quantized checkpoint."
            )
        if context.recipe.sampling.beams > 1 and not context.recipe.sampling.greedy:
            raise InputError("sampling.beams needs greedy decoding (temperature 0).")
        self.identity: Mapping[str, str] = self._checkpoint.identity("transformers", "peft")
        place = "GPU" if has_gpu() else "CPU"
        self.description = (
            f"transformers {installed('transformers')} ({place}), {self._checkpoint.dtype}"
        )
        self._checkpoint.check_base()
        self._model: Any = None

    def prompt(self, question: Question, text: str) -> tuple[int, ...]:
        """The prompt's token ids for ``text`` asked of ``question``."""
        return self._checkpoint.prompt_ids(question, text)

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Completion]]:
        """The completions of each batch, longest prompts first."""
        refused, sendable = sendable_within(self._context_length(), requests)
        if refused:
            yield refused
        waiting = deque(self._batches(sendable))
        while waiting:
            batch = waiting.popleft()
            try:
                done = self._generate(batch)
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise Stopped(
                        f"Out of memory with a single prompt of {len(batch[0].tokens)} tokens. "
                        "Finished rows are kept. Lower sampling.max_tokens, choose "
                        "engine.dtype=bfloat16, or a smaller model."
                    ) from None
                half = len(batch) // 2
                self._context.say(f"Out of memory at {len(batch)} rows: halved to {half}.")
                free_memory()
                waiting.extendleft([batch[half:], batch[:half]])
                continue
            yield done

    def close(self) -> None:
        """Free the model, unless its slot is shared."""
        self._model = None
        self._context.slot.leave()

    def _context_length(self) -> int | None:
        asked = self._context.recipe.engine.max_model_len
        # An encoder's positions do not count the decoder's tokens, and T5's are relative.
        if self._checkpoint.encoder_decoder:
            return asked
        limits = [asked, context_length(self._model.config)]
        return min((limit for limit in limits if limit), default=None)

    def _batches(self, requests: Sequence[Request]) -> list[list[Request]]:
        budget = self._context.recipe.engine.batch_tokens
        ahead = self._context.recipe.sampling.max_tokens
        limit = self._context_length()
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
        stop_ids, stop_texts = self._checkpoint.stops
        ends = sorted({*stop_ids, *end_tokens(model, tokenizer)})
        pad = tokenizer.pad_token_id
        if pad is None:
            pad = ends[0] if ends else 0
        width = max(len(request.tokens) for request in batch)
        left = not self._checkpoint.encoder_decoder
        ids = torch.full((len(batch), width), pad, dtype=torch.long)
        mask = torch.zeros((len(batch), width), dtype=torch.long)
        for row, request in enumerate(batch):
            start = width - len(request.tokens) if left else 0
            # A repetition penalty sees padding too; the row's own token changes nothing for it.
            ids[row, :start] = request.tokens[0]
            ids[row, start : start + len(request.tokens)] = torch.tensor(request.tokens)
            mask[row, start : start + len(request.tokens)] = 1
        limit = self._context_length()
        room = sampling.max_tokens if limit is None else min(sampling.max_tokens, limit - width)
        from submission.engines.transformers.sampling import (
            generation_config,
            row_sampling,
            text_stops,
        )

        prompt = width if left else 1
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.to(model.device),
                generation_config=generation_config(
                    sampling, room, ends, pad, model.generation_config
                ),
                logits_processor=row_sampling(sampling, [request.seed for request in batch]),
                stopping_criteria=text_stops(stop_texts, tokenizer, prompt),
            )
        new = output[:, prompt:]
        return [
            self._completion(request, row.tolist(), ends, pad, stop_texts)
            for request, row in zip(batch, new, strict=True)
        ]

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
        return Completion(request.key, text, finish, len(request.tokens), count)
