"""How long each command takes, and how much memory it needs, over many rows.

    python benchmarks/scale.py [--rows N …] [--json FILE]

Makes a competition of its own with N rows (10,000 and 100,000 unless told otherwise) in a temporary
folder, and runs `generate`, `export`, `submit`, `check`, `score` and `compare` on it, each as a
process of its own, start-up included. Beside `generate`, `export` and `submit` a bare script does
the least that gives the same rows, with csv and sqlite3 alone; the ratio is that of the two.
`generate` of varied answers, which `score` and `compare` read, runs an engine that answers from the
question. Goals are those for 100,000 rows, and grow with the rows above that.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOALS_AT = 100_000
MOST_MIB = 2048

COMPETITION = """
name = "scale"
title = "Many rows"
about = "Made by benchmarks/scale.py."
constant_answer = "벽지와 타일을 고르고 바탕면을 말린 다음 시공합니다."
[test]
id = "id"
question = "question"
context = "context"
columns = ["id", "question", "context"]
[submission]
id = "id"
answer = "answer"
[score]
name = "character F1"
references = "max"
terms = [{ metric = "f1:rule=korquad1" }]
[certainty]
columns = "H"
submission = "H"
score = "H"
"""

VARIED = """
from baselines.engines.base import AnswerEngine


class Varied(AnswerEngine):
    name = "varied"

    def answers(self, requests):
        texts = [getattr(each, "text", each) for each in requests]
        return [f"{text.rstrip('?')} 물으셨는데, {len(text)}번째 방법입니다." for text in texts]
"""

BARE_GENERATE = """
import csv, hashlib, sqlite3, sys
source, ledger = sys.argv[1:]
answer = "벽지와 타일을 고르고 바탕면을 말린 다음 시공합니다."
db = sqlite3.connect(ledger, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE part (position INTEGER PRIMARY KEY, id TEXT, question TEXT, key TEXT)")
db.execute("CREATE TABLE completion (id INTEGER PRIMARY KEY, key TEXT, text TEXT, finish TEXT)")
db.execute("CREATE INDEX by_key ON completion (key)")
with open(source, encoding="utf-8-sig", newline="") as handle:
    rows = [
        (place, row["id"], row["question"], hashlib.sha256(row["question"].encode()).hexdigest())
        for place, row in enumerate(csv.DictReader(handle))
    ]
db.execute("BEGIN")
db.executemany("INSERT INTO part VALUES (?, ?, ?, ?)", rows)
db.execute("COMMIT")
for start in range(0, len(rows), 5000):
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO completion (key, text, finish) VALUES (?, ?, 'stop')",
        [(row[3], answer) for row in rows[start : start + 5000]],
    )
    db.execute("COMMIT")
"""

BARE_EXPORT = """
import csv, sqlite3, sys
ledger, run, out = sys.argv[1:]
with open(out, "w", encoding="utf-8", newline="") as handle:
    writer = csv.writer(handle)
    writer.writerow(["id", "question", "answer"])
    writer.writerows(sqlite3.connect(ledger).execute(
        "SELECT row_id, question, text FROM part JOIN completion ON completion.id = part.completion"
        " WHERE run = ? ORDER BY position, sample, part", (run,)))
"""

BARE_SUBMIT = """
import csv, hashlib, json, sqlite3, sys
ledger, run, template, out = sys.argv[1:]
answers = dict(sqlite3.connect(ledger).execute(
    "SELECT row_id, text FROM part JOIN completion ON completion.id = part.completion"
    " WHERE run = ?", (run,)))
with open(template, encoding="utf-8-sig", newline="") as handle:
    ids = [row["id"] for row in csv.DictReader(handle)]
with open(out, "w", encoding="utf-8", newline="") as handle:
    writer = csv.writer(handle)
    writer.writerow(["id", "answer"])
    writer.writerows((name, answers[name]) for name in ids)
