"""vLLM with continuous batching: every request at once, each row as it finishes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from submission.engines.base import Completion, EngineContext, Finish, Request, sendable_within
from submission.engines.checkpoint import Checkpoint
from submission.engines.slot import load_key
from submission.engines.vllm import lifeline
from submission.engines.vllm.interrupts import kept_interrupts
from submission.engines.vllm.log import EngineLog
from submission.engines.vllm.support import (
    adapter_refusal,
    lora_slot,
    model_refusal,
    prepare_environment,
)
from submission.errors import InputError, Stopped
from submission.machine.hardware import (
    VLLM_DISTRIBUTIONS,
    has_gpu,
    processors,
    vllm_version,
)
from submission.records.rows import Question


class _Core:
    """A running engine core, and where it writes to."""

    def __init__(self, llm: Any, log: EngineLog) -> None:
        self.llm, self.log = llm, log

    def close(self) -> None:
        """End it."""
        self.llm.llm_engine.engine_core.shutdown()


class VllmEngine:
    """A merged model, or a base with an adapter at run time, in vLLM's continuous batching."""

    def __init__(self, context: EngineContext) -> None:
        version = vllm_version()
        if version is None:
            raise InputError(
                "vLLM is not installed. Run make setup, or: pip install 'leaderkit[gpu]' "
                "(GPU); or choose --engine transformers."
            )
        self._context = context
        self._checkpoint = Checkpoint(context)
        if self._checkpoint.encoder_decoder:
            raise InputError(
                f"vLLM does not run encoder-decoder models such as "
                f"'{self._checkpoint.model.name}'. Use --engine transformers."
            )
        if context.recipe.sampling.beams > 1:
            raise InputError("sampling.beams needs --engine transformers.")
        refusal = adapter_refusal(self._checkpoint.adapter)
        if refusal is not None:
            raise InputError(
                f"vLLM does not apply the adapter {refusal}. Merge it with leaderkit merge, or use "
                "--engine transformers."
            )
        self.identity: Mapping[str, str] = self._checkpoint.identity("vllm", *VLLM_DISTRIBUTIONS)
        place = "GPU" if has_gpu() else f"CPU, {len(processors())} threads"
        adapter = ", adapter at run time" if self._checkpoint.adapter else ""
        self.description = f"vLLM {version} ({place}), {self._checkpoint.dtype}{adapter}"
        self._checkpoint.check_base()
        self._llm: Any = None
        self._log = EngineLog()
        self._alive = True

    def prompt(self, question: Question, text: str) -> tuple[int, ...]:
        """The prompt's token ids for ``text`` asked of ``question``."""
        return self._checkpoint.prompt_ids(question, text)

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Completion]]:
        """The completions that finish in each step of the engine core."""
        engine = self._llm.llm_engine
        refused, sendable = sendable_within(int(engine.model_config.max_model_len), requests)
        if refused:
            yield refused
        lora = self._lora()
        try:
            for request in _in_order(sendable):
                engine.add_request(
                    request.key,
                    {"prompt_token_ids": list(request.tokens)},
                    self._sampling(request),
                    lora_request=lora,
                )
            with kept_interrupts() as check_interrupted:
                while engine.has_unfinished_requests():
                    outputs = self._step(check_interrupted)
                    if done := [_completion(each) for each in outputs if each.finished]:
                        yield done
                    check_interrupted()
        finally:
            # A consumer that stops early must not leave rows for the next call to find.
            if self._alive and engine.has_unfinished_requests():
                engine.abort_request([request.key for request in sendable])

    def _step(self, check_interrupted: Callable[[], None]) -> list[Any]:
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            return list(self._llm.llm_engine.step())
        except (RuntimeError, EngineDeadError) as error:
            self._alive = False
            check_interrupted()
            reason = self._log.reason() or "one of its processes ended, perhaps for lack of memory"
            raise Stopped(
                f"vLLM stopped: {reason}. Finished rows are kept; the same command resumes."
            ) from error

    def close(self) -> None:
        """End the engine core and free its memory, unless its slot is shared."""
        self._llm = None
        if self._alive:
            self._context.slot.leave()
        else:
            self._context.slot.clear()

    def start(self) -> None:
        """Start the engine core, if it does not run; its own output is kept aside."""
        if self._llm is None:
            core = self._context.slot.take(
                load_key(self.identity, self._context.recipe), self._load
            )
            self._llm, self._log = core.llm, core.log

    def _load(self) -> _Core:
        prepare_environment(self._context)
        lifeline.hold()
        options = self._context.recipe.engine
        checkpoint = self._checkpoint
        self._context.say(f"Starting {self.description}.")
        refusal = model_refusal(self._context, checkpoint)
        if refusal is not None:
            raise InputError(
                f"vLLM cannot apply an adapter {refusal} at run time. Merge it with leaderkit "
                "merge, or use --engine transformers."
            )
        checkpoint.fitting_adapter()
        try:
            with self._log.capture():
                from vllm import LLM

                llm = LLM(
                    model=str(checkpoint.model.folder),
                    tokenizer=str(checkpoint.tokenizer_folder),
                    dtype=checkpoint.dtype,
                    quantization=options.quantization,
                    tensor_parallel_size=options.tensor_parallel_size,
                    gpu_memory_utilization=options.gpu_memory_utilization,
                    max_model_len=options.max_model_len,
                    trust_remote_code=bool(
                        self._context.recipe.model and self._context.recipe.model.trust_remote_code
                    ),
                    enable_lora=checkpoint.adapter is not None,
                    max_lora_rank=lora_slot(checkpoint.adapter),
                    enable_prefix_caching=True,
                    enforce_eager=not has_gpu(),
                    # A prompt read in parts winds back its request's random generator, which vLLM
                    # cannot do on a CPU.
                    enable_chunked_prefill=has_gpu(),
                    # Thread binding on a CPU needs a worker process of its own.
                    distributed_executor_backend=None if has_gpu() else "mp",
                    seed=0,
                )
                _add_adapter(llm, self._lora())
            # What fails from here on is raised; vLLM would print its whole state as well.
            if os.environ["VLLM_LOGGING_LEVEL"] == "ERROR":
                logging.getLogger("vllm").setLevel(logging.CRITICAL)
            return _Core(llm, self._log)
        except Exception as error:  # vLLM raises it bare when a worker cannot start
            reason = self._log.reason() or str(error).strip().partition("\n")[0]
            raise InputError(
                f"vLLM cannot run '{checkpoint.model.name}': {reason or type(error).__name__} "
                "(--engine transformers may run it)."
            ) from error

    def _sampling(self, request: Request) -> Any:
        from vllm import SamplingParams

        sampling = self._context.recipe.sampling
        stop_ids, stop_texts = self._checkpoint.stops
        return SamplingParams(
            max_tokens=sampling.max_tokens,
            temperature=0.0 if sampling.greedy else sampling.temperature,
            top_p=1.0 if sampling.greedy else sampling.top_p,
            top_k=0 if sampling.greedy else sampling.top_k,
            repetition_penalty=sampling.repetition_penalty,
            stop=stop_texts or None,
            stop_token_ids=stop_ids or None,
            seed=None if sampling.greedy else request.seed,
        )

    def _lora(self) -> Any:
        if self._checkpoint.adapter is None:
            return None
        from vllm.lora.request import LoRARequest

        return LoRARequest("adapter", 1, str(self._checkpoint.adapter.folder.resolve()))


def _add_adapter(llm: Any, adapter: Any) -> None:
    """Load the adapter at once: what vLLM says against it is then said before a run begins."""
    if adapter is None:
        return
    try:
        llm.llm_engine.add_lora(adapter)
    except Exception:
        llm.llm_engine.engine_core.shutdown()
        raise


def _in_order(requests: Sequence[Request]) -> list[Request]:
    """Prompts with a shared beginning next to each other (their prefix is computed once), the
    groups with the longest prompts first, so that no long row is left for the end.
    """
    groups: dict[tuple[int, ...], list[Request]] = {}
    for request in requests:
        groups.setdefault(request.tokens[:16], []).append(request)
    ordered = sorted(groups.values(), key=lambda group: -max(len(r.tokens) for r in group))
    return [
        request
        for group in ordered
        for request in sorted(group, key=lambda request: -len(request.tokens))
    ]


def _completion(output: Any) -> Completion:
    first = output.outputs[0]
    return Completion(
        key=output.request_id,
        text=first.text,
        finish=Finish.LENGTH if first.finish_reason == "length" else Finish.STOP,
        prompt_tokens=len(output.prompt_token_ids),
        completion_tokens=len(first.token_ids),
    )
