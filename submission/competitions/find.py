"""From ``-c NAME`` or ``-c path/to/folder`` to a competition."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from pathlib import Path

from submission.competitions.profile import Competition, Profile
from submission.errors import InputError, locate, nearest
from submission.files.named import named
from submission.files.toml import read_toml, validate
from submission.tables import Record, read_table

DECLARATION = "competition.toml"
LEADERBOARD = "leaderboard.csv"
KNOWN_COLUMNS = ("name", "public", "private", "certainty", "source")


@dataclass(frozen=True)
class KnownScore:
    """A published leaderboard score. ``public`` and ``private`` are on the organizer's scale."""

    name: str
    public: float | None
    private: float | None
    certainty: str
    source: str


def shipped_competitions() -> list[str]:
    """The names of the competitions that come with the package, sorted."""
    here = Path(__file__).parent
    return sorted(path.parent.name for path in here.glob(f"*/{DECLARATION}"))


def find_competition(spec: str) -> Competition:
    """The shipped competition of that name, or the one in that folder.

    Raises :class:`InputError` for an unknown name, and for a folder whose declaration is
    missing or wrong.
    """
    names = shipped_competitions()
    if spec in names:
        return _load(Path(__file__).parent / spec)
    folder = named(spec)
    if folder.is_file() and folder.name == DECLARATION:
        folder = folder.parent
    if folder.is_dir():
        if not (folder / DECLARATION).is_file():
            raise InputError(f"{folder}: a competition folder needs a {DECLARATION}.")
        return _load(folder)
    close = difflib.get_close_matches(spec, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise InputError(
        f"No competition '{spec}'.{hint} Known: {nearest(names, spec)}; or give the path of a "
        "folder."
    )


def known_scores(competition: Competition) -> list[KnownScore]:
    """What the organizer's leaderboard is known to have said, from ``leaderboard.csv``."""
    path = Path(competition.folder) / LEADERBOARD
    if not path.is_file():
        return []
    table = read_table(path)
    table.require(KNOWN_COLUMNS)
    return [known_score(path, record) for record in table.records]


def known_score(path: Path, record: Record) -> KnownScore:
    """A line of ``leaderboard.csv``. Raises :class:`InputError` for a score that is no number."""
    values = record.values
    return KnownScore(
        name=values["name"],
        public=_number(path, record.line, "public", values["public"]),
        private=_number(path, record.line, "private", values["private"]),
        certainty=values["certainty"],
        source=values["source"],
    )


def _number(path: Path, row: int, column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{locate(path, row, column)}: '{text}' is not a number.")
    return value


def _load(folder: Path) -> Competition:
    path = folder / DECLARATION
    profile = validate(Profile, read_toml(path), str(path))
    return Competition(profile=profile, folder=str(folder))
