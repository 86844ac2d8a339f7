"""Which tokenizer a model is asked with: one rule for generation, training and merging.

The recipe's (``model.tokenizer``), else the adapter's where its folder holds one, else the base's,
with the chat template that may stand alone in the adapter's folder. Asked with another tokenizer
than it was trained with, an adapter sees prompts that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from submission.adapters.load import load_tokenizer
from submission.adapters.tokenizer_faults import TEMPLATE, template_text
from submission.errors import InputError, few
from submission.files import digest as digests
from submission.files.model_files import locate_model
from submission.files.named import named

# Scripts, digits, white space, and letters that some tokenizers compose.
_SAMPLE = "벽지 Wallpaper, 12345!\n\t각 é"
_CHAT_TEMPLATE = "chat template"


@dataclass(frozen=True)
class Chosen:
    """A tokenizer, whose it is, and in what it differs from the base's.

    ``folder`` holds its files: the base's where nothing differs. ``template`` is the chat template
    that was put on it.
    """

    tokenizer: Any
    folder: Path
    origin: Literal["recipe", "adapter", "base"]
    template: Path | None = None
    differences: tuple[str, ...] = ()

    def digest(self, hash_file: Callable[[Path], str]) -> str:
        """SHA-256 of the files it was made of."""
        found = digests.folder_digest(self.folder, hash_file)
        return found if self.template is None else digests.digest([found, hash_file(self.template)])

    @property
    def own_vocabulary(self) -> bool:
        """Whether its tokens are others than the base's."""
        return any(each.startswith("vocabulary") for each in self.differences)

    def warning(self, whose: str = "the adapter") -> str | None:
        """What is to be warned of, where it is ``whose``; None where nothing differs."""
        if not self.differences:
            return None
        what = "chat template" if self.template is not None else "tokenizer"
        return (
            f"{whose} has a {what} of its own, which is used; it differs from the base's in: "
            f"{few(self.differences)}"
        )


def locate_tokenizer(name: str) -> Path:
    """A tokenizer's folder: local, without a model in it or with one, or of a hub name."""
    folder = named(name)
    return folder if folder.is_dir() else locate_model(name).folder


def choose(
    base: Path,
    adapter: Path | None = None,
    *,
    declared: Path | None = None,
    trust_remote_code: bool = False,
) -> Chosen:
    """The tokenizer for the model in ``base`` with the adapter over it.

    ``declared`` is the folder that the recipe names. Raises :class:`InputError` for one that cannot
    be loaded.
    """

    def load(folder: Path) -> Any:
        return load_tokenizer(folder, trust_remote_code=trust_remote_code)

    if declared is not None:
        return Chosen(load(declared), declared, "recipe")
    if adapter is None or not _has_tokenizer(adapter):
        return _with_template(load(base), base, adapter)
    known = load(base) if _has_tokenizer(base) else None
    try:
        taken = load(adapter)
    except InputError as error:
        raise InputError(
            f"{error} Or remove its tokenizer files (tokenizer*): then the base's tokenizer is "
            "used."
        ) from error
    if known is None:
        return Chosen(taken, adapter, "adapter")
    found = tuple(differences(taken, known))
    return Chosen(taken, adapter if found else base, "adapter", differences=found)


def _with_template(tokenizer: Any, base: Path, adapter: Path | None) -> Chosen:
    """The base's tokenizer, with the chat template that stands alone in the adapter's folder."""
    template = adapter / TEMPLATE if adapter is not None else None
    if template is None or not template.is_file():
        return Chosen(tokenizer, base, "base")
    before = tokenizer.chat_template
    tokenizer.chat_template = template_text(template)
    tokenizer.name_or_path = str(adapter)
    if tokenizer.chat_template == before:
        return Chosen(tokenizer, base, "adapter")
    return Chosen(tokenizer, base, "adapter", template, (_CHAT_TEMPLATE,))


def _has_tokenizer(folder: Path) -> bool:
    return any(folder.glob("tokenizer*"))


def differences(own: Any, base: Any) -> Iterator[str]:
    """In what the tokenizer ``own`` differs from ``base``, in words."""
    mine, other = own.get_vocab(), base.get_vocab()
    added, lacking = mine.keys() - other.keys(), other.keys() - mine.keys()
    if added:
        yield f"vocabulary (has {few(map(repr, sorted(added)))})"
    if lacking:
        yield f"vocabulary (lacks {few(map(repr, sorted(lacking)))})"
    if moved := sum(mine[token] != other[token] for token in mine.keys() & other.keys()):
        yield f"vocabulary ({moved} tokens have other ids)"
    special = own.special_tokens_map, base.special_tokens_map
    for name in sorted({*special[0], *special[1]}):
        here, there = (each.get(name) for each in special)
        if here != there:
            yield f"{name} ({here!r} instead of {there!r})"
    if own.chat_template != base.chat_template:
        yield _CHAT_TEMPLATE
    if mine == other and own(_SAMPLE)["input_ids"] != base(_SAMPLE)["input_ids"]:
        yield "how a text is split, or what is added to it"
