"""The base that adapters are merged into, and whether they belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from submission.adapters.adapter import Adapter, trained_on_other
from submission.adapters.load import is_seq2seq, load_base
from submission.adapters.quantized import held_in_4bit, load_4bit, load_dequantized, nf4
from submission.adapters.report import Onto
from submission.errors import InputError
from submission.models import ModelFiles, folder_digest, sha256_file


class Bases:
    """A base in the forms that its merge needs.

    ``in_4bit`` says that what 4 bits stand for is merged into; ``trained_in_4bit`` that an adapter
    was trained on a base held so. Raises :class:`InputError` where the base is quantized in a way
    that cannot be undone.
    """

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
            other = trained_on_other(adapter.folder, digest)
            if other is not None and not other_base:
                raise InputError(
                    f"{adapter.folder}: the adapter was trained on '{other}', and the files of "
                    f"'{base.name}' are not those (their SHA-256 differs). Give that base, or "
                    "--other-base if this one is meant."
                )
            if other is not None:
                notes.append(
                    f"the files of '{base.name}' are not those the adapter was trained on "
                    f"('{other}'); the shapes will tell only the worst"
                )
            elif adapter.base_digest is None and not _same(adapter.base_name, base):
                notes.append(
                    f"the adapter was trained on '{adapter.base_name}', not on '{base.name}'"
                )
        if self.trained_in_4bit and not self.in_4bit:
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
