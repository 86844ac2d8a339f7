"""The base that adapters are merged into, and whether they belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from submission.adapters.adapter import Adapter, check_base
from submission.adapters.load import is_seq2seq, load_base
from submission.adapters.quantized import (
    Form,
    configuration,
    form,
    held_in_4bit,
    load_4bit,
    load_dequantized,
)
from submission.adapters.report import Onto
from submission.errors import InputError
from submission.files.digest import folder_digest, sha256_file
from submission.files.model_files import ModelFiles
from submission.files.named import named

_SEEN_IN_4_BITS = (
    "the adapter was trained on a 4-bit base; over full precision it behaves slightly differently "
    "than in training (--onto quantized merges into the weights it was trained on)"
)
_NOT_ONE_BASE = (
    "the adapters are not all recorded as trained on the same kind of 4-bit base, so the result "
    "is not compared with such a base"
)


class Bases:
    """A base in the forms that its merge needs.

    ``in_4bit`` says that what 4 bits stand for is merged into; ``as_trained`` that the adapters
    were all trained on a 4-bit base of one form, which is not what is merged into. Raises
    :class:`InputError` where the base is quantized in a way that cannot be undone, and where
    ``onto`` names 4 bits that the adapters were not trained on.
    """

    def __init__(self, base: ModelFiles, adapters: Sequence[Adapter], onto: Onto) -> None:
        self.files = base
        self._seq2seq = is_seq2seq(base.folder)
        forms = [form(each.quantized) if each.quantized else None for each in adapters]
        is_4bit = held_in_4bit(base)
        to_quantize = not is_4bit and onto == "quantized"
        if to_quantize:
            _refuse_full(adapters)
        known = sorted({each for each in forms if each is not None})
        if to_quantize and len(known) > 1:
            raise InputError(
                "The adapters were trained on differently quantized bases, so there is no single "
                "base to merge into. Remove --onto quantized."
            )
        self.in_4bit = is_4bit or to_quantize
        self._quantize = None if is_4bit else configuration(known[0] if known else Form())
        self.as_trained = not self.in_4bit and None not in forms and len(known) == 1
        if to_quantize:
            self._notes = [_not_known(each) for each in adapters if each.quantized is None]
        elif known and not self.in_4bit:
            self._notes = [_SEEN_IN_4_BITS if self.as_trained else _NOT_ONE_BASE]
        else:
            self._notes = []

    def in_4_bits(self) -> Any:
        """The base as a 4-bit training has it."""
        return load_4bit(self.files.folder, quantize=self._quantize, seq2seq=self._seq2seq)

    def as_merged_into(self) -> Any:
        """The base with full weights in float32: its own, or what its 4 bits stand for."""
        import torch

        if self.in_4bit:
            return load_dequantized(
                self.files.folder, quantize=self._quantize, seq2seq=self._seq2seq
            )
        return load_base(self.files.folder, torch.float32, seq2seq=self._seq2seq)

    def belong_together(self, adapters: Sequence[Adapter], *, other_base: bool) -> list[str]:
        """What is to be warned of. Raises where an adapter's record proves another base."""
        base = self.files
        notes = []
        digest = folder_digest(base.folder, sha256_file)
        for adapter in adapters:
            other = check_base(
                adapter, base, digest, other_base=other_base, override="--other-base"
            )
            if other is not None:
                notes.append(other)
            elif adapter.base_digest is None and not _same(adapter.base_name, base):
                notes.append(
                    f"the adapter was trained on '{adapter.base_name}', not on '{base.name}'"
                )
        return [*notes, *self._notes]


def _refuse_full(adapters: Sequence[Adapter]) -> None:
    for adapter in adapters:
        if adapter.quantization_known and adapter.quantized is None:
            raise InputError(
                f"{adapter.folder}: its record says that it was trained on a base that was not in "
                "4 bits, so --onto quantized would only make the result worse. Remove the option."
            )


def _not_known(adapter: Adapter) -> str:
    return (
        f"it is not known whether {adapter.folder} was trained on a 4-bit base; --onto quantized "
        "rounds every linear weight to 4 bits, and if it was not, this makes the result worse"
    )


def _same(name: str | None, base: ModelFiles) -> bool:
    if name is None or name == base.name:
        return True
    folder = named(name)
    return folder.is_dir() and folder.resolve() == base.folder.resolve()
