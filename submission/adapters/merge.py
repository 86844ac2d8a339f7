"""A base and its adapters into one model, measured before it is kept."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from submission.adapters.adapter import Adapter, read_adapter
from submission.adapters.attach import attach, fitting
from submission.adapters.bases import Bases
from submission.adapters.greedy import ANSWER_TOKENS, Answer, answer, texts_alike
from submission.adapters.load import (
    embedding_rows,
    is_seq2seq,
    load_base,
    require_text_model,
    save_model,
    share,
)
from submission.adapters.parity import (
    Parity,
    Reference,
    Tokens,
    choose_prompts,
    choose_questions,
    compare,
    measure,
)
from submission.adapters.report import AnswerCheck, DType, MergedAdapter, MergeReport, Onto
from submission.adapters.vocabulary import choose_tokenizer
from submission.errors import CheckFailed, InputError, sentence
from submission.files.atomic import atomic_folder
from submission.files.model_files import ModelFiles

REPORT = "leaderkit_merge.json"
# Of the logits' range. Merging in float32 reorders sums and no more: about 1e-6 was seen. The
# others round to 11 and 8 bits in every layer, whose errors add up over the depth.
TOLERANCES: dict[DType, float] = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}

Answerer = Callable[[Path, DType, Sequence[Tokens]], list[str]]
"""Greedy answers of the model in a folder. Raises :class:`InputError` where it cannot be run."""


class Weighted(NamedTuple):
    """An adapter, and by what its change is multiplied."""

    files: ModelFiles
    weight: float = 1.0


@dataclass(frozen=True)
class Check:
    """A comparison of greedy answers as well, on ``rows`` prompts.

    ``tolerance`` is a part of the logits' range instead of :data:`TOLERANCES`; ``engines`` are
    asked besides transformers, by name.
    """

    rows: int
    tolerance: float | None = None
    engines: tuple[tuple[str, Answerer], ...] = ()


class MergeDiffers(CheckFailed):
    """A merge that is not what it was made of; ``report`` has the figures. Nothing is kept."""

    def __init__(self, report: MergeReport) -> None:
        super().__init__("; ".join(report.failures()).capitalize() + ". Nothing was written.")
        self.report = report


def merge(
    base: ModelFiles,
    adapters: Sequence[Weighted],
    out: Path,
    texts: Sequence[str],
    *,
    dtype: DType = "float32",
    onto: Onto = "full",
    other_base: bool = False,
    check: Check | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> MergeReport:
    """Merge in float32, write the model to ``out`` as ``dtype``, and read it again to compare.

    The result's weights are the base's plus the weighted sum of what each adapter adds. A 4-bit
    base is dequantized; ``onto`` "quantized" rounds a full one to the 4 bits of the training
    first. ``other_base`` accepts adapters that provably belong to another one. ``texts`` are the
    prompts to compare on. The folder appears whole or not at all.

    Raises:
        InputError: an adapter is unusable or does not fit, the base is quantized in a way that
            cannot be undone, a weight is too large for ``dtype``, ``out`` is in the way.
        MergeDiffers: the result is not base plus adapters.
    """
    start = time.monotonic()
    if not (base.folder / "config.json").is_file():
        raise InputError(f"{base.folder}: no config.json in it; give a whole model as the base.")
    require_text_model(base.folder)
    read = [read_adapter(each.files.folder) for each in adapters]
    bases = Bases(base, read, onto)
    notes = bases.belong_together(read, other_base=other_base)
    say("Reading " + ", ".join(each.files.name for each in adapters) + ".")
    seq2seq = is_seq2seq(base.folder)
    parts = [
        replace(fitting(base.folder, adapter, seq2seq=seq2seq), weight=each.weight)
        for adapter, each in zip(read, adapters, strict=True)
    ]
    _warn(notes, say)
    for told in filter(None, (part.told() for part in parts)):
        say(told)
    with atomic_folder(out) as folder:
        say(f"Loading {base.name}.")
        model = bases.as_merged_into()
        found: list[str] = []
        rows = parts[0].resize.after if parts[0].resize else embedding_rows(model)
        tokenizer, source = choose_tokenizer(base, parts, found)
        prompts = choose_prompts(texts, tokenizer, model, rows)
        questions = (
            choose_questions(texts, tokenizer, model, rows, check.rows, ANSWER_TOKENS)
            if check
            else []
        )
        if check and len(questions) < check.rows:
            found.append(_fewer(check.rows, len(questions), len(texts)))
        _warn(found, say)
        notes += found
        four_bit = None
        if bases.in_4bit or bases.as_trained:
            asked = questions if bases.in_4bit else []
            four_bit = _ask(attach(bases.in_4_bits(), parts, untie=True), tokenizer, prompts, asked)
            gc.collect()
        over = attach(model, parts, untie=True)
        if four_bit is not None and bases.in_4bit:
            reference, answers = four_bit
        else:
            reference, answers = _ask(over, tokenizer, prompts, questions)
        say(f"Merging, compared on {len(prompts)} prompts.")
        model = _merged(over, base)
        merged = compare(model, reference)
        as_trained = None
        if four_bit is not None and not bases.in_4bit:
            as_trained = compare(model, four_bit[0])
        say(f"Writing {out} ({dtype}), and reading it again to compare.")
        _write(model, dtype, tokenizer, base, folder)
        del over, model
        gc.collect()  # the second copy of the weights comes only when the first is gone
        allowed = _allowed(dtype, check, reference)
        written, checks = _read_again(
            folder, dtype, tokenizer, reference, questions, answers, check, allowed
        )
        report = MergeReport(
            base=base.name,
            adapters=tuple(map(_described, adapters, read)),
            out=str(out),
            dtype=dtype,
            onto="quantized" if bases.in_4bit else "full",
            tokenizer=source,
            positions=reference.positions,
            logits_low=reference.low,
            logits_high=reference.high,
            merged=merged,
            written=written,
            as_trained=as_trained,
            answers=checks,
            allowed_merged=TOLERANCES["float32"] * reference.span,
            allowed=allowed,
            warnings=tuple(notes),
            seconds=round(time.monotonic() - start, 2),
        )
        if any(report.failures()):
            raise MergeDiffers(report)
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
        (folder / REPORT).write_text(text + "\n", encoding="utf-8")
    return report


def _warn(notes: Sequence[str], say: Callable[[str], None]) -> None:
    for note in notes:
        say(sentence(f"Warning: {note}"))


def _fewer(asked: int, compared: int, texts: int) -> str:
    return (
        f"answers to {compared} prompts are compared instead of {asked}: of {texts} texts, "
        f"{compared} leave room for an answer (give others with --prompts)"
    )


def _ask(
    over: Any, tokenizer: Any, prompts: Sequence[Tokens], questions: Sequence[Tokens]
) -> tuple[Reference, list[Answer]]:
    return measure(over, prompts), answer(over, tokenizer, questions)


def _read_again(
    folder: Path,
    dtype: DType,
    tokenizer: Any,
    reference: Reference,
    questions: Sequence[Tokens],
    answers: Sequence[Answer],
    check: Check | None,
    allowed: float | None,
) -> tuple[Parity, tuple[AnswerCheck, ...]]:
    import torch

    model = load_base(folder, getattr(torch, dtype), seq2seq=is_seq2seq(folder))
    written = compare(model, reference)
    if check is None:
        return written, ()
    found = [each.text for each in answer(model, tokenizer, questions)]
    checks = [AnswerCheck("transformers", texts_alike(answers, found, tokenizer))]
    del model
    gc.collect()
    for name, engine in check.engines:
        if allowed is not None and written.difference > allowed:
            checks.append(AnswerCheck(name, None, "the logits differ too much already"))
            continue
        try:
            texts = engine(folder, dtype, questions)
        except InputError as error:
            checks.append(AnswerCheck(name, None, str(error)))
        else:
            checks.append(AnswerCheck(name, texts_alike(answers, texts, tokenizer)))
    return written, tuple(checks)


def _allowed(dtype: DType, check: Check | None, reference: Reference) -> float | None:
    if check is not None and check.tolerance is not None:
        return check.tolerance * reference.span
    if check is not None or dtype == "float32":
        return TOLERANCES[dtype] * reference.span
    return None


def _described(given: Weighted, adapter: Adapter) -> MergedAdapter:
    return MergedAdapter(
        name=given.files.name,
        weight=given.weight,
        rank=adapter.rank,
        alpha=adapter.alpha,
        targets=adapter.targets,
        trained_on_4bit=adapter.quantized,
    )


def _merged(over: Any, base: ModelFiles) -> Any:
    import torch

    try:
        model = over.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise InputError(f"Merging into '{base.name}' failed: {error}") from error
    for name, tensor in model.named_parameters():
        if not torch.isfinite(tensor).all():
            raise InputError(f"Base '{base.name}': '{name}' holds NaN or infinity.")
    return model


def _write(model: Any, dtype: DType, tokenizer: Any, base: ModelFiles, folder: Path) -> None:
    import torch

    large = {name: float(tensor.detach().abs().max()) for name, tensor in model.named_parameters()}
    model = model.to(getattr(torch, dtype))
    for name, tensor in model.named_parameters():
        if not torch.isfinite(tensor).all():
            raise InputError(
                f"{dtype} ends at {torch.finfo(tensor.dtype).max:g}, and '{name}' has weights up "
                f"to {large[name]:g}, which would become infinite. Merge with --dtype bfloat16 or "
                "float32. Nothing was written."
            )
    save_model(model, tokenizer, base.folder, folder)
    share(folder)
