"""The step that reads: files of known layouts to records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import xxhash
from pydantic import Field

from baselines.corpus.archives.members import members
from baselines.corpus.batch import Batch, Problem
from baselines.corpus.folder import digest
from baselines.corpus.readers.base import Layout, Member, Piece
from baselines.corpus.readers.layouts.known import layout_file
from baselines.corpus.readers.mapping import Mapped, mapped, mapping_file
from baselines.corpus.readers.recognize import Recognized, layout_named, recognize, told
from baselines.corpus.readers.tables import Competition
from baselines.corpus.steps import Say, Settings
from submission.errors import InputError, few, nearest
from submission.files.atomic import write_bytes
from submission.files.toml import read_toml
from submission.recipes.base import Conflict, NonEmpty

TOGETHER = 8 << 20
"""Bytes of small files that become one part."""
_SAMPLE = 16 << 20
FILES = "files.jsonl"


class ReadSettings(Settings):
    """What is read, and as what."""

    paths: tuple[Path, ...] = Field(
        min_length=1,
        description="Files, folders and archives.",
        json_schema_extra={"argument": True},
    )
    layout: NonEmpty | None = Field(
        default=None, description="Layout of every file; without it, each is recognized."
    )
    mapping: Path | None = Field(
        default=None, description="TOML file that declares the layout of files of no known one."
    )
    map: Mapping[str, str] = Field(
        default={},
        description="Column or JSON path of a field, as FIELD=PATH: document=body.",
    )
    competition: NonEmpty | None = Field(
        default=None, description="Competition whose training file is read."
    )
    only: tuple[NonEmpty, ...] = Field(
        default=(), description="Data sets to read, by the names of their layouts."
    )
    keep_going: bool = Field(
        default=False, description="List what cannot be read and go on, instead of ending there."
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Two ways to say what the files are."""
        ways = ("layout", "mapping", "map", "competition")
        given = [name for name in ways if getattr(self, name)]
        if len(given) > 1:
            yield Conflict(given[1], f"cannot be given together with '{given[0]}'")


class Job(NamedTuple):
    """A piece of a file, to be read by the layout of that number."""

    layout: int
    member: Member
    piece: Piece


class Jobs(NamedTuple):
    """What becomes one part: jobs, and what was found wrong before."""

    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...] = ()
    left_out: int = 0


