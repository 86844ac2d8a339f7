"""The file that is uploaded, and the manifest beside it."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluators import OfflineEncoder
from submission.cli import run
from submission.competitions import find_competition
from submission.runs.ledger import Ledger
from submission.submit.manifest import manifest_path
from tests.bad_input.world import COMPETITION, files, write

SAMPLES = Path(__file__).parents[3] / "data_sample"
JSON_COMPETITION = """\
name = "qa"
title = "문답"

[test]
id = "id"
question = "input.question"
columns = ["id", "input.question"]

[submission]
format = "json"
id = "id"
answer = "output.answer"

[score]
name = "exact match"
terms = [{ metric = "em" }]
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, files())
    (tmp_path / "out.csv").unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    return tmp_path


def submit(*options: str, competition: str = "shop") -> int:
    return run(["submit", "-c", competition, *options])


FROM_FILE = ("--predictions", "predictions.csv", "--template", "template.csv", "--out", "out.csv")


def test_rows_and_columns_follow_the_template_not_the_predictions(world: Path) -> None:
    write(world, {"predictions.csv": "answer,id\n셋,C\n하나,A\n둘,B\n"})
    assert submit(*FROM_FILE) == 0
    written = pd.read_csv("out.csv")
    assert list(written.columns) == list(pd.read_csv("template.csv").columns)
    assert written["id"].tolist() == ["A", "B", "C"]
    assert written["답변"].tolist() == ["하나", "둘", "셋"]


def test_vectors_are_the_encoders_of_exactly_the_written_text(world: Path) -> None:
    answers = {"A": '쉼표, "따옴표"', "B": " 앞뒤 빈칸 ", "C": "두 줄\n두 줄"}
    pd.DataFrame({"id": answers.keys(), "answer": answers.values()}).to_csv(
        "predictions.csv", index=False
    )
    assert submit(*FROM_FILE) == 0
    written = pd.read_csv("out.csv", keep_default_na=False)
    assert written["답변"].tolist() == list(answers.values())
    expected = OfflineEncoder(4).encode(written["답변"].tolist())
    vectors = written[[f"vec_{number}" for number in range(4)]].to_numpy()
    np.testing.assert_array_equal(vectors.astype(np.float32), expected)


def test_the_sample_submission_has_one_vector_of_512_per_row(world: Path) -> None:
    sample = SAMPLES / "wallpaper"
    made = ["--test", str(sample / "test.csv"), "--train", str(sample / "train.csv")]
    assert run(["generate", "nearest", "-c", "sample-wallpaper", *made, "--run", "near"]) == 0
    template = str(sample / "sample_submission.csv")
    options = ("--run", "near", "--template", template, "--out", "out.csv")
    assert submit(*options, competition="sample-wallpaper") == 0
    written = pd.read_csv("out.csv")
    assert written.shape == (36, 513)
    assert run(["export", "near", "--out", "answers.csv"]) == 0
    texts = pd.read_csv("answers.csv", keep_default_na=False)["answer"].tolist()
    vectors = written.drop(columns="id").to_numpy().astype(np.float32)
    np.testing.assert_array_equal(vectors, OfflineEncoder(512).encode(texts))


