"""What the readers of HTML, PDF and HWPX have in common: a document per file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.cut import Problems, read_whole, tell, whole
from baselines.corpus.readers.sheet import suffix
from baselines.corpus.record import Record, Source, meta
from submission.errors import InputError

MOST = 256 << 20
"""Bytes of a file that is one document."""


@dataclass(frozen=True)
class DocumentFiles:
    """Files that hold one document each, read in another process."""

    name: ClassVar[str]
    about: ClassVar[str]
    suffixes: ClassVar[frozenset[str]]

    def recognizes(self, member: Member, head: bytes) -> str | None:
        """By its name and its first bytes."""
        if suffix(member) not in self.suffixes or not self.begins(head):
            return None
        return f"its name ends with {suffix(member)}"

    def begins(self, head: bytes) -> bool:  # noqa: ARG002
        """Whether a file of this kind may begin so."""
        return True

    def pieces(self, member: Member) -> Sequence[Piece]:
        """The file."""
        return whole(member)

    def document(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """The text and what is known of it; ``licence`` and ``language`` are the record's own."""
        raise NotImplementedError

    def read(self, member: Member, piece: Piece, problems: Problems) -> Iterator[Record]:  # noqa: ARG002
        """One record."""
        try:
            text, facts = self.document(read_whole(member, MOST))
        except InputError as error:
            message = str(error)
            if not message.startswith(member.name):
                message = f"{member.name}: {message}"
            tell(problems, member, "", message)
            return
        licence, language = facts.pop("licence", ""), facts.pop("language", "")
        yield Record(
            id=f"{self.name}:{member.name}",
            source=Source(self.name, member.name, ""),
            task="document",
            documents=(text,),
            language=language or "ko",
            licence=licence,
            meta=meta(facts),
        )
