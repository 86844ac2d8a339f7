"""Reading one long JSON array into records: speed and memory, beside other ways to read it.

    python benchmarks/corpus_read.py --megabytes 300

The data are made here, in the layout of AI Hub's 025 (Korean-English). Each way runs in a process
of its own; what is shown is the wall time and the most memory that it and its workers held.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import ijson  # type: ignore[import-untyped]

from baselines.corpus.execute import execute
from baselines.corpus.readers.step import Read, ReadSettings
from submission.terminal.output import tell

SYLLABLES = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호"
WORDS = [
    "the",
    "paper",
    "wall",
    "dries",
    "before",
    "a",
    "second",
    "coat",
    "of",
    "paste",
    "goes",
    "on",
    "and",
    "it",
    "stays",
    "flat",
]


def rows(count: int) -> list[str]:
    """Rows as JSON, all different."""
    chance = Random(25)  # noqa: S311 -- made data
    made = []
    for number in range(count):
        korean = " ".join(
            "".join(chance.choices(SYLLABLES, k=chance.randint(2, 5))) for _ in range(9)
        )
        english = " ".join(chance.choices(WORDS, k=14))
        row = {
            "sn": f"KOEN{number:07}", "data_set": "일상생활및구어체", "domain": "일상생활",
            "subdomain": "쇼핑", "ko_original": korean, "ko": korean, "mt": english,
            "en": english, "source_language": "ko", "target_language": "en",
            "word_count_ko": 9, "word_count_en": 14, "word_ratio": 1.556,
            "file_name": "made.xlsx", "source": "made", "license": "open", "style": "구어체",
            "included_unknown_words": False, "ner": {"text": korean, "tags": []},
        }  # fmt: skip
        made.append(json.dumps(row, ensure_ascii=False))
    return made


def make(path: Path, megabytes: int) -> int:
    """Write ``{"data": […]}`` of about that size; returns the number of rows."""
    block = rows(20_000)
    size = len(", ".join(block).encode())
    times = max(1, round(megabytes * 1e6 / size))
    with path.open("w") as file:
        file.write('{"data": [')
        for number in range(times):
            file.write((", " if number else "") + ", ".join(block))
        file.write("]}")
    return times * len(block)


def with_json(path: Path, out: Path) -> int:  # noqa: ARG001
    """The standard library, the whole file at once."""
    return len(json.loads(path.read_bytes())["data"])


def with_ijson(path: Path, out: Path) -> int:  # noqa: ARG001
    """ijson, row by row."""
    with path.open("rb") as file:
        return sum(1 for _ in ijson.items(file, "data.item"))


def into_records(path: Path, out: Path) -> int:  # noqa: ARG001
    """Records, not written."""
    read = Read(ReadSettings(paths=(path,), layout="aihub-025"))
    return sum(len(read.do(chunk).kept) for chunk in read.chunks())


def command(workers: int) -> Callable[[Path, Path], int]:
    """The whole step: records written, with their hashes."""

    def run(path: Path, out: Path) -> int:
        read = Read(ReadSettings(paths=(path,)))
        done = execute(read, out, workers=workers, say=lambda _: None)
        return done.manifest.rows

    return run


def measured(what: Callable[[Path, Path], int], path: Path, rows_there: int, name: str) -> None:
    """Run in a process of its own and show what it took."""

    def child(pipe: object) -> None:
        with tempfile.TemporaryDirectory(dir=path.parent) as place:
            started = time.monotonic()
            count = what(path, Path(place) / "out")
            seconds = time.monotonic() - started
        own, workers = (
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        used = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
        pipe.send((count, seconds, used, own.ru_maxrss, workers.ru_maxrss))  # type: ignore[attr-defined]

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
    process.start()
    count, seconds, used, most, workers = ours.recv()
    process.join()
    assert count == rows_there, f"{name}: {count} rows"
    size = path.stat().st_size / 1e6
    tell(
        f"{name:<28} {seconds:6.1f} s {size / seconds:6.0f} MB/s {count / seconds:9,.0f} rows/s "
        f"{used:6.1f} processor-s  {most / 1024:5.0f} MB"
        + (f" + {workers / 1024:.0f} MB each worker" if workers else "")
    )


def main() -> None:
    """Measure each way on the same file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--others", action="store_true", help="json and ijson as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "train_set.json"
        count = make(path, given.megabytes)
        tell(f"{path.stat().st_size / 1e6:,.0f} MB, {count:,} rows")
        if given.others:
            measured(with_json, path, count, "json, nothing made of it")
            measured(with_ijson, path, count, "ijson, nothing made of it")
        measured(into_records, path, count, "records, 1 process")
        measured(command(1), path, count, "corpus read, 1 worker")
        measured(command(2), path, count, "corpus read, 2 workers")


if __name__ == "__main__":
    main()