@pytest.mark.parametrize("bom", [True, False])
def test_the_byte_order_mark_is_the_organizers(world: Path, bom: bool) -> None:
    declared = COMPETITION.replace('answer = "답변"', f'answer = "답변"\nbom = {str(bom).lower()}')
    write(world, {"shop/competition.toml": declared})
    assert submit(*FROM_FILE) == 0
    assert (world / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf") is bom


class TestJson:
    @pytest.fixture(autouse=True)
    def _competition(self, world: Path) -> None:
        items = [
            {"id": 2, "input": {"question": "둘?"}, "output": {"answer": "", "note": "그대로"}},
            {"id": 1, "input": {"question": "하나?"}, "output": {"answer": "", "note": None}},
        ]
        write(world, {"qa/competition.toml": JSON_COMPETITION,
                      "template.json": json.dumps(items),
                      "predictions.csv": "id,answer\n1,하나\n2,둘\n"})  # fmt: skip

    def test_the_answers_are_filled_into_the_template(self, world: Path) -> None:
        options = (*FROM_FILE[:2], "--template", "template.json", "--out", "out.json")
        assert submit(*options, competition="./qa") == 0
        assert json.loads(Path("out.json").read_text("utf-8")) == [
            {"id": 2, "input": {"question": "둘?"}, "output": {"answer": "둘", "note": "그대로"}},
            {"id": 1, "input": {"question": "하나?"}, "output": {"answer": "하나", "note": None}},
        ]

    @pytest.mark.parametrize("output", ["", None, {}, "left out"])
    def test_a_template_may_leave_the_output_open(self, world: Path, output: object) -> None:
        item = {"id": "1", "output": output, "input": {"question": "하나?"}}
        if output == "left out":
            del item["output"]
        write(
            world, {"template.json": json.dumps([item]), "predictions.csv": "id,answer\n1,하나\n"}
        )
        options = (*FROM_FILE[:2], "--template", "template.json", "--out", "out.json")
        assert submit(*options, competition="./qa") == 0
        (written,) = json.loads(Path("out.json").read_text("utf-8"))
        assert written == {**item, "output": {"answer": "하나"}}


class TestManifest:
    def read(self) -> dict:
        return json.loads(Path("out.csv.manifest.json").read_text("utf-8"))

    def test_it_describes_the_file_it_stands_beside(self, world: Path) -> None:
        assert submit(*FROM_FILE) == 0
        manifest = self.read()
        data, template = (Path(name).read_bytes() for name in ("out.csv", "template.csv"))
        assert manifest["sha256"] == hashlib.sha256(data).hexdigest()
        assert manifest["bytes"] == len(data)
        assert manifest["rows"] == 3
        assert manifest["file"] == "out.csv"
        assert manifest["competition"] == "shop"
        assert manifest["template"]["sha256"] == hashlib.sha256(template).hexdigest()
        assert manifest["source"] == {"kind": "file", "name": "predictions.csv"}
        assert manifest["encoder"]["name"] == "offline"
        assert manifest["encoder"]["dimension"] == 4
        assert {"command", "python", "packages", "created", "leaderkit"} <= manifest.keys()

    def test_it_tells_how_a_run_was_made(self, world: Path) -> None:
        generate = ["--test", "test.csv", "--train", "train.csv", "--run", "near"]
        assert run(["generate", "nearest", "-c", "shop", *generate]) == 0
        assert submit("--run", "near", *FROM_FILE[2:]) == 0
        manifest = self.read()
        with Ledger(Path("ledger.db")) as ledger:
            assert manifest["run"]["fingerprint"] == ledger.run("near").fingerprint
            (kept,) = ledger.submissions("near")
        assert kept["sha256"] == manifest["sha256"]
        assert kept["uploadable"] is True
        assert manifest["run"]["recipe"]["name"] == "nearest"
        assert manifest["run"]["empty"] == 0
        assert manifest["source"] == {"kind": "run", "name": "near"}

    @pytest.mark.parametrize(
        ("competition", "encoder", "uploadable"),
        [
            ("dacon-236216", "offline", False),
            ("dacon-236216", "offline:512", False),
            ("sample-wallpaper", None, True),
            ("sample-wallpaper", "offline", True),
            ("sample-wallpaper", "offline:512", True),
        ],
    )
    def test_only_the_organizers_encoder_may_be_uploaded(
        self, world: Path, competition: str, encoder: str | None, uploadable: bool,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        template = pd.read_csv(SAMPLES / "wallpaper/sample_submission.csv").head(3)
        template.to_csv("template.csv", index=False)
        pd.DataFrame({"id": template["id"], "answer": "벽지"}).to_csv(
            "predictions.csv", index=False
        )
        options = [*FROM_FILE, *(["--encoder", encoder] if encoder else [])]
        assert submit(*options, competition=competition) == 0
        manifest = self.read()
        assert manifest["uploadable"] is uploadable
        assert (manifest["not_for_upload_because"] is None) is uploadable
        assert ("NOT FOR UPLOAD" in capsys.readouterr().out) is not uploadable

    def test_a_score_that_is_a_proxy_does_not_forbid_the_upload(self, world: Path) -> None:
        declared = COMPETITION.replace("[score]\n", '[score]\nproxy = "공개되지 않은 식"\n')
        write(world, {"shop/competition.toml": declared})
        assert submit(*FROM_FILE) == 0
        assert self.read()["uploadable"] is True

    def test_text_needs_no_encoder(self, world: Path) -> None:
        write(world, {"template.csv": "id,answer\nA,\nB,\nC,\n"})
        assert submit(*FROM_FILE, "--encoder", "offline", competition="dacon-236291") == 0
        assert self.read()["uploadable"] is True
        assert "encoder" not in self.read()


def test_json_output_is_one_document(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(*FROM_FILE, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["file"] == "out.csv"
    assert report["manifest"] == "out.csv.manifest.json"
    assert (report["rows"], report["columns"]) == (3, 6)
    assert report["uploadable"] is True
    assert report["findings"] == []


def test_an_empty_answer_is_written_and_ends_with_1(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(world, {"predictions.csv": "id,answer\nA,하나\nB,\nC,셋\n"})
    assert submit(*FROM_FILE, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert [finding["code"] for finding in report["findings"]] == ["text-empty", "vector-zero"]
    assert report["uploadable"] is False
    assert Path("out.csv").is_file()


def test_what_cannot_be_written_is_named_by_the_file_that_was_asked_for(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate = ["--test", "test.csv", "--run", "nul", "--set", "answer=가\0나"]
    assert run(["generate", "constant", "-c", "shop", *generate]) == 0
    assert submit("--run", "nul", *FROM_FILE[2:]) == 2
    assert "Error: out.csv, row 2, column '답변': holds '\\x00'" in capsys.readouterr().err
    assert not list(world.glob("out.csv*"))


def test_nothing_but_the_submission_and_its_manifest_is_left(world: Path) -> None:
    before = {path.name for path in world.iterdir()}
    assert submit(*FROM_FILE) == 0
    new = {path.name for path in world.iterdir()} - before
    assert {name for name in new if not name.startswith("ledger")} == {
        "out.csv",
        "out.csv.manifest.json",
    }


@pytest.mark.parametrize("replaced", [False, True], ids=["new file", "over an older one"])
def test_a_killed_submit_leaves_a_whole_file_with_its_manifest_or_none(
    tmp_path: Path, replaced: bool
) -> None:
    ids = [f"TEST_{number:03}" for number in range(300)]
    columns = find_competition("sample-wallpaper").profile.submission.header
    pd.DataFrame(0, index=ids, columns=columns[1:]).to_csv(tmp_path / "t.csv", index_label="id")
    for name, word in (("old", "타일"), ("new", "벽지")):
        answers = [f"{word} {number}" for number in range(len(ids))]
        pd.DataFrame({"id": ids, "answer": answers}).to_csv(tmp_path / f"{name}.csv", index=False)

    def start(answers: str, folder: str) -> subprocess.Popen[bytes]:
        arguments = ["-c", "sample-wallpaper", "--template", "t.csv", "--ledger", f"{folder}.db"]
        arguments += ["--predictions", f"{answers}.csv", "--out", f"{folder}/out.csv"]
        return subprocess.Popen(
            [sys.executable, "-m", "submission.cli", "submit", *arguments],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    whole: dict[str, bytes] = {}
    for name in ("old", "new"):
        began = time.monotonic()
        assert start(name, f"whole-{name}").wait() == 0
        took = time.monotonic() - began
        whole[name] = (tmp_path / f"whole-{name}" / "out.csv").read_bytes()
    draw = random.Random(0)  # noqa: S311 -- moments, not secrets
    out = tmp_path / "killed" / "out.csv"

    def stamps() -> list[int]:
        return [path.stat().st_ino if path.exists() else 0 for path in (out, manifest_path(out))]

    for number in range(5):
        if replaced:
            shutil.copytree(tmp_path / "whole-old", out.parent, dirs_exist_ok=True)
        else:
            out.unlink(missing_ok=True)
            manifest_path(out).unlink(missing_ok=True)
        before = stamps()
        process = start("new", "killed")
        if number % 2:
            # The moment when the first of the two files is in place.
            while process.poll() is None and stamps() == before:
                pass
        else:
            time.sleep(draw.uniform(0.2, 1.0) * took)
        process.kill()
        process.wait()
        found = out.read_bytes() if out.exists() else None
        assert found in (whole["new"], whole["old"] if replaced else None)
        if found is not None:
            manifest = json.loads(manifest_path(out).read_text("utf-8"))
            # The new manifest may stand beside the old file, which check then tells.
            sums = [hashlib.sha256(data).hexdigest() for data in (found, whole["new"])]
            assert manifest["sha256"] in sums
