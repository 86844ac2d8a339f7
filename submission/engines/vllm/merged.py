"""What vLLM answers with a model that was just merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from submission.adapters.greedy import ANSWER_TOKENS
from submission.engines.base import EngineContext, Failure, Outcome, Request, unhashed
from submission.engines.vllm.engine import VllmEngine
from submission.engines.vllm.support import lists
from submission.errors import InputError
from submission.files.model_files import read_json
from submission.recipes import Recipe
from submission.records.rows import Question


def vllm_answers(
    folder: Path,
    dtype: Literal["float32", "bfloat16", "float16"],
    prompts: Sequence[tuple[int, ...]],
    say: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Greedy answers of the model in ``folder``, in the order of ``prompts``.

    Raises :class:`InputError` where vLLM is not installed or does not run the model.
    """
    architectures = read_json(folder / "config.json").get("architectures") or []
    if not lists(architectures):
        raise InputError(f"vLLM does not list {', '.join(architectures)}.")
    recipe = Recipe.model_validate(
        {
            "name": "merged",
            "model": {"name": str(folder)},
            "engine": {"name": "vllm", "dtype": dtype},
            "sampling": {"max_tokens": ANSWER_TOKENS},
        }
    )
    engine = VllmEngine(EngineContext(recipe, hash_file=unhashed, say=say))
    no_question = Question("", "", "", {})
    requests = [
        Request(str(number), no_question, "", prompt) for number, prompt in enumerate(prompts)
    ]
    try:
        engine.start()
        texts = {done.key: _text(done) for step in engine.complete(requests) for done in step}
    finally:
        engine.close()
    return [texts[request.key] for request in requests]


def _text(outcome: Outcome) -> str:
    """The text of a completion. Raises :class:`InputError` where there is none."""
    if isinstance(outcome, Failure):
        raise InputError(outcome.reason)
    return outcome.text
