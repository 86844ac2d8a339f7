"""vLLM with continuous batching: every request at once, each row as it finishes."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from submission.adapters.load import generation_ids
from submission.engines.abilities import Ability
from submission.engines.base import (
    Completion,
    EngineContext,
    Failure,
    Finish,
    More,
    Outcome,
    Request,
    Setting,
    Work,
    nothing_more,
    sendable_within,
)
from submission.engines.checkpoint import Checkpoint
from submission.engines.footprint import Footprint
from submission.engines.slot import load_key
from submission.engines.vllm import lifeline
from submission.engines.vllm.applied import EXTENSION, applied_settings
from submission.engines.vllm.arguments import changing, check_arguments
from submission.engines.vllm.choices import Asked
from submission.engines.vllm.interrupts import kept_interrupts
from submission.engines.vllm.log import EngineLog
from submission.engines.vllm.recovery import RESTARTS, Recovery
from submission.engines.vllm.support import (
    THREADS,
    adapter_refusal,
    bind_threads,
    lora_slot,
    model_refusal,
    prepare_environment,
)
from submission.engines.vllm.watchdog import Watchdog
from submission.errors import InputError, Stopped
from submission.machine.busy import OtherWork
from submission.machine.hardware import (
    VLLM_DISTRIBUTIONS,
    has_gpu,
    processors,
    vllm_version,
)
from submission.prompts.choices import Choices
from submission.records.rows import Question


class _Core:
    """A running engine core, its processes, and where it writes to."""

    def __init__(self, llm: Any, log: EngineLog, processes: Sequence[BaseProcess]) -> None:
        self.llm, self.log, self.processes = llm, log, processes

    def close(self) -> None:
        """End it."""
        self.llm.llm_engine.engine_core.shutdown()

    def kill(self) -> None:
        """End its processes at once, so that whoever waits for them does so no longer."""
        for each in self.processes:
            each.kill()


class _Died(Exception):  # noqa: N818 -- an event, which is dealt with here
    """The engine core, or a process of its, is no more."""


class VllmEngine:
    """A merged model, or a base with an adapter at run time, in vLLM's continuous batching."""

    abilities = frozenset(
        {
            Ability.ADAPTER,
            Ability.ARGUMENTS,
            Ability.CHOICE,
            Ability.THINKING,
            Ability.STRUCTURE,
            Ability.WORKERS,
        }
    )

    def __init__(self, context: EngineContext) -> None:
        version = vllm_version()
        if version is None:
            raise InputError(
                "vLLM is not installed. Run make setup, or: pip install 'leaderkit[gpu]' "
                "(GPU); or choose --engine transformers."
            )
        self._context = context
        self._other_work = OtherWork()
        arguments = context.recipe.engine.vllm
        check_arguments(arguments)
        self._checkpoint = Checkpoint(context)
        if self._checkpoint.encoder_decoder:
            raise InputError(
                f"vLLM does not run encoder-decoder models such as "
                f"'{self._checkpoint.model.name}'. Use --engine transformers."
            )
        refusal = adapter_refusal(self._checkpoint.adapter)
        if refusal is not None:
            raise InputError(
                f"vLLM does not apply the adapter {refusal}. Merge it with leaderkit merge, or use "
                "--engine transformers."
            )
        self._checkpoint.check_base()
        told = changing(arguments)
        self.identity: Mapping[str, str] = {
            **self._checkpoint.identity("vllm", *VLLM_DISTRIBUTIONS),
            **({"arguments": json.dumps(told, sort_keys=True)} if told else {}),
        }
        self.special_tokens: Sequence[str] = self._checkpoint.special_tokens
        place = "GPU" if has_gpu() else f"CPU, {len(processors())} threads"
        adapter = ", adapter at run time" if self._checkpoint.adapter else ""
        self.description = f"vLLM {version} ({place}), {self._checkpoint.dtype}{adapter}"
        self._llm: Any = None
        self._core: _Core | None = None
        self._passes: Asked | None = None
        self._log = EngineLog()
        self._alive = True

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

    @property
    def at_once(self) -> int:
        """How many requests the started engine core computes at once."""
        most: int = self._llm.llm_engine.vllm_config.scheduler_config.max_num_seqs
        return most

    def complete(
        self, requests: Sequence[Request], more: More = nothing_more
    ) -> Iterator[Sequence[Outcome]]:
        """How the requests ended that finish in each step of the engine core.

        A core that dies is started anew, and asked what it has not answered; a request that it dies
        of alone is a :class:`Failure`. Raises :class:`Stopped` where it dies more than
        :data:`RESTARTS` times, and where nothing comes of it for ``engine.stall_timeout`` seconds.
        """
        refused, sendable = self._sendable(requests)
        if refused:
            yield refused
        recovery = Recovery(sendable)

        def further() -> tuple[Sequence[Outcome], Sequence[Request]]:
            refused, sendable = self._sendable(more())
            recovery.add(sendable)
            return refused, sendable

        while group := recovery.next():
            try:
                for step in self._answers(group, further):
                    recovery.ended(step)
                    yield step
            except _Died as death:
                culprit = recovery.died(self._running())
                if culprit is not None:
                    yield [Failure(culprit.key, f"vLLM stopped: {death}")]
                if recovery.next():
                    self._restart(recovery.deaths, death)

    def _sendable(self, requests: Sequence[Request]) -> tuple[list[Completion], list[Request]]:
        if not requests:
            return [], []
        config = self._llm.llm_engine.model_config
        self._checkpoint.require_embeddings(requests, config.get_vocab_size())
        refused, sendable = sendable_within(int(config.max_model_len), requests)
        return refused, _in_order(sendable)

    def _answers(
        self,
        requests: Sequence[Request],
        further: Callable[[], tuple[Sequence[Outcome], Sequence[Request]]],
    ) -> Iterator[Sequence[Outcome]]:
        engine = self._llm.llm_engine
        lora = self._lora()
        self._passes = asked = Asked(
            self._sampling, self._outcome, self._checkpoint.choice_grammar, whole=lora is None
        )
        finished = 0
        stall = self._context.recipe.engine.stall_timeout
        try:
            with (
                Watchdog(stall, lambda: (finished, self.in_flight()), self._kill) as watchdog,
                kept_interrupts() as check_interrupted,
            ):
                if failures := self._add(requests, asked, lora):
                    yield failures
                while engine.has_unfinished_requests():
                    outputs = self._step(check_interrupted, watchdog)
                    found = (asked.outcome(each) for each in outputs if each.finished)
                    ended = [each for each in found if each is not None]
                    finished += len(ended)
                    yield ended
                    check_interrupted()
                    refused, requests = further()
                    if failed := [*refused, *self._add(requests, asked, lora)]:
                        yield failed
        finally:
            # A consumer that stops early must not leave rows for the next call to find.
            if self._alive and engine.has_unfinished_requests():
                engine.abort_request(list(asked.owners))

    def _add(self, requests: Sequence[Request], asked: Asked, lora: Any) -> list[Failure]:
        """Hand the requests to the engine core; those that it does not take."""
        from vllm.v1.engine.exceptions import EngineDeadError

        failures = []
        for request in requests:
            try:
                for ask in asked.of(request):
                    self._llm.llm_engine.add_request(
                        ask.key,
                        {"prompt_token_ids": list(ask.tokens)},
                        ask.sampling,
                        lora_request=lora,
                    )
            except EngineDeadError as error:
                self._alive = False
                raise _Died(self._reason()) from error
            except Exception as error:  # noqa: BLE001 -- whatever it has against one is not the end
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                failures.append(Failure(request.key, f"vLLM refused the request: {reason}"))
        return failures

    def _step(self, check_interrupted: Callable[[], None], watchdog: Watchdog) -> list[Any]:
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            return list(self._llm.llm_engine.step())
        except (RuntimeError, EngineDeadError) as error:
            self._alive = False
            check_interrupted()
            if watchdog.expired:
                raise Stopped(
                    "vLLM wrote no token and finished no row for "
                    f"{self._context.recipe.engine.stall_timeout:g} s (engine.stall_timeout). "
                    "Finished rows are kept; the same command resumes."
                ) from error
            raise _Died(self._reason()) from error

    def _reason(self) -> str:
        return self._log.reason() or "one of its processes ended, perhaps for lack of memory"

    def _kill(self) -> None:
        if self._core is not None:
            self._core.kill()

    def _running(self) -> list[str]:
        """The keys of the requests that a core which died was at, as far as can be told.

        It takes them in the order in which they were added.
        """
        engine = self._llm.llm_engine
        states = engine.output_processor.request_states.values()
        owners = self._passes.owners if self._passes is not None else {}
        return [owners[each.external_req_id] for each in islice(states, self.at_once)]

    def _restart(self, deaths: int, death: _Died) -> None:
        """Start the core anew. Raises :class:`Stopped` where that was done too often, or fails."""
        kept = "Finished rows are kept; the same command resumes."
        if deaths > RESTARTS:
            raise Stopped(f"vLLM stopped {deaths} times, the last time with: {death}. {kept}")
        self._context.say(f"vLLM stopped ({death}): it is started again for what is left.")
        self._llm = self._core = None
        self._context.slot.clear()
        self._log = EngineLog()
        try:
            self.start()
        except InputError as error:
            raise Stopped(
                f"vLLM stopped: {death}. It does not start again: {error} {kept}"
            ) from error
        self._alive = True

    def in_flight(self) -> Work:
        """What was read and written of rows that are not finished."""
        if self._llm is None:
            return Work(0, 0)
        # All at once: another thread may ask while they change.
        states = list(self._llm.llm_engine.output_processor.request_states.values())
        begun = [each for each in states if not each.is_prefilling]
        return Work(
            sum(each.prompt_len for each in begun),
            sum(each.detokenizer.num_output_tokens() for each in begun),
        )

    def context_length(self) -> int | None:
        """The tokens that a prompt and its answer can have together."""
        return self._checkpoint.context_length()

    def footprint(self) -> Footprint:
        """Weights, cache per token, and the cache that vLLM is given here."""
        found = self._checkpoint.footprint()
        options = self._context.recipe.engine
        if not has_gpu():
            return found._replace(cache=options.cpu_kvcache_gib * 2**30)
        import torch

        total = torch.cuda.mem_get_info()[1] * options.tensor_parallel_size
        room = int(total * options.gpu_memory_utilization) - found.weights
        return found._replace(cache=max(room, 0))

    def close(self) -> None:
        """End the engine core and free its memory, unless its slot is shared."""
        self._llm = self._core = None
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
            self._core, self._llm, self._log = core, core.llm, core.log

    def settings(self) -> list[Setting]:
        """What the running engine core was really started with."""
        found = applied_settings(self._llm, self._asked())
        return found if has_gpu() else [*found, Setting(THREADS, os.environ[THREADS])]

    def _asked(self) -> dict[str, Any]:
        """The engine arguments that the recipe asks for."""
        options = self._context.recipe.engine
        return {
            "dtype": self._checkpoint.dtype,
            "quantization": options.quantization,
            "max_model_len": options.max_model_len,
            "tensor_parallel_size": options.tensor_parallel_size,
            **options.vllm,
        }

    def _load(self) -> _Core:
        prepare_environment(self._context)
        bind_threads(self._context, self._other_work)
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
        others = set(active_children())
        try:
            with self._log.capture(), TemporaryDirectory() as settings:
                from vllm import LLM

                # All that is taken of the model's own settings; vLLM fails where it cannot read
                # one that it has no use for.
                ids = generation_ids(checkpoint.model.folder)
                ids.to_json_file(Path(settings, "generation_config.json"))
                llm = LLM(
                    generation_config=settings,
                    tokenizer=str(checkpoint.tokenizer_folder),
                    **{**self._preferred(), **self._asked()},
                    model=str(checkpoint.model.folder),
                    gpu_memory_utilization=options.gpu_memory_utilization,
                    trust_remote_code=bool(
                        self._context.recipe.model and self._context.recipe.model.trust_remote_code
                    ),
                    enable_lora=checkpoint.adapter is not None,
                    max_lora_rank=lora_slot(checkpoint.adapter),
                    structured_outputs_config={"backend": "guidance"},
                    seed=0,
                    reasoning_config=self._reasoning(),
                    worker_extension_cls=EXTENSION,
                )
                _add_adapter(llm, self._lora())
            # What fails from here on is raised; vLLM would print its whole state as well.
            if os.environ["VLLM_LOGGING_LEVEL"] == "ERROR":
                logging.getLogger("vllm").setLevel(logging.CRITICAL)
            return _Core(llm, self._log, [each for each in active_children() if each not in others])
        except Exception as error:  # vLLM raises it bare when a worker cannot start
            reason = self._log.reason() or str(error).strip().partition("\n")[0]
            raise InputError(
                f"vLLM cannot run '{checkpoint.model.name}': {reason or type(error).__name__} "
                "(--engine transformers may run it)."
            ) from error

    def _preferred(self) -> dict[str, Any]:
        """Engine arguments that the recipe's ``engine.vllm`` may overrule."""
        return {
            "enable_prefix_caching": True,
            "enforce_eager": not has_gpu(),
            # A prompt read in parts winds back its request's random generator, which vLLM cannot do
            # on a CPU.
            "enable_chunked_prefill": has_gpu(),
            # Thread binding on a CPU needs a worker process of its own.
            "distributed_executor_backend": None if has_gpu() else "mp",
        }

    def _reasoning(self) -> Any:
        """What vLLM must know of the tags to keep to a budget of thinking."""
        if (thoughts := self._checkpoint.thoughts) is None:
            return None
        from vllm.config import ReasoningConfig

        tags = thoughts.tags
        return ReasoningConfig(reasoning_start_str=tags.open, reasoning_end_str=tags.ending)

    def _sampling(self, request: Request) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        sampling, thinking = self._context.recipe.sampling, self._context.recipe.thinking
        # Within the thinking they mean nothing, and are cut off after it.
        stop_ids, stop_texts = self._checkpoint.stops if thinking is None else ([], [])
        grammar = self._checkpoint.grammar
        return SamplingParams(
            max_tokens=sampling.max_tokens,
            temperature=0.0 if sampling.greedy else sampling.temperature,
            top_p=1.0 if sampling.greedy else sampling.top_p,
            top_k=0 if sampling.greedy else sampling.top_k,
            repetition_penalty=sampling.repetition_penalty,
            stop=stop_texts or None,
            stop_token_ids=stop_ids or None,
            seed=None if sampling.greedy else request.seed,
            # What has been written so far is of no use, and costs as much as a step.
            output_kind=RequestOutputKind.FINAL_ONLY,
            thinking_token_budget=thinking and thinking.budget,
            structured_outputs=StructuredOutputsParams(grammar=grammar) if grammar else None,
        )

    def _outcome(self, output: Any) -> Outcome:
        reason = output.outputs[0].finish_reason
        if reason in ("abort", "error"):
            return Failure(output.request_id, f"vLLM ended the request with '{reason}'")
        return self._completion(output)

    def _completion(self, output: Any) -> Completion:
        first = output.outputs[0]
        limited = first.finish_reason == "length"
        prompt = output.prompt_token_ids
        if (thoughts := self._checkpoint.thoughts) is not None:
            return thoughts.completion(output.request_id, prompt, first.token_ids, limited=limited)
        return Completion(
            key=output.request_id,
            text=first.text,
            finish=Finish.LENGTH if limited else Finish.STOP,
            prompt_tokens=len(prompt),
            completion_tokens=len(first.token_ids),
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
