"""A place for one loaded model, so that engines that need the same load it once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from submission.recipes import Recipe


class Loaded(Protocol):
    """What an engine loads: weights, and the processes that hold them."""

    def close(self) -> None:
        """Free the memory and end the processes."""


Model = TypeVar("Model", bound=Loaded)


class ModelSlot:
    """Keeps the model that was loaded last, for the next engine that asks for the same.

    There is room for one: it is freed before another is loaded. A slot that is not ``shared``
    belongs to a single engine, and is empty again when that engine is closed. As a context manager
    it is empty in the end.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._shared = shared
        self._held: tuple[str, Loaded] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.clear()

    def take(self, key: str, load: Callable[[], Model]) -> Model:
        """The model kept under ``key``, else what ``load`` loads now.

        Equal keys must mean that one model does for both; :func:`load_key` makes such a key. Raises
        what ``load`` raises, and then holds nothing.
        """
        if self._held is not None and self._held[0] == key:
            return self._held[1]  # type: ignore[return-value]  # the key names the engine
        self.clear()
        model = load()
        self._held = (key, model)
        return model

    def leave(self) -> None:
        """What an engine calls when it is closed: frees the model unless the slot is shared."""
        if not self._shared:
            self.clear()

    def clear(self) -> None:
        """Free the model, if there is one."""
        held, self._held = self._held, None
        if held is not None:
            held[1].close()


def load_key(identity: Mapping[str, str], recipe: Recipe) -> str:
    """What a loaded model depends on: an engine's identity, and the model and engine settings."""
    return json.dumps(
        [dict(identity), recipe.model and recipe.model.model_dump(), recipe.engine.model_dump()],
        sort_keys=True,
    )
