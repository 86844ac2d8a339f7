"""Which tokenizer a merged model gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from submission.adapters.attach import Part
from submission.adapters.tokenizer import Chosen, choose, differences
from submission.errors import InputError, few
from submission.files.model_files import ModelFiles


def choose_tokenizer(
    base: ModelFiles, parts: Sequence[Part], notes: list[str]
) -> tuple[Any, Literal["adapter", "base"]]:
    """The first adapter's tokenizer that there is, else the base's.

    What is to be warned of is added to ``notes``. Raises :class:`InputError` for adapters trained
    with tokens that have no embedding, and with two vocabularies.
    """
    taken: tuple[Part, Chosen] | None = None
    for part in parts:
        folder = part.adapter.folder
        chosen = choose(base.folder, folder)
        if chosen.origin == "base":
            continue
        part.refuse_tokenizer(len(chosen.tokenizer), own=chosen.own_vocabulary)
        if taken is None:
            taken = part, chosen
            whose = "the adapter" if len(parts) == 1 else str(folder)
            if (warning := chosen.warning(whose)) is not None:
                notes.append(warning)
        else:
            notes += _apart(taken[0], taken[1], part, chosen)
    # Where no adapter has one, what was chosen last is the base's as well.
    tokenizer = (chosen if taken is None else taken[1]).tokenizer
    parts[0].refuse_tokenizer(len(tokenizer), own=False)
    return tokenizer, "base" if taken is None else "adapter"


def _apart(first: Part, taken: Chosen, other: Part, chosen: Chosen) -> Iterator[str]:
    names = first.adapter.folder, other.adapter.folder
    if taken.tokenizer.get_vocab() != chosen.tokenizer.get_vocab():
        raise InputError(
            f"{names[1]}: its tokenizer has another vocabulary than that of {names[0]}: they "
            "cannot be merged together."
        )
    found = list(differences(taken.tokenizer, chosen.tokenizer))
    if found:
        yield (
            f"the tokenizer of {names[0]} is used; it differs from that of {names[1]} in: "
            f"{few(found)}"
        )
