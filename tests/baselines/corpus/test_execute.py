"""Running a step: the same bytes for any number of workers, after kills, and when told twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from baselines.corpus import folder as folders
from baselines.corpus.batch import Batch
from baselines.corpus.execute import JOURNAL, Applied, Outcome, execute
from baselines.corpus.folder import Corpus, read_manifest
from baselines.corpus.on_ray import HERE, OnRay
from baselines.corpus.record import Record, Source, encoder, meta
from baselines.corpus.steps import Settings, Step
from submission.errors import InputError


class Without(Settings):
    letter: str = "7"
    pause: float = 0.0


class DropLetter(Step):
    """Leaves out the questions with a letter in them, and writes the others in capitals."""

    name = "drop-letter"
    about = "Drop."
    settings_type = Without
    settings: Without

    def apply(self, records: Sequence[Record], first: int) -> Batch:
        batch = Batch()
        time.sleep(self.settings.pause)
        for number, record in enumerate(records, start=first):
            if self.settings.letter in record.question:
                batch.drop(record, "has it", str(number))
                continue
            new = record.with_texts(lambda _, text: text.upper())
            batch.counts["changed"] += new is not record
            batch.kept.append(new)
        return batch


def record(number: int) -> Record:
    return Record(
        id=f"made:{number}",
        source=Source("made", "made.jsonl", str(number)),
        task="qa",
        question=f"벽지 {number}번은 왜 우나요? abc",
        answers=("말립니다.",),
        meta=meta({"n": number}),
    )


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setattr(folders, "CHUNK", 2_000)
    path = tmp_path / "in.jsonl"
    path.write_bytes(encoder.encode_lines([record(n) for n in range(200)]))
    return Corpus.open(path)


def apply(
    corpus: Corpus, out: Path, workers: int = 1, ray: OnRay | None = None, **settings: object
) -> Outcome:
    step = DropLetter(Without(**settings))  # type: ignore[arg-type]
    return execute(Applied(step, corpus), out, workers=workers, say=lambda _: None, ray=ray)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_workers_write_what_one_writes(corpus: Corpus, tmp_path: Path) -> None:
    one = apply(corpus, tmp_path / "one")
    two = apply(corpus, tmp_path / "two", workers=2)
    assert len(corpus.chunks) > 10
    assert contents(one.out) == contents(two.out)
    sevens = sum("7" in str(n) for n in range(200))
    assert (one.manifest.rows, one.manifest.dropped) == (200 - sevens, {"has it": sevens})
    assert one.manifest.counts == {"changed": 200 - sevens}
    kept = list(Corpus.open(one.out))
    assert [each.facts()["n"] for each in kept] == [n for n in range(200) if "7" not in str(n)]
    assert kept[0].question.endswith("ABC")


class WhoWorks(DropLetter):
    name = "who-works"

    def apply(self, records: Sequence[Record], first: int) -> Batch:
        batch = super().apply(records, first)
        batch.counts["here" if os.getpid() == self.made_in else "elsewhere"] += 1
        return batch

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.made_in = os.getpid()


class WorksHere(WhoWorks):
    in_process = True


@pytest.mark.parametrize(("kind", "where"), [(WhoWorks, "elsewhere"), (WorksHere, "here")])
def test_a_step_that_holds_a_model_stays_in_its_own_process(
    kind: type[WhoWorks], where: str, corpus: Corpus, tmp_path: Path
) -> None:
    work = Applied(kind(Without()), corpus)
    counts = execute(work, tmp_path / "out", workers=2, say=lambda _: None).manifest.counts
    assert {name: count for name, count in counts.items() if name != "changed"} == {
        where: len(corpus.chunks)
    }


def test_parquet_holds_the_same_records(corpus: Corpus, tmp_path: Path) -> None:
    lines = apply(corpus, tmp_path / "lines")
    step = DropLetter(Without())
    table = execute(Applied(step, corpus), tmp_path / "table", form="parquet", say=lambda _: None)
    assert list(Corpus.open(table.out)) == list(Corpus.open(lines.out))


def test_finished_work_is_not_done_again_and_other_work_is_refused(
    corpus: Corpus, tmp_path: Path
) -> None:
    first = apply(corpus, tmp_path / "out")
    again = apply(corpus, tmp_path / "out")
    assert again.manifest == first.manifest
    with pytest.raises(InputError, match="letter was '7', is '8'"):
        apply(corpus, tmp_path / "out", letter="8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        apply(corpus, tmp_path / "full")
    assert contents(tmp_path / "full") == {"mine.txt": b"mine"}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_step_goes_on_and_ends_in_the_same_bytes(
    workers: int, corpus: Corpus, tmp_path: Path
) -> None:
    whole = contents(apply(corpus, tmp_path / "whole").out)
    out = tmp_path / "out"
    code = f"""
    from pathlib import Path
    from baselines.corpus import folder
    folder.CHUNK = 2_000
    from tests.baselines.corpus.test_execute import apply
    apply(folder.Corpus.open(Path({str(corpus.path)!r})), Path({str(out)!r}), {workers}, pause=0.02)
    """
    chance, journal, kills = Random(7), out / JOURNAL, 0  # noqa: S311
    while read_manifest(out) is None:
        noted = size(journal)
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
        while process.poll() is None and size(journal) <= noted:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        assert kills < 60
    assert kills > 1
    # "pause" is a setting of this test: all but what manifest and card say of it is equal.
    found = contents(out)
    saying = {"manifest.json", "README.md"}
    assert {k: v for k, v in found.items() if k not in saying} == {
        k: v for k, v in whole.items() if k not in saying
    }
    assert not list(out.glob(".*"))


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    good = encoder.encode(record(1))
    path.write_bytes(good + b"\n" + good.replace(b'"qa"', b'"quiz"') + b"\n")
    with pytest.raises(InputError, match=r"in\.jsonl, line 2: is no record.*task"):
        apply(Corpus.open(path), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed")
def test_ray_writes_what_one_process_writes_and_names_a_bad_record(
    corpus: Corpus, tmp_path: Path
) -> None:
    one = apply(corpus, tmp_path / "one")
    with OnRay(HERE, 2) as ray:
        over_ray = apply(corpus, tmp_path / "ray", ray=ray)
        assert contents(over_ray.out) == contents(one.out)

        corpus.path.write_bytes(corpus.path.read_bytes().replace(b'"made:150"', b"150"))
        with pytest.raises(InputError, match=r"in\.jsonl, line 151: is no record"):
            apply(Corpus.open(corpus.path), tmp_path / "bad", ray=ray)
