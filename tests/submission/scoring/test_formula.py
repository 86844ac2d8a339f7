"""Scores that are more than a sum of terms: groups of rows, code, stand-in models, pairing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluators import EvaluationError, Example, build_metric
from evaluators.metrics.grouped import Group, Grouped
from submission.cli import run
from submission.competitions import Competition, find_competition
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.records.rows import Prediction, Reference
from submission.scoring.formula import _module, build_formula
from submission.scoring.metrics import Models
from submission.scoring.pairing import pair
from submission.scoring.scorer import Scorer

CULTURE = find_competition("nikl-2025-culture")
RAG = find_competition("nikl-2025-rag")
FSKU = find_competition("dacon-236527")


def example(name: str, answer: str, gold: str, **meta: str) -> Example:
    return Example(name, answer, (gold,), meta=meta)


def typed(name: str, answer: str, gold: str, kind: str) -> Example:
    return replace(example(name, answer, gold), meta={"input.question_type": kind})


def test_the_mean_is_over_the_question_types_that_are_there() -> None:
    rows = [
        typed("a", "3", "3", "선다형"), typed("b", "2", "3", "선다형"),
        typed("c", "1", "3", "선다형"), typed("d", "설날", "설#설날", "단답형"),
    ]  # fmt: skip
    scorer = Scorer(CULTURE)
    found = scorer.score(rows)
    assert found.value == pytest.approx(100 * (1 / 3 + 1) / 2)
    assert found.rows == pytest.approx([100, 0, 0, 100])
    assert found.low <= found.value <= found.high
    terms = {term.metric: (term.value, term.n) for term in scorer.terms(rows)}
    assert terms == {"선다형": (pytest.approx(100 / 3), 3), "단답형": (100, 1)}


def test_a_model_that_no_row_asks_for_is_not_loaded() -> None:
    assert "서술형(no rows)" in Scorer(CULTURE).score([typed("a", "3", "3", "선다형")]).signature


def test_a_missing_model_names_the_option_that_helps() -> None:
    scorer = Scorer(CULTURE, models=Models({"bertscore": "/nowhere/model"}))
    with pytest.raises(EvaluationError, match="--metric-model bertscore=PATH"):
        scorer.score([typed("a", "가", "나", "서술형")])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("'돼'가 옳다. 까닭", ("'돼'가 옳다", "까닭")),
        ("“값”이 옳다. 까닭", ("“값”이 옳다", "까닭")),
        ("값이 옳다. 돼가 옳다. 까닭", ("값이 옳다. 돼가 옳다", "까닭")),
        ("둘 다 맞다", ("둘 다 맞다", "")),
    ],
)
def test_the_verdict_is_split_from_its_reason(text: str, parts: tuple[str, str]) -> None:
    assert _module(Path(RAG.folder) / "scoring.py").split(text) == parts


def test_choices_and_open_answers_weigh_half_each() -> None:
    rows = [
        example("a", "정답은 2번", "2"), example("b", "1", "2"),
        example("c", "법", "법", keywords="법|원칙"),
    ]  # fmt: skip
    scorer = Scorer(FSKU, "offline")
    # Half of the choices, all of the cosine, one keyword of two: 0.5 * 0.5 + 0.5 * (0.6 + 0.2).
    found = scorer.score(rows)
    assert (found.value, found.proxy) == (pytest.approx(0.65), True)
    assert "keywords" in str(scorer.proxy_reason)
    names = [term.metric for term in scorer.terms(rows)]
    assert names == ["choice", "open", "open.cosine", "open.keyword-recall"]


def test_a_group_without_rows_may_score_zero() -> None:
    groups = [
        Group("one", lambda: build_metric("em:rule=nikl"), lambda row: row),
        Group("none", lambda: build_metric("bleurt"), lambda row: None),
    ]
    rows = [example("a", "가", "가")]
    assert Grouped(groups, "g", "skip").resample(rows, resamples=9, seed=0)[0] == 1.0
    assert Grouped(groups, "g", "zero").resample(rows, resamples=9, seed=0)[0] == 0.5
    with pytest.raises(EvaluationError, match="no row belongs to none"):
        Grouped(groups[1:], "g").rows(rows)
    assert np.isnan(Grouped(groups[1:], "g").from_sums(np.zeros((1, 2)))).all()


def test_position_pairing_wants_the_references_order() -> None:
    references = [Reference("a", ("1",), ""), Reference("b", ("2",), "")]
    turned = [Prediction("b", "2"), Prediction("a", "1")]
    with pytest.raises(InputError, match="answer 1: its id is 'b' where the references have 'a'"):
        pair(CULTURE.profile.score, turned, references, "file")
    with pytest.raises(InputError, match="1 answers and there are 2 references"):
        pair(CULTURE.profile.score, turned[:1], references, "file")
    assert [row.id for row in pair(FSKU.profile.score, turned, references, "file")] == ["a", "b"]


def test_a_missing_answer_counts_as_empty_where_declared() -> None:
    references = [Reference("a", ("1",), ""), Reference("b", ("2",), "")]
    korquad2 = find_competition("korquad2").profile.score
    assert [r.answer for r in pair(korquad2, [Prediction("b", "2")], references, "f")] == ["", "2"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "there is no such file"),
        ("x = 1", "has no function formula"),
        ("1 / 0", "ZeroDivisionError"),
        ("def formula(part):\n    return 3", "returned int, not a metric"),
    ],
)
def test_code_that_cannot_be_used(tmp_path: Path, code: str | None, message: str) -> None:
    if code is not None:
        (tmp_path / "scoring.py").write_text(code, encoding="utf-8")
    contest = Competition(profile=RAG.profile, folder=str(tmp_path))
    with pytest.raises(InputError, match=message):
        build_formula(contest, build_metric)


def test_code_is_only_taken_from_the_folder_itself() -> None:
    declared = RAG.profile.model_dump()
    declared["score"]["code"] = "../scoring.py"
    with pytest.raises(ValueError, match="own folder"):
        Profile.model_validate(declared)


def test_a_stand_in_model_makes_a_proxy_and_a_copy_does_not(tmp_path: Path) -> None:
    from evaluators import parse_spec

    copy = tmp_path / "models--google--bert" / "snapshots" / "x"
    copy.mkdir(parents=True)
    spec = parse_spec("bertscore:model=google/bert,layer=9")
    same = Models({"bertscore": str(copy)})
    other = Models({"bertscore": str(tmp_path)}, fast=True)
    assert same.stand_in(spec) is None
    assert dict(same.apply(spec).options)["layer"] == "9"
    assert "instead of 'google/bert'" in str(other.stand_in(spec))
    assert dict(other.apply(spec).options) == {"model": str(tmp_path), "fast": "1"}
    with pytest.raises(InputError, match="METRIC one of bertscore, bleurt, comet"):
        Models.read(["em=x"])


class TestCommand:
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
        Path("r.csv").write_text("key,gold,kind\nA,가 나,x\nB,다,y\nC,라,y\n", encoding="utf-8")
        lines = [{"key": "C", "answer": "라"}, {"key": "A", "answer": "가"}]
        lines.append({"key": "B", "answer": "마"})
        Path("p.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    FILES = ("--predictions", "p.jsonl", "--references", "r.csv", "--id-column", "key")

    def test_any_predictions_against_any_references(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        more = ["--reference-column", "gold", "--metric", "jaccard", "--metric", "em", "--json"]
        assert run(["score", *self.FILES, *more, "--by", "kind"]) == 0
        printed = json.loads(capsys.readouterr().out)
        values = {each["metric"]: each["value"] for each in printed["scores"]}
        assert values == {"jaccard": pytest.approx(0.5), "em": pytest.approx(1 / 3)}
        groups = printed["by"]["groups"]
        assert [(each["value"], each["rows"]) for each in groups] == [("x", 1), ("y", 2)]
        assert [score["value"] for score in groups[1]["scores"]] == [0.5, 0.5]

    def test_without_a_competition_a_metric_is_needed(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["score", *self.FILES]) == 2
        assert "--metric" in capsys.readouterr().err

    def test_a_breakdown_by_what_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        more = ["--reference-column", "gold", "--metric", "em", "--by", "colour"]
        assert run(["score", *self.FILES, *more]) == 2
        assert "no such column" in capsys.readouterr().err

    def test_metrics_are_listed_with_options_and_needs(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["metrics", "--json"]) == 0
        listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
        assert listed["em"]["needs"] == "nothing"
        assert "rule" in [option["name"] for option in listed["em"]["options"]]
        assert run(["metrics"]) == 0
        assert "keyword-recall" in capsys.readouterr().out


def test_an_answer_of_another_length_than_its_input_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in {
        "test.csv": "ID,input\nT1,녀뮤\nT2,쵝오\n",
        "template.csv": "ID,output\nT1,\nT2,\n",
        "s.csv": "ID,output\nT1,너무\nT2,최고다\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = ["--submission", str(tmp_path / "s.csv"), "--template", str(tmp_path / "template.csv")]
    assert run(["check", "-c", "dacon-236446", *files]) == 0
    assert run(["check", "-c", "dacon-236446", *files, "--test", str(tmp_path / "test.csv")]) == 1
    assert "text-length: 1 answers are not as long as their 'input'; first in row 3" in (
        capsys.readouterr().out
    )
