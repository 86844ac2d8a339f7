"""The Ray Data pipeline: rows in, vLLM's answers out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from submission.adapters.load import all_ends, generation_ids
from submission.engines.base import Request
from submission.engines.checkpoint import Checkpoint
from submission.engines.ray.cluster import Cluster
from submission.engines.vllm.log import EngineLog
from submission.recipes import Recipe
from submission.recipes.ray import Ray

RESTARTS = 3
# As many rows in each engine as it computes at once on the largest GPUs.
IN_FLIGHT = 1024
ERROR = "__inference_error__"


class Processor:
    """vLLM engines that Ray starts when rows come, and ends when there are no more.

    One that ends by itself is started anew, :data:`RESTARTS` times, and asked its blocks again.
    """

    def __init__(self, recipe: Recipe, checkpoint: Checkpoint, cluster: Cluster) -> None:
        self._recipe, self._checkpoint = recipe, checkpoint
        self._options = recipe.engine.ray or Ray()
        # It imports vLLM, which writes to the terminal.
        with EngineLog().capture():
            self._processor = self._build(cluster)

    @property
    def ends(self) -> list[int]:
        """The tokens that end an answer."""
        checkpoint = self._checkpoint
        own = all_ends(generation_ids(checkpoint.model.folder), checkpoint.tokenizer)
        return sorted({*own, *checkpoint.stops[0]})

    def blocks(self, requests: Sequence[Request]) -> Iterator[Sequence[Mapping[str, Any]]]:
        """The rows of each block as it finishes; blocks are begun in the order of the requests.

        A row has its request's ``key``, and ``text`` and the ``ids`` of its tokens, or the reason
        why it has none under :data:`ERROR`. Raises ``ray.exceptions.RayError``.
        """
        import ray.data

        rows = [
            {"key": request.key, "tokens": list(request.tokens), "seed": request.seed}
            for request in requests
        ]
        count = math.ceil(len(rows) / self._options.batch_size)
        answered = self._processor(ray.data.from_items(rows, override_num_blocks=count))
        # Each block as it is: an error's columns are others than an answer's.
        for block in answered.iter_batches(
            batch_size=None, batch_format="pyarrow", prefetch_batches=0
        ):
            yield block.to_pylist()

    def _build(self, cluster: Cluster) -> Any:
        from ray.data.llm import build_processor, vLLMEngineProcessorConfig

        options, engine = self._options, self._recipe.engine
        shares = engine.tensor_parallel_size
        config = vLLMEngineProcessorConfig(
            model_source=str(self._checkpoint.model.folder),
            engine_kwargs={
                "tokenizer": str(self._checkpoint.tokenizer_folder),
                "dtype": self._checkpoint.dtype,
                "quantization": engine.quantization,
                "tensor_parallel_size": shares,
                "gpu_memory_utilization": engine.gpu_memory_utilization,
                "max_model_len": engine.max_model_len,
                "trust_remote_code": bool(
                    self._recipe.model and self._recipe.model.trust_remote_code
                ),
                "enable_prefix_caching": True,
                "enforce_eager": not cluster.gpus,
                "enable_chunked_prefill": bool(cluster.gpus),
                # None of the model's own settings; its end tokens come with each request.
                "generation_config": "vllm",
                "seed": 0,
            },
            concurrency=(options.concurrency, options.concurrency),
            batch_size=options.batch_size,
            max_concurrent_batches=math.ceil(IN_FLIGHT / options.batch_size),
            placement_group_config=None
            if cluster.gpus
            else {"bundles": [{"CPU": cluster.engine_cpus}] * shares},
            runtime_env={"env_vars": self._variables(cluster)},
            chat_template_stage=False,
            tokenize_stage=False,
            detokenize_stage=False,
            should_continue_on_error=True,
            log_engine_metrics=False,
        )
        sampling = self._sampling()

        # Both are sent by value: the nodes need no leaderkit.
        def asked(row: dict[str, Any]) -> dict[str, Any]:
            seed = row["seed"] if "seed" in sampling else None
            return {
                "tokenized_prompt": row["tokens"],
                "sampling_params": {**sampling, "seed": seed},
            }

        def answered(row: dict[str, Any]) -> dict[str, Any]:
            return {
                "key": row["key"],
                "text": row["generated_text"],
                "ids": row["generated_tokens"],
            }

        processor = build_processor(config, preprocess=asked, postprocess=answered)
        stage = processor.get_stage_by_name("vLLMEngineStage")
        # In place: assigned anew, the stage would forget what it reserves.
        stage.map_batches_kwargs.update(max_restarts=RESTARTS, max_task_retries=RESTARTS)
        return processor

    def _variables(self, cluster: Cluster) -> dict[str, str]:
        """The environment of the engines."""
        variables = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
        if not cluster.gpus:
            variables |= {
                "VLLM_CPU_KVCACHE_SPACE": str(self._recipe.engine.cpu_kvcache_gib),
                # Bound to processors, all engines of a node would take the same.
                "VLLM_CPU_OMP_THREADS_BIND": "nobind",
                "OMP_NUM_THREADS": str(cluster.engine_cpus),
            }
        return variables

    def _sampling(self) -> dict[str, Any]:
        """What is the same for all rows; ``seed`` is there where rows have one."""
        sampling = self._recipe.sampling
        drawn = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "seed": None,
        }
        return {
            "max_tokens": sampling.max_tokens,
            "repetition_penalty": sampling.repetition_penalty,
            "stop": self._checkpoint.stops[1] or None,
            "stop_token_ids": self.ends or None,
            **({"temperature": 0.0} if sampling.greedy else drawn),
        }
