"""Which file is of which layout, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from baselines.corpus.readers.base import Layout, Member
from baselines.corpus.readers.layouts.fitting import HEAD, LONG_HEAD, unknown
from baselines.corpus.readers.layouts.known import json_layouts
from baselines.corpus.readers.layouts.stored import read
from baselines.corpus.readers.others import OTHERS
from submission.errors import InputError, nearest

MOST_LINES = 20
"""Lines about what was recognized."""


@dataclass(frozen=True)
class Recognized:
    """A file with its layout, None where no layout fits, and why."""

    member: Member
    layout: Layout | None
    why: str


def layouts() -> dict[str, Layout]:
    """Every layout by its name; a competition may be called like the data set it is about."""
    return {each.name: each for each in (*OTHERS, *json_layouts())}


def layout_named(name: str) -> Layout:
    """Raises :class:`InputError` for a name that there is not."""
    known = layouts()
    if name not in known:
        raise InputError(
            f"--layout {name}: there is no such layout; there are {nearest(known, name)}"
        )
    return known[name]


def recognize(members: Iterable[Member], declared: Layout | None = None) -> Iterator[Recognized]:
    """Each file with the layout that fits it best; one that is ``declared`` goes first."""
    for member in members:
        yield _recognize(member, declared)


def _recognize(member: Member, declared: Layout | None) -> Recognized:
    if member.size == 0:
        return Recognized(member, None, "the file is empty")
    if declared is not None:
        why = declared.recognizes(member, read(member, 0, HEAD))
        if why is not None:
            return Recognized(member, declared, why)
    for size in (HEAD, LONG_HEAD):
        head = read(member, 0, size)
        best = max(
            ((fit, layout) for layout in json_layouts() if (fit := layout.fit(member, head))),
            key=lambda found: found[0][:3],
            default=None,
        )
        if best is not None:
            return Recognized(member, best[1], best[0].why)
        if member.size <= HEAD or not _is_json(head):
            break
    for layout in OTHERS:
        why = layout.recognizes(member, head)
        if why is not None:
            return Recognized(member, layout, why)
    return Recognized(
        member, None, unknown(member.name, head, [each.data_set for each in json_layouts()])
    )


def _is_json(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")


def told(found: Sequence[Recognized]) -> Iterator[str]:
    """What was recognized, a line for the files of one folder and layout."""
    groups = Counter(
        (str(PurePosixPath(each.member.name).parent), each.layout, each.why)
        for each in found
        if each.layout is not None
    )
    first = {(str(PurePosixPath(each.member.name).parent), each.why): each for each in found[::-1]}
    for number, ((folder, layout, why), count) in enumerate(groups.items()):
        if number == MOST_LINES:
            yield f"and {len(groups) - MOST_LINES} more kinds of files: see files.jsonl"
            return
        name = first[folder, why].member.name if count == 1 else f"{folder}: {count:,} files"
        yield f"{name}: {layout.name}, {layout.about}: {why}."
