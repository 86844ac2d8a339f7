"""Data cards, and the check of a folder against what its card and manifest say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from huggingface_hub import DatasetCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baselines.commands.corpus import command
from baselines.corpus import folder as folders
from baselines.corpus.batch import Batch, Sample
from baselines.corpus.card.markdown import fenced, plain
from baselines.corpus.card.text import card_text, manifest_digest, size_category, without_card
from baselines.corpus.card.verify import verify
from baselines.corpus.execute import Applied, execute
from baselines.corpus.folder import Corpus, part_of, read_manifest, write_manifest
from baselines.corpus.record import Record, Source, encoder
from baselines.corpus.steps import Settings, Step

HOSTILE = "| <script>alert(1)</script> [a](javascript:b) ``` \n\n# 제목 \x1b[31m"


class Shorten(Step):
    """Leaves every third record out."""

    name = "shorten"
    about = "Shorten."
    settings_type = Settings

    def apply(self, records: Sequence[Record], first: int) -> Batch:
        batch = Batch()
        for number, record in enumerate(records, start=first):
            if number % 3 == 2:
                batch.drop(record, "third | one")
            else:
                batch.kept.append(record)
                batch.sample("kept", record.id, "question", record.question, HOSTILE)
        return batch


def record(number: int, **more: Any) -> Record:
    return Record(
        id=f"made:{number}",
        source=Source("aihub-97" if number % 2 else "own | set", "a.json", str(number)),
        task="qa",
        question=f"{number}번 벽지는?",
        answers=("풀칠.",),
        licence="AI Hub terms of use" if number % 2 else "CC BY 4.0",
        **more,
    )


def made(tmp_path: Path, records: Sequence[Record], name: str = "out", form: Any = "jsonl") -> Path:
    source = tmp_path / f"{name}.jsonl"
    source.write_bytes(encoder.encode_lines(records))
    first = tmp_path / f"{name}-1"
    work = Applied(Shorten(Settings()), Corpus.open(source))
    execute(work, first, form=form, say=lambda _: None)
    out = tmp_path / name
    execute(Applied(Shorten(Settings()), Corpus.open(first)), out, form=form, say=lambda _: None)
    return out


def front_matter(card: str) -> dict[str, Any]:
    data: Any = DatasetCard(card).data
    found: dict[str, Any] = data.to_dict()
    return found


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "CHUNK", 1_000)
    return made(tmp_path, [record(number) for number in range(18)])


def test_the_card_is_one_the_hub_reads_and_tells_the_whole_chain(out: Path) -> None:
    text = (out / "README.md").read_text("utf-8")
    data = front_matter(text)
    # The keys and names are those of hub-docs' datasetcard.md.
    assert data["license"] == "other"
    assert data["language"] == ["ko"]
    assert data["size_categories"] == ["n<1K"]
    assert data["task_categories"] == ["question-answering"]
    assert data["redistribution"] == "no"
    assert data["configs"][0]["data_files"] == [{"split": "train", "path": "part-*.jsonl"}]
    assert "| 1 | shorten | 18 | 12 | 6 |" in text
    assert "| 2 | shorten | 12 | 8 | 4 |" in text
    assert r"| dropped\: third \| one | 6 |" in text
    assert "| AI Hub terms of use | ko | qa | 4 | no |" in text
    manifest = read_manifest(out)
    assert manifest is not None
    assert manifest.identity["input"] == manifest.history[0].digest


def test_what_data_says_is_no_markup_in_the_card(out: Path) -> None:
    text = (out / "README.md").read_text("utf-8")
    assert "\x1b" not in text
    assert r"own \| set" in text
    # The sample's own fence has three backticks, so that the card's has four.
    sample = "| <script>alert(1)</script> [a](javascript:b) ``` \n\n# 제목 \\x1b[31m"
    assert f"````text\n{sample}\n````" in text


@given(st.text())
def test_no_text_ends_its_cell_or_its_fence(text: str) -> None:
    cell = plain(text)
    assert "\n" not in cell
    assert "|" not in cell.replace("\\\\", "").replace("\\|", "")
    block = fenced(text).split("\n")
    assert block[-1] not in block[1:-1]
    assert not any(line.startswith(block[-1]) for line in block[1:-1])


@pytest.mark.parametrize(
    ("rows", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**12, "n>1T")],
)
def test_sizes_have_the_hubs_names(rows: int, name: str) -> None:
    assert size_category(rows) == name


def test_equal_work_gives_an_equal_card(out: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    again = made(tmp_path / "again", [record(number) for number in range(18)])
    assert (again / "README.md").read_bytes() == (out / "README.md").read_bytes()


def test_a_card_with_a_title_is_verified_too(out: Path) -> None:
    said = ["--title", "도배 <질문>", "--licence", "mit", "--redistribution", "yes"]
    result = CliRunner().invoke(command, ["card", str(out), *said])
    assert result.exit_code == 0, result.output
    data = front_matter((out / "README.md").read_text("utf-8"))
    assert (data["pretty_name"], data["license"]) == ("도배 <질문>", "mit")
    assert data["redistribution"] == "yes"
    assert verify(out).faults == []
    manifest = read_manifest(out)
    assert manifest is not None
    assert card_text(manifest) == (out / "README.md").read_text("utf-8")


def test_a_whole_folder_has_no_fault(out: Path) -> None:
    found = verify(out)
    assert (found.faults, found.rows) == ([], 8)
    assert found.files == len(list(out.iterdir()))


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_whatever_byte_is_changed_its_file_is_named(tmp_path: Path, form: str) -> None:
    folder = made(tmp_path, [record(number) for number in range(6)], form=form)
    files = sorted(folder.iterdir())
    assert verify(folder).faults == []

    @settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.sampled_from(files), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
    def flipped(path: Path, place: float, change: int) -> None:
        data = path.read_bytes()
        at = int(place * len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ change]) + data[at + 1 :])
        try:
            assert path.name in {fault.file for fault in verify(folder).faults}
        finally:
            path.write_bytes(data)

    flipped()


def test_every_fault_is_told_at_once(out: Path) -> None:
    (out / "note.txt").write_text("mine")
    parts = sorted(out.glob("part-*"))
    parts[0].write_bytes(parts[0].read_bytes().replace(b'"qa"', b'"quiz"'))
    parts[1].unlink()
    result = CliRunner().invoke(command, ["verify", str(out), "--json"])
    assert result.exit_code == 1
    faults = {(each["file"], each["message"]) for each in json.loads(result.stdout)["faults"]}
    assert ("note.txt", "is not named in manifest.json") in faults
    assert (parts[1].name, "is missing") in faults
    assert any(file == parts[0].name and "line 1: is no record" in told for file, told in faults)


def test_an_id_given_twice_is_a_fault_with_both_places(tmp_path: Path) -> None:
    records = [record(0), record(1), record(2), record(3), record(0)]
    folder = made(tmp_path, records)
    [fault] = verify(folder).faults
    assert fault.message == "record 3: the id 'made:0' is that of part-00000.jsonl, record 1"


def test_what_was_masked_is_in_no_card(out: Path) -> None:
    manifest = read_manifest(out)
    assert manifest is not None
    secret = Sample("masked", "made:0", "question", "010-1234-5678", "<전화>")
    for step, shown in (("clean", True), ("mask", False)):
        changed = msgspec.structs.replace(manifest, step=step, samples=(secret,))
        text = card_text(changed)
        assert "<전화>" in text
        assert (secret.before in text) == shown


def test_no_place_on_a_machine_is_in_the_card(out: Path) -> None:
    manifest = read_manifest(out)
    assert manifest is not None
    settings = {"urls": ["/home/someone/urls.txt"], "known": {"a": "/srv/data/one"}, "n": 3}
    text = card_text(msgspec.structs.replace(manifest, identity=settings))
    assert "urls.txt" in text
    assert "someone" not in text
    assert "/srv" not in text


def test_a_card_of_another_version_is_held_against_its_digest(out: Path) -> None:
    manifest = read_manifest(out)
    assert manifest is not None
    old = msgspec.structs.replace(manifest, identity={**manifest.identity, "leaderkit": "0.0.1"})
    bare = without_card(old)
    (out / "README.md").write_text(f"# Other words\n\n{manifest_digest(old)}\n")
    others = (*bare.others, part_of(out / "README.md", 0))
    write_manifest(out, msgspec.structs.replace(bare, others=others))
    assert verify(out).faults == []
    write_manifest(out, msgspec.structs.replace(bare, others=others, problems=1))
    assert [fault.file for fault in verify(out).faults] == ["manifest.json"]
