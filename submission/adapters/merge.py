"""A base and its adapter into one model, measured before it is kept."""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from evaluators.encoders.torch_support import quiet_transformers
from submission.adapters.adapter import Adapter, read_adapter, read_weights
from submission.adapters.attach import attach
from submission.adapters.load import (
    embedding_rows,
    load_base,
    load_tokenizer,
    quantization,
    share,
)
from submission.adapters.parity import Parity, Reference, choose_prompts, compare, measure
from submission.atomic import atomic_folder
from submission.errors import CheckFailed, InputError
from submission.models import ModelFiles, folder_digest, sha256_file

DType = Literal["float32", "bfloat16", "float16"]
REPORT = "leaderkit_merge.json"
# Of the logits' range. Merging in float32 reorders sums and no more: about 1e-6 was seen.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class MergeReport:
    """What was merged, and how near the result is to base plus adapter.

    ``merged`` compares the merged weights in memory (float32), ``written`` the folder as read
    again from disk (in ``dtype``).
    """

    base: str
    adapter: str
    out: str
    dtype: DType
    rank: int
    alpha: float
    targets: tuple[str, ...]
    trained_on_4bit: bool
    tokenizer: Literal["adapter", "base"]
    positions: int
    logits_low: float
    logits_high: float
    merged: Parity
    written: Parity
    warnings: tuple[str, ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The report as an object for JSON."""
        return asdict(self)

    def summary(self) -> str:
        """The report in two lines for people."""
        return (
            f"{self.out}: {self.base} + {self.adapter}, {self.dtype}.\n"
            f"Largest difference of a logit (they run from {self.logits_low:.1f} to "
            f"{self.logits_high:.1f}): {self.merged.difference:.2g} merged in memory, "
            f"{self.written.difference:.2g} read again from disk; the same greedy next token on "
            f"{self.written.agreeing} of {self.written.prompts} prompts."
        )


def merge(
    base: ModelFiles,
    adapter_files: ModelFiles,
    out: Path,
    texts: Sequence[str],
    *,
    dtype: DType = "float32",
    say: Callable[[str], None] = lambda _: None,
) -> MergeReport:
    """Merge in float32, write the model to ``out`` as ``dtype``, and read it again to compare.

    ``texts`` are the prompts to compare on. The folder appears whole or not at all.

    Raises:
        InputError: the base is quantized, the adapter is unusable or does not fit, ``out`` is
            in the way.
        CheckFailed: the merged float32 model is not base plus adapter; nothing is kept.
    """
    import torch

    start = time.monotonic()
    adapter = read_adapter(adapter_files.folder)
    _refuse_quantized(base)
    weights = read_weights(adapter)
    notes = list(_warnings(base, adapter))
    for note in notes:
        say(f"warning: {note}")
    with atomic_folder(out) as folder:
        say(f"loading {base.name}")
        model = load_base(base.folder, torch.float32)
        tokenizer, source = _tokenizer(base, adapter, model, notes)
        prompts = choose_prompts(texts, tokenizer, model)
        over = attach(model, adapter, weights)
        reference = measure(over, prompts)
        say(f"merging, compared on {len(prompts)} prompts")
        model = _merge(over, base)
        merged = compare(model, reference)
        _refuse_distant(merged, reference, "float32")
        _write(model.to(getattr(torch, dtype)), tokenizer, base, folder)
        del over, model
        gc.collect()  # the second copy of the weights comes only when the first is gone
        written = compare(load_base(folder, getattr(torch, dtype)), reference)
        _refuse_distant(written, reference, dtype)
        report = MergeReport(
            base=base.name,
            adapter=adapter_files.name,
            out=str(out),
            dtype=dtype,
            rank=adapter.rank,
            alpha=adapter.alpha,
            targets=adapter.targets,
            trained_on_4bit=adapter.four_bit,
            tokenizer=source,
            positions=reference.positions,
            logits_low=reference.low,
            logits_high=reference.high,
            merged=merged,
            written=written,
            warnings=tuple(notes),
            seconds=round(time.monotonic() - start, 2),
        )
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
        (folder / REPORT).write_text(text + "\n", encoding="utf-8")
    return report


def _refuse_quantized(base: ModelFiles) -> None:
    if not (base.folder / "config.json").is_file():
        raise InputError(f"{base.folder}: no config.json in it; give a whole model as the base.")
    method = quantization(base.folder)
    if method is not None:
        raise InputError(
            f"Base '{base.name}' is quantized ({method}): its full-precision weights are not "
            "there to merge into. Give the model it was quantized from."
        )


def _warnings(base: ModelFiles, adapter: Adapter) -> list[str]:
    notes = []
    if adapter.base_digest is not None:
        if adapter.base_digest != folder_digest(base.folder, sha256_file):
            notes.append(
                f"the files of '{base.name}' are not those the adapter was trained on "
                f"('{adapter.base_name}'); the shapes will tell only the worst"
            )
    elif adapter.base_name is not None and not _same(adapter.base_name, base):
        notes.append(f"the adapter was trained on '{adapter.base_name}', not on '{base.name}'")
    if adapter.four_bit:
        notes.append(
            "the adapter was trained on a 4-bit base; over full precision it behaves a little "
            "differently than in its training"
        )
    return notes


def _same(name: str, base: ModelFiles) -> bool:
    if name == base.name:
        return True
    folder = Path(name).expanduser()
    return folder.is_dir() and folder.resolve() == base.folder.resolve()


def _tokenizer(
    base: ModelFiles,
    adapter: Adapter,
    model: Any,
    notes: list[str],
) -> tuple[Any, Literal["adapter", "base"]]:
    """The adapter's tokenizer where it has one that extends the base's, else the base's."""
    rows = embedding_rows(model)
    if not any(adapter.folder.glob("tokenizer*")):
        return load_tokenizer(base.folder), "base"
    trained = load_tokenizer(adapter.folder)
    if len(trained) > rows:
        raise InputError(
            f"{adapter.folder}: its tokenizer has {len(trained)} tokens, the base's vocabulary "
            f"{rows}: tokens were added in training. Give the base with the enlarged vocabulary."
        )
    if not any(base.folder.glob("tokenizer*")):
        return trained, "adapter"
    original = load_tokenizer(base.folder)
    if original.get_vocab().items() <= trained.get_vocab().items():
        return trained, "adapter"
    notes.append("the adapter's tokenizer numbers tokens otherwise than the base's, which is kept")
    return original, "base"


def _merge(over: Any, base: ModelFiles) -> Any:
    import torch

    try:
        model = over.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise InputError(f"Merging into '{base.name}' failed: {error}") from error
    for name, tensor in model.named_parameters():
        if not torch.isfinite(tensor).all():
            raise InputError(f"Base '{base.name}': '{name}' holds NaN or infinity.")
    return model


def _refuse_distant(parity: Parity, reference: Reference, dtype: DType) -> None:
    allowed = TOLERANCE * max(1.0, reference.high - reference.low)
    if dtype == "float32" and parity.difference > allowed:
        raise CheckFailed(
            f"The merged model is not base plus adapter: its logits differ by "
            f"{parity.difference:.2g} where {allowed:.2g} is allowed. Nothing was written."
        )


def _write(model: Any, tokenizer: Any, base: ModelFiles, folder: Path) -> None:
    from transformers import GenerationConfig

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
