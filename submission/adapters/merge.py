"""A base and its adapters into one model, measured before it is kept."""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from evaluators.encoders.torch_support import quiet_transformers
from submission.adapters.adapter import Adapter, read_adapter, read_weights, trained_on_other
from submission.adapters.attach import Part, attach
from submission.adapters.greedy import ANSWER_TOKENS, Answer, answer, texts_alike
from submission.adapters.load import (
    embedding_rows,
    is_seq2seq,
    load_base,
    load_tokenizer,
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
from submission.adapters.quantized import held_in_4bit, load_4bit, load_dequantized, nf4
from submission.adapters.report import AnswerCheck, DType, MergedAdapter, MergeReport, Onto
from submission.atomic import atomic_folder
from submission.errors import CheckFailed, InputError
from submission.models import ModelFiles, folder_digest, sha256_file

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
            cannot be undone, ``out`` is in the way.
        MergeDiffers: the result is not base plus adapters.
    """
    start = time.monotonic()
    if not (base.folder / "config.json").is_file():
        raise InputError(f"{base.folder}: no config.json in it; give a whole model as the base.")
    read = [read_adapter(each.files.folder) for each in adapters]
    bases = _Bases(base, read, onto)
    notes = _warnings(bases, read, other_base=other_base)
    parts = [
        Part(adapter, read_weights(adapter), each.weight)
        for adapter, each in zip(read, adapters, strict=True)
    ]
    for note in notes:
        say(f"warning: {note}")
    with atomic_folder(out) as folder:
        say(f"loading {base.name}")
        model = bases.as_merged_into()
        tokenizer, source = _tokenizer(base, read, model, notes)
        prompts = choose_prompts(texts, tokenizer, model)
        questions = (
            choose_questions(texts, tokenizer, model, check.rows, ANSWER_TOKENS) if check else []
        )
        as_trained = None
        if bases.in_4bit or bases.trained_in_4bit:
            over = attach(bases.in_4_bits(), parts)
            reference = as_trained = measure(over, prompts)
            answers = answer(over, tokenizer, questions) if bases.in_4bit else []
            del over
            gc.collect()
        over = attach(model, parts)
        if not bases.in_4bit:
            reference, answers = measure(over, prompts), answer(over, tokenizer, questions)
        say(f"merging, compared on {len(prompts)} prompts")
        model = _merged(over, base)
        merged = compare(model, reference)
        beside = None if bases.in_4bit or as_trained is None else compare(model, as_trained)
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
            as_trained=beside,
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


class _Bases:
    """The base in the forms that are needed: as merged into, and in 4 bits."""

    def __init__(self, base: ModelFiles, adapters: Sequence[Adapter], onto: Onto) -> None:
        self.files = base
        self._seq2seq = is_seq2seq(base.folder)
        recorded = {adapter.quantized for adapter in adapters} - {None}
        is_4bit = held_in_4bit(base)
        self._quantize = None if is_4bit else nf4(min(recorded, default=None, key=str))
        self.in_4bit = is_4bit or onto == "quantized"
        self.trained_in_4bit = bool(recorded)
        if not is_4bit and onto == "quantized" and len(recorded) > 1:
            raise InputError(
                "The adapters were trained on differently quantized bases, so there is no one "
                "base to merge onto. Leave out --onto quantized."
            )

    def in_4_bits(self) -> Any:
        return load_4bit(self.files.folder, quantize=self._quantize, seq2seq=self._seq2seq)

    def as_merged_into(self) -> Any:
        import torch

        if self.in_4bit:
            return load_dequantized(
                self.files.folder, quantize=self._quantize, seq2seq=self._seq2seq
            )
        return load_base(self.files.folder, torch.float32, seq2seq=self._seq2seq)


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


def _warnings(bases: _Bases, adapters: Sequence[Adapter], *, other_base: bool) -> list[str]:
    base = bases.files
    notes = []
    digest = folder_digest(base.folder, sha256_file)
    for adapter in adapters:
        other = trained_on_other(adapter.folder, digest)
        if other is not None and not other_base:
            raise InputError(
                f"{adapter.folder}: the adapter was trained on '{other}', and the files of "
                f"'{base.name}' are not those (their SHA-256 differs). Give that base, or "
                "--other-base if this one is meant."
            )
        if other is not None:
            notes.append(
                f"the files of '{base.name}' are not those the adapter was trained on ('{other}'); "
                "the shapes will tell only the worst"
            )
        elif adapter.base_digest is None and not _same(adapter.base_name, base):
            notes.append(f"the adapter was trained on '{adapter.base_name}', not on '{base.name}'")
    if bases.trained_in_4bit and not bases.in_4bit:
        notes.append(
            "the adapter was trained on a 4-bit base; over full precision it behaves a little "
            "differently than in its training (--onto quantized merges into what it saw)"
        )
    return notes


def _same(name: str | None, base: ModelFiles) -> bool:
    if name is None or name == base.name:
        return True
    folder = Path(name).expanduser()
    return folder.is_dir() and folder.resolve() == base.folder.resolve()


def _tokenizer(
    base: ModelFiles, adapters: Sequence[Adapter], model: Any, notes: list[str]
) -> tuple[Any, Literal["adapter", "base"]]:
    """The first adapter's tokenizer that there is and that extends the base's, else the base's."""
    rows = embedding_rows(model)
    own = load_tokenizer(base.folder) if any(base.folder.glob("tokenizer*")) else None
    vocabulary = own.get_vocab() if own is not None else {}
    taken = None
    for adapter in adapters:
        if not any(adapter.folder.glob("tokenizer*")):
            continue
        trained = load_tokenizer(adapter.folder)
        if len(trained) > rows:
            raise InputError(
                f"{adapter.folder}: its tokenizer has {len(trained)} tokens, the base's "
                f"vocabulary {rows}: tokens were added in training. Give the base with the "
                "enlarged vocabulary."
            )
        if taken is not None and taken.get_vocab() != trained.get_vocab():
            raise InputError(
                f"{adapter.folder}: its tokenizer has another vocabulary than that of "
                f"{adapters[0].folder}: the two were not trained to go together."
            )
        if vocabulary.items() <= trained.get_vocab().items():
            taken = taken or trained
        else:
            notes.append(
                "the adapter's tokenizer numbers tokens otherwise than the base's, which is kept"
            )
    if taken is not None:
        return taken, "adapter"
    return own or load_tokenizer(base.folder), "base"


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
    from transformers import GenerationConfig

    model = model.to(getattr(torch, dtype))
    # A model's own generation settings may fail the checks made on saving; they are copied.
    model.generation_config = GenerationConfig()
    with quiet_transformers():
        model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    settings = base.folder / "generation_config.json"
    if settings.is_file():
        shutil.copyfile(settings, folder / settings.name)
    tokenizer.save_pretrained(folder)
    share(folder)