with open(out, "rb") as handle:
    digest = hashlib.sha256(handle.read()).hexdigest()
with open(out + ".manifest.json", "w") as handle:
    json.dump({"sha256": digest}, handle)
with open(out, encoding="utf-8", newline="") as handle:
    written = [(row["id"], row["answer"]) for row in csv.DictReader(handle)]
assert [name for name, _ in written] == ids and all(text.strip() for _, text in written)
"""


@dataclass(frozen=True)
class Step:
    """A command, what it may take for 100,000 rows, and the bare script that it is held against."""

    name: str
    arguments: tuple[str, ...]
    goal: float | None = None
    bare: tuple[str, ...] = ()
    most: float | None = None
    bounded: bool = False


@dataclass(frozen=True)
class Figure:
    """What a step took: seconds and peak MiB, and its bare script's seconds."""

    step: str
    rows: int
    seconds: float
    goal: float | None
    mib: float
    most_mib: float | None
    bare_seconds: float | None
    most_ratio: float | None

    @property
    def ratio(self) -> float | None:
        """How much longer than the bare script it took."""
        return None if self.bare_seconds is None else self.seconds / self.bare_seconds

    @property
    def verdict(self) -> str:
        """Whether every goal is met; nothing where there is none."""
        held = [
            (self.seconds, self.goal),
            (self.mib, self.most_mib),
            (self.ratio, self.most_ratio),
        ]
        known = [(found, most) for found, most in held if found is not None and most is not None]
        if not known:
            return ""
        return "met" if all(found <= most for found, most in known) else "missed"


