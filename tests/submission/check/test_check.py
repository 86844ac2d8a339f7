"""Every finding of a check, alone and with others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaluators import OfflineEncoder
from submission.check import Finding, check_submission
from submission.check import file as check_file
from submission.check.findings import ERRORS
from submission.cli import run
from submission.competitions import find_competition
from submission.competitions.profile import Profile
from submission.files.toml import read_toml, validate
from submission.tables import write_csv
from tests.bad_input.world import ANSWERS, COMPETITION, VECTORS, submission, with_cell
from tests.submission.contests import profile_of

SOURCES = Path(check_file.__file__).parent
SEASON_3 = find_competition("dacon-236455").profile
TEXTS = ["안전교육을 실시한다.", "난간을 설치하고 점검한다.", "작업 전 장비를 점검한다."]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    path = tmp_path / "competition.toml"
    path.write_text(COMPETITION, encoding="utf-8")
    return validate(Profile, read_toml(path), "competition.toml")


@pytest.fixture
def found(tmp_path: Path, profile: Profile) -> Callable[..., list[Finding]]:
    def check(content: str | bytes, name: str = "s.csv", **options: Any) -> list[Finding]:
        path, template = tmp_path / name, tmp_path / "template.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        template.write_text(submission(), encoding="utf-8")
        return check_submission(profile, path, template, encoder=OfflineEncoder(4), **options)

    return check


MUTATIONS = {
    "suffix": (submission().replace(",", "\t"), ("error", None, None, 1)),
    "unreadable": (b"", ("error", None, None, 1)),
    "bom": (b"\xef\xbb\xbf" + submission().encode(), ("warning", None, None, 1)),
    "encoding": (submission().encode("cp949"), ("error", None, None, 1)),
    "columns-missing": (
        "".join(line.rsplit(",", 2)[0] + "\n" for line in submission().splitlines()),
        ("error", None, "vec_2", 2),
    ),
    "columns-extra": (
        "".join(f"{line},비고\n" for line in submission().splitlines()),
        ("error", None, "비고", 1),
    ),
    "columns-order": (
        submission(header=f"답변,id,{VECTORS}"),
        ("error", None, "답변", 1),
    ),
    "row-count": (submission({"A": ANSWERS["A"]}), ("error", None, None, 1)),
    "ids-missing": (submission({"A": ANSWERS["A"]}), ("error", None, "id", 2)),
    "ids-unknown": (with_cell(3, 0, "X"), ("error", 3, "id", 1)),
    "ids-duplicate": (with_cell(4, 0, "A"), ("error", 4, "id", 1)),
    "ids-order": (submission({key: ANSWERS[key] for key in "ACB"}), ("error", 3, "id", 2)),
    "text-empty": (with_cell(3, 1, " "), ("error", 3, "답변", 1)),
    "text-marks": (with_cell(2, 1, "종이입니다.</s>"), ("warning", 2, "답변", 1)),
    "text-pieces": (with_cell(2, 1, "종이▁입니다."), ("warning", 2, "답변", 1)),
    "text-replaced": (with_cell(2, 1, "종이입니�"), ("warning", 2, "답변", 1)),
    "text-decomposed": (with_cell(2, 1, "종이입니다."), ("warning", 2, "답변", 1)),
    "text-invisible": (with_cell(2, 1, "종이​입니다."), ("warning", 2, "답변", 1)),
    "text-direction": (with_cell(2, 1, "종이‮입니다."), ("warning", 2, "답변", 1)),
    "text-control": (with_cell(2, 1, "종이입니다."), ("warning", 2, "답변", 1)),
    "text-newline": (with_cell(2, 1, '"종이\n입니다."'), ("warning", 2, "답변", 1)),
    "vector-not-a-number": (with_cell(3, 3, "x"), ("error", 3, "vec_1", 1)),
    "vector-not-finite": (with_cell(4, 2, "NaN"), ("error", 4, "vec_0", 1)),
    "vector-zero": (submission(vectors=[[0] * 4] * 3), ("error", 2, None, 3)),
    "vector-not-of-text": (submission(vectors=[[1, 0, 0, 0]] * 3), ("error", 2, None, 3)),
}


@pytest.mark.parametrize("code", MUTATIONS)
def test_a_finding_has_its_severity_and_place(
    code: str, found: Callable[..., list[Finding]]
) -> None:
    content, expected = MUTATIONS[code]
    findings = found(content, "s.tsv" if code == "suffix" else "s.csv")
    (finding,) = [each for each in findings if each.code == code]
    assert (finding.severity, finding.row, finding.column, finding.count) == expected


def test_every_code_is_tried_here() -> None:
    text = "".join(path.read_text("utf-8") for path in SOURCES.glob("*.py"))
    codes = set(re.findall(r'(?:error|warning|found|make)\(\s*"([a-z-]+)"', text))
    codes |= set(re.findall(r'(?:error|warning),\s*"([a-z-]+)"', text))
    codes |= set(re.findall(r'_(?:Fault|Difference)\(\s*"([a-z-]+)"', text))
    codes |= set(re.findall(r'Leftover\(\s*"([a-z-]+)"', text))
    codes |= {"vector-not-a-number", "vector-not-finite"}
    elsewhere = {"size", "vector-unverified", "manifest", "not-for-upload", "text-length"}
    elsewhere |= {"kept-changed", "ids-type", "answer-type", "label-unknown", "list-repeats"}
    elsewhere |= {"list-length", "list-short", "probability", "probability-sum"}
    elsewhere |= {"text-na", "text-as-number", "scorer-stops"}
    assert codes == set(MUTATIONS) | elsewhere


def test_a_good_file_has_no_finding(found: Callable[..., list[Finding]]) -> None:
    assert found(submission()) == []


def test_the_size_limit_is_the_upload_interfaces(
    found: Callable[..., list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # DACON's upload takes at most 104,857,601 bytes.
    assert check_file.UPLOAD_LIMIT == 104_857_601
    size = len(submission().encode())
    monkeypatch.setattr(check_file, "UPLOAD_LIMIT", size)
    assert found(submission()) == []
    monkeypatch.setattr(check_file, "UPLOAD_LIMIT", size - 1)
    assert [each.code for each in found(submission())] == ["size"]


def test_everything_wrong_is_said_at_once(found: Callable[..., list[Finding]]) -> None:
    broken = (
        f"\ufeff답변,id,{VECTORS},비고\n"
        "</s>,A,1,2,3,4,\n"
        ",A,x,nan,3,4,\n"
        "셋,Z,0,0,0,0,\n"
        "넷,Y,1,1,1,1,\n"
    )
    codes = {finding.code for finding in found(broken)}
    assert codes == {
        "bom", "columns-extra", "row-count", "ids-duplicate", "ids-missing", "ids-unknown",
        "text-empty", "text-marks", "vector-not-a-number", "vector-not-finite", "vector-zero",
    }  # fmt: skip


@pytest.mark.parametrize(
    "mark", ["</s>", "<s>", "<eos>", "<|eot_id|>", "<|im_end|>", "<start_of_turn>", "[/INST]"]
)
def test_marks_of_language_models_are_seen(found: Callable[..., list[Finding]], mark: str) -> None:
    codes = [each.code for each in found(with_cell(2, 1, f"종이{mark}"))]
    assert "text-marks" in codes


@pytest.mark.parametrize("text", ["3 < 5 이고 7 > 5", "<벽지>", "[1] 종이", "a|b"])
def test_ordinary_brackets_are_no_marks(found: Callable[..., list[Finding]], text: str) -> None:
    assert "text-marks" not in [each.code for each in found(with_cell(2, 1, text))]


class TestTextAndVectors:
    """Season 3 submits both, and the vectors must come from the text."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        zeros: list[list[str | int]] = [[f"TEST_{row}", "", *[0] * 768] for row in range(3)]
        write_csv(tmp_path / "template.csv", SEASON_3.submission.header, zeros, bom=True)
        return tmp_path

    def write(self, folder: Path, texts: list[str], vectors: list[str]) -> Path:
        encoded = OfflineEncoder(768).encode(vectors)
        rows = [[f"TEST_{row}", text, *encoded[row]] for row, text in enumerate(texts)]
        write_csv(folder / "s.csv", SEASON_3.submission.header, rows, bom=True)
        return folder / "s.csv"

    def check(self, folder: Path, *options: str) -> int:
        files = ["--submission", str(folder / "s.csv"), "--template", str(folder / "template.csv")]
        return run(["check", "-c", "dacon-236455", *files, *options])

    def test_the_texts_own_vectors_pass(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.write(folder, TEXTS, TEXTS)
        assert self.check(folder, "--encoder", "offline", "--json") == 0
        assert json.loads(capsys.readouterr().out) == {"ok": True, "findings": []}

    def test_vectors_of_other_texts_are_found(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.write(folder, TEXTS, [TEXTS[0], TEXTS[2], TEXTS[1]])
        assert self.check(folder, "--encoder", "offline:768") == 1
        assert "2 vectors are not those of their row's text" in capsys.readouterr().out

    def test_one_centroid_for_all_is_found_with_and_without_the_encoder(self, folder: Path) -> None:
        path = self.write(folder, TEXTS, TEXTS)
        frame = pd.read_csv(path)
        columns = SEASON_3.submission.header[2:]
        frame[columns] = frame[columns].mean().to_numpy()
        frame.to_csv(path, index=False, encoding="utf-8-sig")
        assert self.check(folder) == 1
        assert self.check(folder, "--encoder", "offline") == 1

    def test_one_text_with_two_vectors_is_found(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.write(folder, [TEXTS[0], TEXTS[0], TEXTS[2]], TEXTS)
        assert self.check(folder) == 1
        assert "hold the same text with different vectors" in capsys.readouterr().out

    def test_without_the_encoder_it_says_what_was_not_checked(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.write(folder, TEXTS, TEXTS)
        assert self.check(folder, "--json") == 0
        (finding,) = json.loads(capsys.readouterr().out)["findings"]
        assert (finding["severity"], finding["code"]) == ("warning", "vector-unverified")

    def test_texts_that_differ_in_spaces_and_case_may_share_a_vector(self, folder: Path) -> None:
        # Encoders' tokenizers drop both: an honest submission must pass.
        texts = ["PVC 난간을 설치한다.", "pvc 난간을 설치한다. ", TEXTS[2]]
        self.write(folder, texts, [texts[0], texts[0], texts[2]])
        assert self.check(folder) == 0

    def test_low_bits_of_a_vector_may_differ(self, folder: Path) -> None:
        path = self.write(folder, TEXTS, TEXTS)
        frame = pd.read_csv(path)
        frame.to_csv(path, index=False, encoding="utf-8-sig", float_format="%.4f")
        assert self.check(folder, "--encoder", "offline") == 0


class TestFinal:
    """Whether the file may be uploaded."""

    @pytest.fixture
    def written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        monkeypatch.chdir(tmp_path)
        template = Path(__file__).parents[3] / "data_sample/wallpaper/sample_submission.csv"
        pd.read_csv(template).head(2).to_csv("template.csv", index=False)
        Path("p.csv").write_text("id,answer\nTEST_000,종이\nTEST_001,벽\n", encoding="utf-8")

        def make(competition: str) -> None:
            files = ["--predictions", "p.csv", "--template", "template.csv", "--out", "s.csv"]
            options = ["--ledger", "l.db", "--encoder", "offline"]
            assert run(["submit", "-c", competition, *files, *options]) == 0

        return make

    def check(self, competition: str, *options: str) -> int:
        files = ["--submission", "s.csv", "--template", "template.csv"]
        return run(["check", "-c", competition, *files, *options])

    def test_the_organizers_encoder_passes(self, written: Callable[[str], None]) -> None:
        written("sample-wallpaper")
        assert self.check("sample-wallpaper", "--final") == 0

    def test_a_proxy_warns_and_finally_fails(
        self, written: Callable[[str], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        written("dacon-236216")
        capsys.readouterr()
        assert self.check("dacon-236216", "--json") == 0
        (finding,) = json.loads(capsys.readouterr().out)["findings"]
        assert (finding["severity"], finding["code"]) == ("warning", "not-for-upload")
        assert "encoder 'offline' instead of" in finding["message"]
        assert self.check("dacon-236216", "--final", "--json") == 1
        report = json.loads(capsys.readouterr().out)
        assert report["ok"] is False
        assert report["findings"][0]["severity"] == "error"

    def test_a_file_changed_by_hand_warns_and_finally_fails(
        self, written: Callable[[str], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        written("sample-wallpaper")
        Path("s.csv").write_bytes(Path("s.csv").read_bytes().replace(b"\n", b"\r\n"))
        assert self.check("sample-wallpaper") == 0
        assert "not the one that s.csv.manifest.json was written for" in capsys.readouterr().out
        assert self.check("sample-wallpaper", "--final") == 1

    def test_a_file_written_for_another_competition_warns_and_finally_fails(
        self, written: Callable[[str], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        written("sample-wallpaper")
        assert self.check("dacon-236216") == 0
        assert "written for 'sample-wallpaper', not for 'dacon-236216'" in capsys.readouterr().out
        assert self.check("dacon-236216", "--final") == 1

    def test_a_missing_manifest_only_matters_finally(
        self, written: Callable[[str], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        written("sample-wallpaper")
        Path("s.csv.manifest.json").unlink()
        assert self.check("sample-wallpaper") == 0
        assert self.check("sample-wallpaper", "--final") == 1
        assert "No manifest s.csv.manifest.json" in capsys.readouterr().out

    @pytest.mark.parametrize("manifest", ["", "[]", "{}", '"text"', '{"uploadable": true}'])
    def test_a_manifest_that_cannot_be_read_fails(
        self, written: Callable[[str], None], manifest: str
    ) -> None:
        written("sample-wallpaper")
        Path("s.csv.manifest.json").write_text(manifest, encoding="utf-8")
        assert self.check("sample-wallpaper", "--final") == 1

    def test_only_true_means_uploadable(self, written: Callable[[str], None]) -> None:
        written("sample-wallpaper")
        path = Path("s.csv.manifest.json")
        manifest = json.loads(path.read_text("utf-8")) | {"uploadable": "false"}
        path.write_text(json.dumps(manifest), encoding="utf-8")
        assert self.check("sample-wallpaper", "--final") == 1


def test_the_json_report_has_one_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("id,answer\nA,\n", encoding="utf-8")
    (tmp_path / "s.csv").write_text("id,answer\nA,</s>\nB,\n", encoding="utf-8")
    files = ["--submission", str(tmp_path / "s.csv"), "--template", str(tmp_path / "t.csv")]
    assert run(["check", "-c", "dacon-236291", *files, "--json"]) == 1
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert report.keys() == {"ok", "findings"}
    assert report["ok"] is False
    for finding in report["findings"]:
        assert finding.keys() == {"severity", "code", "message", "row", "column", "count"}
    assert [finding["code"] for finding in report["findings"]] == [
        "row-count", "ids-unknown", "text-empty", "text-marks",
    ]  # fmt: skip
    assert "4 finding(s)" not in shown.err
    assert "3 finding(s) make it unfit" in shown.err


def test_an_encoder_is_not_asked_for_where_there_are_no_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERKIT_ENCODER", "offline")
    path = tmp_path / "s.csv"
    path.write_text("id,answer\nA,답\n", encoding="utf-8")
    files = ["--submission", str(path), "--template", str(path)]
    assert run(["check", "-c", "dacon-236291", *files]) == 0


class TestJson:
    @pytest.fixture
    def check(self, tmp_path: Path) -> Callable[[object], list[str]]:
        declared = (
            'name = "qa"\ntitle = "qa"\n[test]\nid = "id"\nquestion = "q"\ncolumns = ["id", "q"]\n'
            '[submission]\nformat = "json"\nid = "id"\nanswer = "output.answer"\n'
            '[score]\nname = "em"\nterms = [{ metric = "em" }]\n'
        )
        profile = profile_of(tmp_path, declared)
        template = tmp_path / "template.json"
        template.write_text(json.dumps([{"id": "a", "q": "?"}, {"id": "b", "q": "?"}]))

        def codes(items: object) -> list[str]:
            path = tmp_path / "s.json"
            path.write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
            return [each.code for each in check_submission(profile, path, template)]

        return codes

    def item(self, name: str, answer: str = "답", **more: str) -> dict:
        return {"output": {"answer": answer}, "id": name, "q": "?", **more}

    def test_the_order_of_keys_is_free(self, check: Callable[[object], list[str]]) -> None:
        assert check([self.item("a"), self.item("b")]) == []

    def test_the_order_of_items_is_not(self, check: Callable[[object], list[str]]) -> None:
        # The 2025 scorers of 국립국어원 pair answers by position.
        assert check([self.item("b"), self.item("a")]) == ["ids-order"]

    def test_an_output_left_out_and_a_key_too_many(
        self, check: Callable[[object], list[str]]
    ) -> None:
        assert check([{"id": "a", "q": "?"}, {"id": "b", "q": "?"}]) == ["columns-missing"]
        assert check([self.item("a", note="x"), self.item("b", note="x")]) == ["columns-extra"]

    def test_an_empty_answer_and_broken_json(self, check: Callable[[object], list[str]]) -> None:
        assert check([self.item("a"), self.item("b", "")]) == ["text-empty"]
        assert check({"id": "a"})[0] == "unreadable"


def test_every_error_is_among_the_known_ones() -> None:
    errors = {code for code, (_, expected) in MUTATIONS.items() if expected[0] == "error"}
    assert errors <= ERRORS
    sources = "".join(path.read_text("utf-8") for path in SOURCES.glob("*.py"))
    # Written once in their list, and where they are found.
    assert [code for code in ERRORS if sources.count(f'"{code}"') < 2] == []