class Read:
    """Read AI Hub downloads, question answering data sets, tables and documents into records.

    Each file is recognized by its name and by what it holds. Archives are read in place.
    """

    name = "read"
    about = "Read raw files into records."
    settings_type = ReadSettings
    in_process = False

    def __init__(self, settings: ReadSettings) -> None:
        self.settings = settings
        self._problems: list[Problem] = []
        self._left_out = 0

    def identity(self) -> dict[str, Any]:
        """The settings, and what the files are.

        Raises :class:`InputError` for files that cannot be read, before anything is written.
        """
        _ = self._found
        # A part without problems is the same with keep_going, so that a stopped run can go on so.
        settings = self.settings.model_dump(mode="json", exclude={"paths", "mapping", "keep_going"})
        declared = self.settings.mapping
        return {
            **settings,
            "mapping": None if declared is None else digest(read_toml(declared)),
            "paths": [path.resolve().name for path in self.settings.paths],
            "input": digest([_fingerprint(path) for path in self.settings.paths]),
        }

    def prepare(self, out: Path, say: Say) -> None:
        """Recognize every file; says which is which, and writes it down."""
        found = self._found
        for line in told(found):
            say(line)
        lines = [
            {
                "file": each.member.name,
                "layout": each.layout.name if each.layout else "",
                "why": each.why,
                "bytes": each.member.size,
            }
            for each in found
        ]
        write_bytes(out / FILES, msgspec.json.Encoder().encode_lines(lines))

    @cached_property
    def _layouts(self) -> list[Layout]:
        return list(dict.fromkeys(each.layout for each in self._found if each.layout))

    @cached_property
    def _found(self) -> list[Recognized]:
        """Every file that is read, with its layout."""
        listen = self._problems.append if self.settings.keep_going else None
        files = list(members(self.settings.paths, listen))
        forced = self._forced()
        if forced is None or isinstance(forced, Mapped):  # a mapping says which files it is for
            found = list(recognize(files, forced))
        else:
            found = [Recognized(member, forced, "so it was told") for member in files]
        if self.settings.only:
            wanted = [
                each for each in found if each.layout and each.layout.name in self.settings.only
            ]
            self._refuse_unknown_names(found)
            self._left_out = len(found) - len(wanted)
            found = wanted
        else:
            self._refuse_unknown([each for each in found if each.layout is None])
        if not any(each.layout for each in found):
            raise InputError(
                f"{few([str(path) for path in self.settings.paths])}: no file there can be read"
            )
        return found

    def _forced(self) -> Layout | None:
        settings = self.settings
        if settings.layout is not None:
            return layout_named(settings.layout)
        if settings.competition is not None:
            return Competition.named(settings.competition)
        if settings.map:
            return mapped(settings.map)
        if settings.mapping is not None:
            declares_shapes = "shapes" in read_toml(settings.mapping)
            if declares_shapes:
                return layout_file(settings.mapping)
            return mapping_file(settings.mapping)
        return None

    def _refuse_unknown_names(self, found: Sequence[Recognized]) -> None:
        names = sorted({each.layout.name for each in found if each.layout})
        for name in self.settings.only:
            if name not in names:
                raise InputError(
                    f"--only {name}: no file of that layout is there; there are "
                    f"{nearest(names, name) if names else 'none that are known'}"
                )

    def _refuse_unknown(self, unknown: Sequence[Recognized]) -> None:
        if not unknown:
            return
        told = [Problem(each.member.name, "", f"no layout fits: {each.why}") for each in unknown]
        if self.settings.keep_going:
            self._problems.extend(told)
            return
        raise InputError.listing(
            "These files are of no known layout. Declare it (--map FIELD=PATH, --mapping FILE), "
            "name it (--layout), choose data sets (--only), or go on without: --keep-going",
            [f"{each.file}: {each.message}" for each in told],
        )

    def chunks(self) -> Sequence[Jobs]:
        """Pieces of long files, and small files together."""
        made: list[Jobs] = []
        if self._problems or self._left_out:
            made.append(Jobs((), tuple(self._problems), self._left_out))
        jobs: list[Job] = []
        size = 0
        for each in self._found:
            if each.layout is None:
                continue
            number = self._layouts.index(each.layout)
            for piece in each.layout.pieces(each.member):
                own = _bytes(each.member, piece)
                if jobs and size + own > TOGETHER:
                    made.append(Jobs(tuple(jobs)))
                    jobs, size = [], 0
                jobs.append(Job(number, each.member, piece))
                size += own
        if jobs:
            made.append(Jobs(tuple(jobs)))
        return made

    def do(self, chunk: Jobs) -> Batch:
        """The records of some pieces."""
        batch = Batch(problems=list(chunk.problems))
        if chunk.left_out:
            batch.counts["files left out"] = chunk.left_out
        listen = batch.problems.append if self.settings.keep_going else None
        for job in chunk.jobs:
            before = len(batch.kept)
            layout = self._layouts[job.layout]
            batch.kept.extend(layout.read(job.member, job.piece, listen))
            batch.counts[f"from {layout.name}"] += len(batch.kept) - before
        return batch

    def notes(self) -> Iterator[str]:
        """Where the list of files is."""
        yield f"{len(self._found):,} files were read; which is which is in {FILES}."


def _bytes(member: Member, piece: Piece) -> int:
    return max(0, min(piece.stop - piece.start, member.size))


def _fingerprint(path: Path) -> list[tuple[str, int, str]]:
    """Every file under ``path`` with its size, and a digest of its ends and of samples between."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return [(str(each.relative_to(path)), each.stat().st_size, _sampled(each)) for each in files]


def _sampled(path: Path) -> str:
    size = path.stat().st_size
    found = xxhash.xxh3_128()
    with path.open("rb") as file:
        for start in (0, *range(_SAMPLE, size, _SAMPLE), max(0, size - (64 << 10))):
            file.seek(start)
            found.update(file.read((4 << 10) if start and start < size - (64 << 10) else 64 << 10))
    return found.hexdigest()
