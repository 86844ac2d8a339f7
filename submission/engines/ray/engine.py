"""vLLM engines on a Ray cluster: blocks of rows out, blocks of answers back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from submission.engines.abilities import Ability
from submission.engines.base import (
    Completion,
    EngineContext,
    Failure,
    Finish,
    Outcome,
    Request,
    sendable_within,
)
from submission.engines.checkpoint import Checkpoint
from submission.engines.ray.cluster import Cluster
from submission.engines.ray.processor import ERROR, Processor
from submission.engines.slot import load_key
from submission.errors import InputError, Stopped
from submission.files.model_files import weight_files
from submission.machine.hardware import VLLM_DISTRIBUTIONS, installed, vllm_version
from submission.recipes.ray import Ray
from submission.records.rows import Question


class RayEngine:
    """Ray Data's vLLM processor over the prompts of a run.

    An answer depends on what it depends on in a single vLLM engine, so that :attr:`identity` is
    that engine's and each reuses the other's rows. The nodes of a cluster must have this machine's
    versions and the model's files, which :meth:`start` checks.
    """

    takes_all = True
    abilities: frozenset[Ability] = frozenset()

    def __init__(self, context: EngineContext) -> None:
        lacking = "vLLM" if vllm_version() is None else "" if find_spec("ray") else "Ray"
        if lacking:
            raise InputError(
                f"Engine 'ray' needs {lacking}, which is not installed. Run make setup, or: "
                "pip install 'leaderkit[gpu,ray]'."
            )
        self._context = context
        self._options = context.recipe.engine.ray or Ray()
        if self._options.address and context.recipe.engine.dtype == "auto":
            raise InputError(
                "engine.dtype: auto is the precision that suits this machine, which may not suit "
                "the cluster's. Set float32, bfloat16 or float16."
            )
        self._checkpoint = Checkpoint(context)
        if self._checkpoint.encoder_decoder:
            raise InputError(
                f"vLLM does not run encoder-decoder models such as "
                f"'{self._checkpoint.model.name}'. Use --engine transformers."
            )
        self.identity: Mapping[str, str] = self._checkpoint.identity("vllm", *VLLM_DISTRIBUTIONS)
        self.special_tokens: Sequence[str] = self._checkpoint.special_tokens
        self.description = (
            f"{self._options.concurrency} x vLLM {vllm_version()} by Ray {installed('ray')} "
            f"({self._options.address or 'this machine'}), {self._checkpoint.dtype}"
        )
        self._cluster: Any = None

    def prompt(self, question: Question, text: str) -> tuple[int, ...]:
        """The prompt's token ids for ``text`` asked of ``question``."""
        return self._checkpoint.prompt_ids(question, text)

    def start(self) -> None:
        """Reach Ray, and see that its nodes are fit; they load the model when rows come."""
        if self._cluster is None:
            key = load_key(self.identity, self._context.recipe)
            self._cluster = self._context.slot.take(key, self._reach)

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Outcome]]:
        """How each request ended, block by block."""
        from ray.data.exceptions import SystemException
        from ray.exceptions import RayError

        config = self._checkpoint.config
        rows = (config.get("text_config") or config)["vocab_size"]
        self._checkpoint.require_embeddings(requests, rows)
        limit = self.context_length()
        refused, sendable = sendable_within(limit, requests)
        if refused:
            yield refused
        if not sendable:
            return
        processor = Processor(self._context.recipe, self._checkpoint, self._cluster)
        left = {request.key: request for request in sendable}
        try:
            for block in processor.blocks(sendable):
                yield [
                    self._outcome(left.pop(row["key"]), row, processor.ends, limit) for row in block
                ]
        except (RayError, SystemException) as error:
            raise Stopped(
                f"Ray stopped: {_reason(error)}. Finished rows are kept; the same command resumes."
            ) from error
        finally:
            # Ray goes on with rows that nobody waits for.
            if left:
                self._cluster = None
                self._context.slot.clear()

    def context_length(self) -> int | None:
        """The tokens that a prompt and its answer can have together."""
        return self._checkpoint.context_length()

    def close(self) -> None:
        """Leave Ray, unless the slot is shared."""
        self._cluster = None
        self._context.slot.leave()

    def _reach(self) -> Cluster:
        self._context.say(f"Starting {self.description}.")
        cluster = Cluster(self._options)
        try:
            cluster.require_room(self._context.recipe.engine.tensor_parallel_size)
            if self._options.address:
                files = weight_files(self._checkpoint.model.folder)
                cluster.require(
                    ("torch", "transformers", *VLLM_DISTRIBUTIONS),
                    {str(path.absolute()): path.stat().st_size for path in files},
                )
        except BaseException:
            cluster.close()
            raise
        return cluster

    def _outcome(
        self, request: Request, row: Mapping[str, Any], ends: Sequence[int], limit: int | None
    ) -> Outcome:
        if row[ERROR]:
            return Failure(request.key, row[ERROR])
        ids, text = row["ids"], row["text"]
        most = self._context.recipe.sampling.max_tokens
        room = most if limit is None else min(most, limit - len(request.tokens))
        # Ray does not pass on why an answer ended. At the limit it may have been a stop as well.
        stopped = len(ids) < room or ids[-1] in ends or self._stopped_by_text(ids)
        finish = Finish.STOP if stopped else Finish.LENGTH
        return Completion(request.key, text, finish, len(request.tokens), len(ids))

    def _stopped_by_text(self, ids: Sequence[int]) -> bool:
        texts = self._checkpoint.stops[1]
        if not texts:
            return False
        whole = self._checkpoint.tokenizer.decode(ids, skip_special_tokens=True)
        return any(text in whole for text in texts)


def _reason(error: Exception) -> str:
    """The last line of what Ray says, which wraps the error of another process."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
