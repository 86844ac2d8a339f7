"""That a bundle's script makes the run's prompts, and of its completions the run's submission.

The script is another program than leaderkit. Here it is read as a module, and each of its steps
but the model's is held against what the run did, row by row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from submission.bundle.source import AskedPart, Source
from submission.errors import InputError, few
from submission.prompts.special import special_ids


def load_script(path: Path) -> Any:
    """The script as a module; nothing heavy is loaded, and nothing is answered."""
    spec = spec_from_file_location("bundled_inference", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no module")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expected_prompts(script: Any, source: Source) -> Iterator[dict[str, Any]]:
    """The lines of ``prompts.jsonl``: each row's digest, id, and prompts as they were asked.

    Raises :class:`InputError` where the script would make others: ``different_rows`` of the error
    are for another try.
    """
    tokenizer = script.load_tokenizer()
    wrong: list[str] = []
    rows = script.read_rows(source.test)[: len(source.questions)]
    special = special_ids(tokenizer)
    for row_id, row in zip(script.row_ids(rows), rows, strict=True):
        parts = source.parts[row_id]
        texts = script.prompt_texts(tokenizer, row)
        made = [tuple(script.token_ids(tokenizer, text)) for text in texts]
        # Special tokens that a row spells out are text to leaderkit alone.
        spelled = any(token in str(cell) for token in special for cell in row.values())
        if made != [part.tokens for part in parts] and not spelled:
            wrong.append(row_id)
        prompts = [_prompt(source, part) for part in parts]
        yield {"row": script.row_digest(row), "id": row_id, "prompts": prompts}
    if wrong:
        raise InputError(
            f"The script makes other prompts than the run for {len(wrong)} of {len(rows)} rows "
            f"({few(wrong)}): their template does what it does not support."
        )


def _prompt(source: Source, part: AskedPart) -> dict[str, Any]:
    told: dict[str, Any] = {"tokens": list(part.tokens)}
    if part.retry is not None:
        told["retry"] = source.retries.index(part.retry)
    return told


def require_same_submission(script: Any, source: Source) -> None:
    """Raise :class:`InputError` where the script writes another submission of the completions."""
    answers = {
        row_id: script.answer_of([part.completion for part in parts])
        for row_id, parts in source.parts.items()
    }
    with TemporaryDirectory() as folder:
        out = Path(folder) / source.out_name
        script.write_submission(answers, source.template, out)
        if out.read_bytes() != source.submission:
            raise InputError(
                f"The script writes another submission than leaderkit for {source.template}, so "
                "there is no bundle of this run."
            )


def prompts_text(script: Any, source: Source) -> str:
    """``prompts.jsonl``; raises as :func:`expected_prompts`, and for a script that fails."""
    try:
        lines = [json.dumps(each, ensure_ascii=False) for each in expected_prompts(script, source)]
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 -- a template of someone's may raise anything
        raise InputError(
            f"The script cannot make the run's prompts: {type(error).__name__}: {error}"
        ) from None
    return "\n".join(lines) + "\n"
