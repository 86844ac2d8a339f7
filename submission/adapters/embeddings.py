"""How many tokens an adapter was trained with, and a base that is made to have as many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from submission.adapters.adapter import Adapter
from submission.adapters.load import embedding_rows
from submission.errors import InputError, few

Shapes = Mapping[str, tuple[int, ...]]
"""The shapes of an adapter's tensors, by their names."""


class Resize(NamedTuple):
    """Rows of a base's embeddings, and how many they become."""

    before: int
    after: int


def resize_for(model: Any, adapters: Sequence[tuple[Adapter, Shapes]]) -> Resize:
    """Give ``model`` as many embedding rows as the adapters were trained with.

    Before an adapter with added tokens is loaded, peft has its user do the same. Every row that is
    new must be in the adapter. Raises :class:`InputError` where one is not, and where adapters
    were trained with different numbers of tokens.
    """
    before = embedding_rows(model)
    names = _Names.of(model)
    sizes = {size for each in adapters for size in _sizes(*each, names, before)} or {before}
    if len(sizes) > 1:
        raise InputError(
            f"{adapters[0][0].folder}: the adapters' embeddings are not of one vocabulary "
            f"({few(sorted(sizes))} tokens), so no base fits them all."
        )
    after = sizes.pop()
    if after > before:
        added = frozenset(range(before, after))
        for adapter, shapes in adapters:
            _refuse_unknown(adapter, shapes, names, before, added)
    if after != before:
        # Nothing is drawn for new rows that is not replaced by the adapter's.
        model.resize_token_embeddings(after, mean_resizing=False)
    return Resize(before, after)


def trained_sizes(shapes: Shapes, names: Sequence[str]) -> set[int]:
    """The vocabulary sizes that tensors over the modules ``names`` are made for."""
    found = set()
    for name in names:
        for rest, shape in _over(shapes, name):
            if rest == "lora_embedding_A":
                found.add(shape[-1])
            elif rest == "lora_B.weight" or _whole(rest):
                found.add(shape[0])
    return found


class _Names(NamedTuple):
    """What the modules of input and output embeddings are called; ``tied`` if they share rows."""

    entrance: tuple[str, ...]
    exit: tuple[str, ...]
    tied: bool

    @classmethod
    def of(cls, model: Any) -> _Names:
        first, last = model.get_input_embeddings(), model.get_output_embeddings()
        named = list(model.named_modules(remove_duplicate=False))
        return cls(
            tuple(name for name, module in named if module is first),
            tuple(name for name, module in named if module is last),
            last is None or last.weight is first.weight,
        )


def _sizes(adapter: Adapter, shapes: Shapes, names: _Names, rows: int) -> set[int]:
    found = trained_sizes(shapes, [*names.entrance, *names.exit])
    last = max((max(each, default=-1) for each in adapter.tokens.values()), default=-1)
    return found or ({last + 1} if last >= rows else set())


def _refuse_unknown(
    adapter: Adapter, shapes: Shapes, names: _Names, rows: int, added: frozenset[int]
) -> None:
    held = [_held(adapter, shapes, each, names, added) for each in (names.entrance, names.exit)]
    if names.tied and any(of_base for _, of_base in held):
        return
    lacking = [
        group[0]
        for group, (known, _) in zip((names.entrance, names.exit), held, strict=True)
        if group and not known
    ]
    if lacking:
        raise InputError(
            f"{adapter.folder}: was trained with {rows + len(added)} tokens where the base has "
            f"{rows}, and does not hold the embeddings of those added ({few(lacking)}). Save it "
            "with save_embedding_layers=True where it was trained, or give the base with the "
            "enlarged vocabulary."
        )


def _held(
    adapter: Adapter,
    shapes: Shapes,
    group: Sequence[str],
    names: _Names,
    added: frozenset[int],
) -> tuple[bool, bool]:
    """Whether the adapter has the added rows of these modules, and has them as the base's own."""
    whole = [name for name in group if any(_whole(rest) for rest, _ in _over(shapes, name))]
    copies = [name for name in whole if name.rpartition(".")[2] in adapter.saved]
    tokens = {
        token
        for name in group
        for key in (name, name.rpartition(".")[2], *([""] if name in names.entrance else []))
        for token in adapter.tokens.get(key, ())
    }
    trained = added <= tokens
    return bool(whole) or trained, len(whole) > len(copies) or trained


def _over(shapes: Shapes, name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What follows the module's name in the tensors over it, with their shapes."""
    for key, shape in shapes.items():
        _, found, rest = f".{key}".rpartition(f".{name}.")
        if found:
            yield rest, shape


def _whole(rest: str) -> bool:
    return rest.endswith(("weight", "bias")) and "lora_" not in rest
