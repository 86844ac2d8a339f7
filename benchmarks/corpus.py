"""Documents per second, and memory, of `leaderkit corpus clean`, `mask` and `dedup` in a chain.

    python benchmarks/corpus.py [--records N …] [--workers N] [--out FOLDER] [--json FILE]

Makes N records (10,000 and 200,000 unless told otherwise) of the sample corpus's grammar, a tenth
of them near duplicates of others, and runs each step over what the one before wrote, as a process
of its own, start-up included. Memory is the sum over the command's processes of what each has for
itself and its share of what they have in common, looked at five times a second. Time is to grow
with the number of records, and memory to stay under 2 GiB. What duplicates were found is held
against what was planted. Single steps beside other libraries: corpus_read.py, corpus_mask.py and
corpus_dedup.py.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
MOST_MIB = 2048
STEPS: dict[str, tuple[str, ...]] = {"clean": (), "mask": (), "dedup": ()}
NEAR_EVERY = 10


@dataclass(frozen=True)
class Figure:
    """A step over some records: records in and out, seconds, and the peak of memory in MiB."""

    step: str
    records: int
    kept: int
    seconds: float
    mib: float


def main() -> None:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 200_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.out) as place:
        figures = [
            figure
            for count in given.records
            for figure in measure(count, given.workers, Path(place, str(count)))
        ]
    print(f"{'step':8}{'records':>10}{'kept':>10}{'s':>9}{'records/s':>12}{'MiB':>8}")
    for each in figures:
        rate = each.records / each.seconds
        print(
            f"{each.step:8}{each.records:10,}{each.kept:10,}{each.seconds:9.1f}{rate:12,.0f}"
            f"{each.mib:8,.0f}"
        )
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in figures], indent=1))
    if max(each.mib for each in figures) >= MOST_MIB:
        sys.exit(f"more than {MOST_MIB:,} MiB")


def measure(count: int, workers: int, place: Path) -> Iterator[Figure]:
    """Every step over ``count`` records."""
    place.mkdir()
    source = place / "records.jsonl"
    planted = write_records(source, count)
    records = count
    for step, options in STEPS.items():
        out = place / step
        command = [
            sys.executable, "-m", "submission.cli", "corpus", step, str(source), "--out", str(out),
            "--workers", str(workers), *options, "--json",
        ]  # fmt: skip
        report, seconds, mib = run(command)
        yield Figure(step, records, report["rows"], seconds, mib)
        source, records = out, report["rows"]
    gone = count - records
    print(f"{count:,} records: {planted:,} near duplicates planted, {gone:,} records removed")


def write_records(path: Path, count: int) -> int:
    """Records of one document each; how many are near duplicates of the one before."""
    from baselines.corpus.record import Record, Source, encoder
    from baselines.stand_ins.articles import articles

    planted = 0
    body = ""
    with path.open("wb") as file:
        for number, article in enumerate(articles(count)):
            if number % NEAR_EVERY == NEAR_EVERY - 1:
                body += f" {article.answer}"
                planted += 1
            else:
                body = article.body
            record = Record(
                id=f"made:{number}",
                source=Source("made", path.name, str(number)),
                task="document",
                documents=(body,),
                category=article.category,
            )
            file.write(encoder.encode(record) + b"\n")
    return planted


def run(command: list[str]) -> tuple[dict[str, int], float, float]:
    """The command's report, its seconds, and the peak of what its processes have together."""
    started = time.perf_counter()
    most = 0.0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            most = max(most, sum(mib(pid) for pid in family(process.pid)))
            time.sleep(0.2)
        assert process.stdout is not None
        told = process.stdout.read()
    if process.returncode:
        sys.exit(f"{' '.join(command[3:6])} ended with {process.returncode}")
    return json.loads(told), time.perf_counter() - started, most


def family(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def mib(pid: int) -> float:
    """Proportional set size."""
    try:
        held = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in held.splitlines() if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