def main() -> int:
    """Measure, print the tables, and write the JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    given = parser.parse_args()
    figures: list[Figure] = []
    for rows in given.rows:
        with tempfile.TemporaryDirectory(prefix="leaderkit-scale-") as folder:
            print(f"{rows:,} rows\n{_line('step', 's', 'goal', 'MiB', 'bare s', 'ratio', '')}")
            for figure in measure(Path(folder), rows):
                figures.append(figure)
                print(_shown(figure), flush=True)
            print()
    if given.json is not None:
        plain = [{**asdict(each), "ratio": each.ratio} for each in figures]
        given.json.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(folder: Path, rows: int) -> Iterator[Figure]:
    """Every step's figures over that many rows, in ``folder``.

    Raises ``SystemExit`` with what a command said where one fails.
    """
    make_data(folder, rows)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
        "LEADERKIT_LEDGER": str(folder / "ledger.db"),
    }
    for step in steps(folder):
        bare = None
        if step.bare:
            bare, _ = _timed([sys.executable, "-c", *step.bare], environment, folder)
        command = [sys.executable, "-m", "submission.cli", *step.arguments]
        seconds, mib = _timed(command, environment, folder)
        judged = rows >= GOALS_AT
        yield Figure(
            step=step.name,
            rows=rows,
            seconds=seconds,
            goal=step.goal * rows / GOALS_AT if step.goal is not None and judged else None,
            mib=mib,
            most_mib=MOST_MIB if step.bounded and judged else None,
            bare_seconds=bare,
            most_ratio=step.most if judged else None,
        )


def steps(folder: Path) -> list[Step]:
    """The commands in their order: each reads what those before it have written."""
    test, template = str(folder / "test.csv"), str(folder / "template.csv")
    at = ("-c", str(folder / "scale"))
    ledger, out = str(folder / "ledger.db"), str(folder / "submission.csv")
    references = ("--references", str(folder / "references.csv"))
    return [
        Step(
            "generate constant",
            ("generate", "constant", *at, "--test", test, "--run", "constant"),
            goal=8.0,
            bare=(BARE_GENERATE, test, str(folder / "bare.db")),
            most=4.0,
            bounded=True,
        ),
        Step(
            "generate varied",
            ("generate", str(folder / "varied.toml"), *at, "--test", test, "--run", "varied"),
            bounded=True,
        ),
        Step(
            "export",
            ("export", "constant", "--out", str(folder / "answers.csv")),
            goal=2.0,
            bare=(BARE_EXPORT, ledger, "constant", str(folder / "bare.csv")),
            most=2.0,
            bounded=True,
        ),
        Step(
            "submit",
            ("submit", *at, "--run", "constant", "--template", template, "--out", out),
            goal=5.0,
            bare=(BARE_SUBMIT, ledger, "constant", template, str(folder / "bare.csv")),
            most=3.0,
        ),
        Step("check", ("check", *at, "--submission", out, "--template", template), goal=1.6),
        Step("score", ("score", *at, "--run", "varied", *references), goal=7.0),
        Step(
            "compare",
            ("compare", "varied", "constant", *at, *references, "--baseline", "constant"),
            goal=12.0,
        ),
    ]


def make_data(folder: Path, rows: int) -> None:
    """A competition, its files, and an engine whose answers vary, as a package of its own."""
    draw = random.Random(0)  # noqa: S311 -- the same data every time
    subjects = [
        "벽지",
        "타일",
        "실크 도배",
        "PVC 창호",
        "바닥 난방",
        "석고보드",
        "외벽 단열",
        "LED 조명",
    ]
    asked = ["시공 순서는?", "하자 원인은?", "고르는 기준이 무엇인가요?", "보수 방법을 알려주세요?"]
    tests, references, empty = [], [], []
    for number in range(rows):
        name, subject = f"TEST_{number:07d}", draw.choice(subjects)
        question = f"{number}동 {subject}의 {draw.choice(asked)}"
        context = f"{subject}는 {draw.randrange(1, 90)}일 전에 {draw.choice(subjects)}와 함께 썼다."
        answer = f"{subject}의 바탕면을 {draw.randrange(1, 9)}일 말린 다음 시공합니다."
        tests.append((name, question, context))
        references.append((name, answer))
        empty.append((name, ""))
    _write(folder / "test.csv", ("id", "question", "context"), tests)
    _write(folder / "references.csv", ("id", "answer"), references)
    _write(folder / "template.csv", ("id", "answer"), empty)
    (folder / "scale").mkdir()
    (folder / "scale" / "competition.toml").write_text(COMPETITION, encoding="utf-8")
    (folder / "varied.toml").write_text('name = "varied"\n[engine]\nname = "varied"\n')
    (folder / "scale_engine.py").write_text(VARIED, encoding="utf-8")
    about = folder / "scale_engine-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: scale-engine\nVersion: 0\n")
    (about / "entry_points.txt").write_text("[leaderkit.engines]\nvaried = scale_engine:Varied\n")


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(columns)
        writer.writerows(rows)


def _timed(
    command: Sequence[str], environment: dict[str, str], folder: Path
) -> tuple[float, float]:
    """Seconds and peak MiB of a process; what it printed is shown only where it fails."""
    said = folder / "output.txt"
    with said.open("wb") as output:
        handle = output.fileno()
        redirected = [(os.POSIX_SPAWN_DUP2, handle, 1), (os.POSIX_SPAWN_DUP2, handle, 2)]
        started = time.perf_counter()
        pid = os.posix_spawn(command[0], list(command), environment, file_actions=redirected)
        _, status, usage = os.wait4(pid, 0)
        seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command[3:])} failed:\n{said.read_text(errors='replace')}")
    return seconds, usage.ru_maxrss / 1024


def _shown(figure: Figure) -> str:
    return _line(
        figure.step,
        f"{figure.seconds:.2f}",
        "" if figure.goal is None else f"{figure.goal:g}",
        f"{figure.mib:.0f}",
        "" if figure.bare_seconds is None else f"{figure.bare_seconds:.2f}",
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.verdict,
    )


def _line(step: str, *cells: str) -> str:
    return f"{step:<18}" + "".join(f"{cell:>9}" for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
