"""Every file under some paths: in folders, in archives, in archives inside archives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from baselines.corpus.archives.inside import Entry, entries, kind_of
from baselines.corpus.archives.joined import Run, is_part, join_parts, whole_of
from baselines.corpus.archives.packed import LARGE, LIMITS, Limits, Packed
from baselines.corpus.batch import Problem
from submission.errors import InputError

T = TypeVar("T")
_NOISE = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class FileMember:
    """A file to be read: what it is called, how long it is, and where its bytes are."""

    name: str
    size: int
    content: Run | Packed
    path: Path | None = None

    def open(self) -> BinaryIO:
        """Its bytes; a reader that can seek."""
        # Whoever reads a large file in pieces would unpack it from its beginning for each of them.
        if isinstance(self.content, Packed) and self.size > LARGE:
            return whole_of(self.content).open()
        return self.content.open()


def members(
    paths: Iterable[Path],
    problems: Callable[[Problem], None] | None = None,
    limits: Limits = LIMITS,
) -> Iterator[FileMember]:
    """The files under ``paths``, sorted by name inside each folder and archive.

    A name begins with the last part of the path that was given; where two of these are equal,
    with the whole path. Archives that cannot be read are told to ``problems``.

    Raises:
        InputError: a path does not exist; or, without ``problems``, an archive is damaged,
            encrypted, unsafe, or larger than ``limits``.
    """
    given = sorted({Path(path) for path in paths})
    names = Counter(path.resolve().name for path in given)
    walk = _Walk(problems, limits)
    for path in given:
        label = path.resolve().name
        yield from walk.of_path(path, str(path) if names[label] > 1 else label)


@dataclass
class _Walk:
    problems: Callable[[Problem], None] | None
    limits: Limits
    count: int = 0
    total: int = 0
    seen: set[tuple[int, int]] = field(default_factory=set)

    def of_path(self, path: Path, label: str) -> Iterator[FileMember]:
        if path.is_dir():
            yield from self._of_folder(path, label)
        elif path.is_file():
            files = [path]
            if is_part(path.name):
                beginning = path.name.rpartition("part")[0]
                files = [
                    each
                    for each in path.parent.iterdir()
                    if each.name.startswith(beginning) and is_part(each.name)
                ]
            yield from self._of_files(files, label.removesuffix(path.name))
        else:
            raise InputError(f"{path}: there is no such file or folder")

    def _of_folder(self, folder: Path, label: str) -> Iterator[FileMember]:
        if not self._is_new(folder):  # a link to a folder above
            return
        inside = sorted(each for each in folder.iterdir() if not _is_noise(each.name))
        yield from self._of_files([each for each in inside if each.is_file()], f"{label}/")
        for each in inside:
            if each.is_dir():
                yield from self._of_folder(each, f"{label}/{each.name}")

    def _of_files(self, files: Sequence[Path], where: str) -> Iterator[FileMember]:
        new = [each for each in files if self._is_new(each)]
        runs = {each.name: Run.of_file(str(each), each.stat().st_size) for each in new}
        yield from self._of_entries(
            [Entry(name, run.size, run) for name, run in runs.items()], where, 0
        )

    def _is_new(self, path: Path) -> bool:
        place = path.stat()
        known = (place.st_dev, place.st_ino) in self.seen
        self.seen.add((place.st_dev, place.st_ino))
        return not known

    def _of_entries(self, found: Iterable[Entry], where: str, depth: int) -> Iterator[FileMember]:
        with_parts: dict[str, Run] = {}
        packed: list[Entry] = []
        for entry in found:
            if depth and any(map(_is_noise, entry.name.split("/"))):
                continue
            self._count(where, entry)
            if isinstance(entry.content, Run):
                with_parts[entry.name] = entry.content
            else:
                packed.append(entry)
        joined = self._tried(lambda: join_parts(where, with_parts), where) or {}
        runs = [Entry(name, run.size, run) for name, run in joined.items()]
        for entry in sorted([*runs, *packed], key=lambda each: each.name):
            yield from self._of_entry(entry, where, depth)

    def _of_entry(self, entry: Entry, where: str, depth: int) -> Iterator[FileMember]:
        label = where + entry.name
        kind = kind_of(entry.name)
        if kind is None:
            yield FileMember(label, entry.size, entry.content, _on_disk(entry.content))
            return
        if depth == self.limits.depth:
            problem = InputError(
                f"{label}: archives lie inside one another more than {self.limits.depth} deep; "
                "unpack the outer ones and give the folder"
            )
            self._tell(problem, label)
            return
        content = entry.content
        run = self._tried(lambda: content if isinstance(content, Run) else whole_of(content), label)
        if run is None:
            return
        found = self._tried(lambda: list(entries(label, run, kind, self.limits)), label)
        yield from self._of_entries(found or [], f"{label}!", depth + 1)

    def _count(self, where: str, entry: Entry) -> None:
        self.count += 1
        self.total += entry.size
        if self.count > self.limits.members or self.total > self.limits.total:
            raise InputError(
                f"{where}{entry.name}: is file {self.count:,}, with {self.total:,} bytes in all; "
                f"at most {self.limits.members:,} files and {self.limits.total:,} bytes are read "
                "at once. Give fewer paths"
            )

    def _tried(self, do: Callable[[], T], label: str) -> T | None:
        try:
            return do()
        except InputError as error:
            self._tell(error, label)
            return None

    def _tell(self, error: InputError, label: str) -> None:
        if self.problems is None:
            raise error
        self.problems(Problem(label, "", str(error).removeprefix(f"{label}: ")))


def _is_noise(name: str) -> bool:
    return name in _NOISE or name.startswith((".", "~$"))


def _on_disk(content: Run | Packed) -> Path | None:
    if isinstance(content, Packed) or len(content.stretches) != 1:
        return None
    origin, start, length = content.stretches[0]
    if start or not isinstance(origin, str) or Path(origin).stat().st_size != length:
        return None
    return Path(origin)
