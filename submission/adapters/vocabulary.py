"""Which tokenizer a merged model gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from submission.adapters.adapter import Adapter
from submission.adapters.load import load_tokenizer
from submission.errors import InputError
from submission.files.model_files import ModelFiles


def choose_tokenizer(
    base: ModelFiles, adapters: Sequence[Adapter], rows: int, notes: list[str]
) -> tuple[Any, Literal["adapter", "base"]]:
    """The first adapter's tokenizer that there is and that extends the base's, else the base's.

    ``rows`` are those of the base's embedding; what is to be warned of is added to ``notes``.
    Raises :class:`InputError` for adapters trained with added tokens or with two vocabularies.
    """
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
                f"{adapters[0].folder}: they cannot be merged together."
            )
        if vocabulary.items() <= trained.get_vocab().items():
            taken = taken or trained
        else:
            notes.append(
                "the adapter's tokenizer numbers tokens differently from the base's, which is kept"
            )
    if taken is not None:
        return taken, "adapter"
    return own or load_tokenizer(base.folder), "base"
