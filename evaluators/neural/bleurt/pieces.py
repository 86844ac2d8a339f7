"""A reference and an answer as one sequence of SentencePiece ids, as BLEURT joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from evaluators.errors import EvaluationError
from evaluators.optional import load_library

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SPECIALS = ("[CLS]", "[SEP]")


class Pair(NamedTuple):
    """``[CLS] reference [SEP] answer [SEP]``; ``second`` counts the ids from the answer on."""

    ids: list[int]
    second: int


class Pieces:
    """BLEURT's own tokenizer: its SentencePiece model, without transformers' reading of it.

    Raises EvaluationError where the file is no such model.
    """

    def __init__(self, file: Path) -> None:
        library = load_library("sentencepiece", needed_by="bleurt", install="sentencepiece>=0.2")
        self._model: Any = library.SentencePieceProcessor()
        try:
            self._model.Load(str(file))
        except (OSError, RuntimeError) as error:
            raise EvaluationError(
                f"bleurt: {file} is not a SentencePiece model: {error}"
            ) from error
        self._cls, self._sep = (self._special(piece, file) for piece in _SPECIALS)

    @property
    def size(self) -> int:
        """How many pieces there are."""
        return int(self._model.GetPieceSize())

    def vocabulary(self) -> dict[str, int]:
        """Return every piece's id."""
        return {self._model.IdToPiece(place): place for place in range(self.size)}

    def join(self, references: Sequence[str], answers: Sequence[str], limit: int) -> list[Pair]:
        """Return each pair's ids, at most ``limit``.

        What is too much is taken off the end of the longer side, token by token; of the answer
        where both are equally long (``_truncate_seq_pair`` of google-research/bleurt).
        """
        return [
            self._pair(one, two, limit - 3)
            for one, two in zip(
                self._model.Encode(list(references)), self._model.Encode(list(answers)), strict=True
            )
        ]

    def _pair(self, reference: list[int], answer: list[int], room: int) -> Pair:
        while len(reference) + len(answer) > room:
            (reference if len(reference) > len(answer) else answer).pop()
        ids = [self._cls, *reference, self._sep, *answer, self._sep]
        return Pair(ids, len(answer) + 1)

    def _special(self, piece: str, file: Path) -> int:
        place = int(self._model.PieceToId(piece))
        if place == self._model.unk_id():
            raise EvaluationError(f"bleurt: {file} has no piece {piece}: it is not BLEURT's")
        return place
