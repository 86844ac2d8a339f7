"""``leaderkit corpus read``: what it recognizes, says, refuses, and goes on without."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from baselines.corpus.execute import Outcome, execute
from baselines.corpus.folder import Corpus
from baselines.corpus.readers.layouts import scan
from baselines.corpus.readers.step import Read, ReadSettings
from submission.errors import InputError

RAW = Path(__file__).parents[3] / "data_sample" / "corpus" / "raw"
ROWS = [{"sn": f"s{n}", "ko": f"벽지 {n}번", "en": f"paper {n}"} for n in range(400)]


def read(out: Path, *paths: Path, workers: int = 1, **settings: Any) -> tuple[Outcome, list[str]]:
    said: list[str] = []
    step = Read(ReadSettings(paths=paths, **settings))
    return execute(step, out, workers=workers, say=said.append), said


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_of_downloads_is_recognized_and_the_reasons_are_told(tmp_path: Path) -> None:
    done, said = read(tmp_path / "out", RAW / "KorQuAD", RAW / "문서요약 텍스트")
    assert done.manifest.counts == {
        "from aihub-97": 3,
        "from korquad-1": 2,
        "from korquad-2": 1,
    }
    assert (
        "KorQuAD/KorQuAD_v1.0_train.json: korquad-1, KorQuAD 1.0: data[] holds 'answers' and its "
        "name has 'KorQuAD_v1'." in said
    )
    listed = [json.loads(line) for line in (done.out / "files.jsonl").read_text().splitlines()]
    assert [each["layout"] for each in listed] == ["korquad-1", "korquad-2", "aihub-97", "aihub-97"]
    assert {file.name for file in done.manifest.others} == {"files.jsonl"}


def test_two_workers_share_a_file_and_write_what_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "PIECE", 2_000)
    monkeypatch.setattr("baselines.corpus.readers.step.TOGETHER", 4_000)
    path = tmp_path / "한-영" / "train.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"data": ROWS}, ensure_ascii=False))
    with zipfile.ZipFile(tmp_path / "한-영" / "valid.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "valid.json")
    one, _ = read(tmp_path / "one", path.parent)
    two, _ = read(tmp_path / "two", path.parent, workers=2)
    assert contents(one.out) == contents(two.out)
    assert len(one.manifest.parts) > 8
    found = [each.facts() or each.id for each in Corpus.open(one.out)]
    assert found == [f"aihub-025:s{n}" for _ in range(2) for n in range(400)]


def test_a_file_of_no_known_layout_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    shutil.copytree(RAW / "KorQuAD", folder)
    (folder / "other.json").write_text(json.dumps({"data": [{"title": "a", "context": "b"}]}))
    with pytest.raises(InputError) as raised:
        read(tmp_path / "out", folder)
    assert "downloads/other.json: no layout fits: it is an object of JSON with 'data'" in str(
        raised.value
    )
    assert "lacks" in str(raised.value)
    assert "--map" in str(raised.value)
    assert not (tmp_path / "out").exists()
    done, _ = read(tmp_path / "out", folder, keep_going=True)
    assert (done.manifest.rows, done.manifest.problems) == (3, 1)
    problem = json.loads((done.out / "problems-00000.jsonl").read_text())
    assert problem["file"] == "downloads/other.json"


def test_only_the_data_sets_that_are_named_are_read(tmp_path: Path) -> None:
    done, _ = read(tmp_path / "out", RAW, only=("korquad-1", "squad"))
    assert done.manifest.counts == {
        "files left out": 34,
        "from korquad-1": 2,
        "from squad": 2,
    }
    with pytest.raises(InputError, match="--only korquad: no file of that layout is there"):
        read(tmp_path / "none", RAW, only=("korquad",))


def test_what_cannot_be_read_is_counted_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    rows: list[Any] = [dict(row) for row in ROWS[:20]]
    del rows[3]["en"]
    rows[8] = None
    rows[12]["ko"] = {"text": "벽지"}
    path.write_text(json.dumps({"data": rows}))
    with pytest.raises(InputError, match=r"train\.json, data\[3\]: 'en' is missing"):
        read(tmp_path / "out", path)
    done, _ = read(tmp_path / "out", path, keep_going=True)
    assert (done.manifest.rows, done.manifest.problems) == (17, 3)
    listed = (done.out / "problems-00000.jsonl").read_text().splitlines()
    assert [json.loads(line)["place"] for line in listed] == ["data[3]", "data[8]", "data[12]"]
    assert "'ko' leads to an object, not to text" in listed[2]


def test_a_layout_of_ones_own_is_read_as_the_shipped_ones_are(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        """
        name = "guestbook"
        title = "A guest book"
        licence = "ours"
        redistribution = true
        [[shapes]]
        task = "qa"
        rows = "pages[]"
        each = "entries[]"
        fields.question = "entries[].asks"
        fields.answers = "entries[].replies[].text | none"
        fields.category = "room"
        """
    )
    path = tmp_path / "book.json"
    entries = [{"asks": "몇 시에 여나요?", "replies": [{"text": "아홉 시요."}]}, {"asks": "왜요?"}]
    path.write_text(json.dumps({"pages": [{"room": "2층", "entries": entries}]}))
    done, _ = read(tmp_path / "out", path, mapping=tmp_path / "mine.toml")
    first, second = Corpus.open(done.out)
    assert (first.id, first.category, first.answers) == (
        "guestbook:book.json:pages[0].entries[0]",
        "2층",
        ("아홉 시요.",),
    )
    assert second.answers == ()
    assert first.licence == "ours (redistribution: yes)"


def test_a_mapping_is_for_the_files_that_it_names(tmp_path: Path) -> None:
    files = RAW.parent / "files"
    shutil.copy(files / "notices.json", tmp_path / "notices.json")
    shutil.copy(RAW / "coqa-train.json", tmp_path / "coqa-train.json")
    done, _ = read(tmp_path / "out", tmp_path, mapping=files / "notices.toml")
    assert done.manifest.counts["from coqa"] == 2
    assert done.manifest.counts["from notices"] == done.manifest.rows - 2 > 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layout": "korqad-1"}, "there is no such layout; there are korquad-1"),
        ({"layout": "squad", "map": {"document": "a"}}, "cannot be given together with 'layout'"),
        ({"layout": "korquad-2"}, "'qas' is missing"),
    ],
)
def test_what_was_told_of_the_files_is_checked(
    settings: dict[str, Any], words: str, tmp_path: Path
) -> None:
    from submission.files.toml import validate

    given = {"paths": [str(RAW / "KorQuAD" / "KorQuAD_v1.0_train.json")], **settings}
    with pytest.raises(InputError, match=words):
        execute(Read(validate(ReadSettings, given, "read")), tmp_path / "out", say=lambda _: None)


def test_a_changed_input_is_another_input(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"data": ROWS[:5]}))
    read(tmp_path / "out", path)
    path.write_text(json.dumps({"data": [*ROWS[:4], {**ROWS[4], "en": "paper 9"}]}))
    with pytest.raises(InputError, match="another input"):
        read(tmp_path / "out", path)
