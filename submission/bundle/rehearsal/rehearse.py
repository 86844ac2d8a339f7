"""The rehearsal of a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from submission.bundle.inspect import code_problems
from submission.bundle.rehearsal.copied import (
    changed_files,
    copy_bundle,
    file_states,
    read_about,
    read_only,
    touched_files,
)
from submission.bundle.rehearsal.environment import (
    find_isolation,
    interpreter,
    make_environment,
    variables,
)
from submission.bundle.rehearsal.rows import Comparison, Difference, compare_submissions
from submission.bundle.rehearsal.watched import Ended, tidy_termination, watch
from submission.bundle.target import unchecked
from submission.bundle.write import ABOUT, EXPECTED
from submission.competitions.target import Target
from submission.errors import few
from submission.files.toml import validate

GIB = 2**30
TAIL = 20
"""Lines of the script's output that are kept."""


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found.

    ``problems`` are why the bundle would fail; there are none where ``identical`` holds and no
    limit was broken. ``warnings`` are to be looked at. ``network`` and ``environment`` say what
    was done; ``attempts`` are the addresses that the script tried to reach. ``unchecked`` is what
    of the target this machine could not try.
    """

    folder: Path
    environment: str
    network: str
    rows: int
    identical: bool
    different: list[Difference]
    seconds: float
    seconds_limit: float | None
    peak_bytes: int
    peak_limit: float | None
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)


def rehearse(folder: Path, *, python: str | None, say: Callable[[str], None]) -> Rehearsal:
    """Run the bundle in ``folder`` as its how-to says, in a copy, and compare its submission.

    ``python`` is another interpreter than the one in use, with packages of its own. Raises
    :class:`InputError` for a folder that is no bundle, or lacks its weights.
    """
    about = read_about(folder)
    target = validate(Target, about["target"], str(folder / ABOUT))
    seconds = target.minutes * 60 if target.minutes else None
    memory = target.memory_gib * GIB if target.memory_gib else None
    warnings = changed_files(folder)
    problems = code_problems(folder)
    isolation = find_isolation()
    # Beside the bundle: there its weights are copied without taking room, where that can be.
    beside = folder.resolve().parent
    with (
        tidy_termination(),
        TemporaryDirectory(prefix=".leaderkit-rehearsal-", dir=beside) as place,
    ):
        root = Path(place)
        copy, notes, log = root / "bundle", root / "connections", root / "output"
        copy_bundle(folder, copy)
        wheels = copy / "wheels"
        say("Making an environment without leaderkit.")
        environment = make_environment(
            root / "python", interpreter(python), wheels if wheels.is_dir() else None, notes
        )
        for name in ("home", "tmp"):
            (root / name).mkdir()
        say(f"Running {about['script']}.")
        with read_only(copy), log.open("wb") as output:
            before = file_states(copy)
            ended = watch(
                [*isolation.prefix, str(environment.python), about["script"]],
                cwd=copy,
                env=variables(root / "home", root / "tmp"),
                output=output,
                seconds=seconds,
                memory=memory,
            )
            after = file_states(copy)
        touched = touched_files(before, after, about["submission"])
        if touched:
            problems.append(f"the script changes or adds files in the bundle: {few(touched)}")
        told = log.read_text("utf-8", errors="replace").splitlines()[-TAIL:]
        attempts = _attempts(notes)
        problems += _ending(ended, target, told)
        compared = Comparison(False, [])
        if not problems:
            expected = folder / EXPECTED / about["submission"]
            compared = compare_submissions(expected, copy / about["submission"], about["id"])
        if compared.problem is not None:
            problems.append(compared.problem)
        if attempts:
            warnings.append(f"the script tried to reach {few(attempts)}")
    return Rehearsal(
        folder=folder,
        environment=environment.about,
        network=isolation.about,
        rows=about["rows"],
        identical=compared.identical,
        different=compared.different,
        seconds=ended.seconds,
        seconds_limit=seconds,
        peak_bytes=ended.peak_bytes,
        peak_limit=memory,
        problems=problems,
        warnings=warnings,
        attempts=attempts,
        unchecked=unchecked(
            target, about["requirements"], environment.version, environment.packages
        ),
        output=told,
    )


def _attempts(notes: Path) -> list[str]:
    if not notes.is_file():
        return []
    return list(dict.fromkeys(notes.read_text("utf-8", errors="replace").splitlines()))


def _ending(ended: Ended, target: Target, told: list[str]) -> list[str]:
    if ended.limit == "time":
        return [f"it was ended after {target.minutes:g} minutes, which is the limit"]
    if ended.limit == "memory":
        peak = ended.peak_bytes / GIB
        return [f"it was ended at {peak:.2f} GiB of memory; the limit is {target.memory_gib:g} GiB"]
    if ended.code:
        last = next((line for line in reversed(told) if line.strip()), "no output")
        return [f"the script ended with exit code {ended.code}: {last.strip()}"]
    return []
