"""The organizer's formula over answers, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluators import EvaluationError, Example, OfflineEncoder
from evaluators.base import References
from submission.cli import run
from submission.competitions import Competition, find_competition
from submission.competitions.profile import Profile
from submission.records.rows import Prediction, Reference
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer

SAMPLES = Path(__file__).parents[3] / "data_sample"
SEASON_2 = find_competition("dacon-236216")
SEASON_3 = find_competition("dacon-236455")
NEWS = find_competition("dacon-236291")


def changed(competition: Competition, **tables: object) -> Competition:
    """The competition with keys of its declaration replaced."""
    declared = competition.profile.model_dump() | tables
    return Competition(profile=Profile.model_validate(declared), folder=competition.folder)


def examples(*rows: tuple[str, tuple[str, ...]]) -> list[Example]:
    return [Example(str(number), answer, golds) for number, (answer, golds) in enumerate(rows)]


def jaccard(**score: object) -> Competition:
    formula = {"name": "jaccard", "terms": [{"metric": "jaccard"}], **score}
    return changed(NEWS, score=formula)


def test_character_f1_is_shown_in_percent() -> None:
    # 서울 against 서울특별시: precision 2/2, recall 2/5, F1 4/7; the other row is right.
    score = Scorer(NEWS).score(examples(("서울", ("서울특별시",)), ("12만명", ("12만 명",))))
    assert score.value == pytest.approx(100 * (4 / 7 + 1) / 2)
    assert score.rows == pytest.approx([100 * 4 / 7, 100])
    assert score.low <= score.value <= score.high
    assert (score.n, score.direction, score.proxy) == (2, "higher", False)


def test_season_3_weighs_cosine_and_jaccard() -> None:
    # The same words in another order: jaccard 1, whatever the cosine c is: 0.7 c + 0.3.
    scorer = Scorer(SEASON_3, "offline")
    rows = examples(
        ("안전 교육 실시", ("안전 교육 실시",)), ("실시 안전 교육", ("안전 교육 실시",))
    )
    one, two = OfflineEncoder(768).encode(["실시 안전 교육", "안전 교육 실시"]).astype(np.float64)
    cosine = one @ two / np.linalg.norm(one) / np.linalg.norm(two)
    score = scorer.score(rows)
    assert score.rows == pytest.approx([1.0, 0.7 * cosine + 0.3], abs=1e-6)
    assert [term.metric for term in scorer.terms(rows)] == ["cosine", "jaccard"]
    assert [term.value for term in scorer.terms(rows)] == pytest.approx([(1 + cosine) / 2, 1])


def test_a_formula_of_one_term_has_no_terms_of_its_own() -> None:
    assert Scorer(NEWS).terms(examples(("가", ("가",)))) == []


@pytest.mark.parametrize(
    ("rule", "expected"), [("first", 0.5), ("mean", (0.5 + 1 + 0) / 3), ("max", 1.0)]
)
def test_several_references_are_combined_as_asked(rule: References, expected: float) -> None:
    # "가 나" shares one word of two with "가", both with itself, none with "다".
    golds = ("가", "가 나", "다")
    declared = Scorer(jaccard(references=rule)).score(examples(("가 나", golds)))
    asked = Scorer(jaccard(references="first"), references_by=rule)
    assert declared.value == pytest.approx(expected)
    assert asked.score(examples(("가 나", golds))).value == pytest.approx(expected)


def test_the_direction_is_the_declared_one() -> None:
    assert Scorer(jaccard(direction="lower")).score(examples(("가", ("가",)))).direction == "lower"


def test_given_vectors_are_scored_as_they_are() -> None:
    # Hand-made: the reference's vector turned by 60 degrees within a plane has cosine 1/2, its
    # opposite scores 0 after clipping, a longer copy 1, a zero vector 0.
    gold = "벽에 바르는 종이"
    vector = OfflineEncoder(512).encode([gold])[0].astype(np.float64)
    other = np.zeros(512)
    other[np.flatnonzero(vector == 0)[0]] = 1.0
    turned = 0.5 * vector / np.linalg.norm(vector) + np.sqrt(0.75) * other
    given = [turned, -vector, 3 * vector, np.zeros(512)]
    rows = [
        Example(str(number), "", (gold,), each.astype(np.float32))
        for number, each in enumerate(given)
    ]
    score = Scorer(find_competition("sample-wallpaper")).score(rows)
    assert score.rows == pytest.approx([0.5, 0, 1, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("competition", "encoder", "reason"),
    [
        (SEASON_2, None, None),
        (SEASON_2, "distiluse-base-multilingual-cased-v1", None),
        # sentence-transformers looks a bare name up in this folder of the hub.
        (SEASON_2, "sentence-transformers/distiluse-base-multilingual-cased-v1", None),
        (SEASON_2, "somebody/distiluse-base-multilingual-cased-v1", "encoder 'somebody/"),
        (SEASON_2, "offline", "encoder 'offline' instead of the organizer's 'distiluse"),
        (SEASON_3, "jhgan/ko-sbert-sts", None),
        (SEASON_3, "jhgan/ko-sbert-nli", "instead of the organizer's 'jhgan/ko-sbert-sts'"),
        (find_competition("sample-wallpaper"), "offline", None),
        (find_competition("sample-wallpaper"), "offline:512", None),
        (NEWS, "offline", None),
    ],
)
def test_only_the_organizers_encoder_is_no_proxy(
    competition: Competition, encoder: str | None, reason: str | None
) -> None:
    found = Scorer(competition, encoder).proxy_reason
    assert (found is None) if reason is None else (reason in str(found))


def test_a_local_folder_of_the_encoders_name_is_a_copy_of_it(tmp_path: Path) -> None:
    copy = tmp_path / "ko-sbert-sts"
    cached = tmp_path / "models--jhgan--ko-sbert-sts" / "snapshots" / "abc"
    others = [tmp_path / "other", copy / "my-finetune", tmp_path / "other" / "snapshots" / "abc"]
    for folder in (copy, cached, *others):
        folder.mkdir(parents=True, exist_ok=True)
    assert Scorer(SEASON_3, str(copy)).proxy_reason is None
    assert Scorer(SEASON_3, str(cached)).proxy_reason is None
    for folder in others:
        assert Scorer(SEASON_3, str(folder)).proxy_reason is not None


def test_a_declared_proxy_stays_one_and_names_both_reasons() -> None:
    declared = changed(SEASON_3, score={**SEASON_3.profile.score.model_dump(), "proxy": "왜냐하면"})
    scorer = Scorer(declared, "offline")
    assert scorer.proxy_reason.startswith("왜냐하면; encoder 'offline'")
    assert Scorer(declared).encoder_reason is None
    text_only = jaccard(proxy="공개되지 않은 식")
    assert Scorer(text_only).score(examples(("가", ("가",)))).proxy is True


def test_the_offline_encoder_is_no_proxy_where_it_is_declared() -> None:
    rows = examples(("가", ("가",)))
    assert Scorer(find_competition("sample-wallpaper")).score(rows).proxy is False
    assert Scorer(SEASON_2, "offline").score(rows).proxy is True


def test_a_metric_that_needs_an_encoder_uses_a_given_one_where_none_is_declared() -> None:
    rows = examples(("가", ("가",)))
    score = Scorer(NEWS, "offline").metric("cosine", rows)
    assert (score.value, score.proxy) == (pytest.approx(1.0), True)
    with pytest.raises(EvaluationError, match="give one with --encoder"):
        Scorer(NEWS).metric("cosine", rows)


def test_rows_are_paired_by_id_in_the_references_order() -> None:
    predictions = [Prediction("b", "둘"), Prediction("a", "하나")]
    references = [Reference("a", ("하나",), "수"), Reference("b", ("둘",), "")]
    paired = Scorer(NEWS).examples(predictions, references, "file")
    assert [(row.id, row.answer, row.references) for row in paired] == [
        ("a", "하나", ("하나",)), ("b", "둘", ("둘",)),
    ]  # fmt: skip
    assert paired[0].meta["category"] == "수"


class TestCommand:
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
        Path("r.csv").write_text("id,answer\nA,서울특별시\nB,12만 명\n", encoding="utf-8")
        Path("p.csv").write_text("id,answer\nB,12만명\nA,서울\n", encoding="utf-8")

    FILES = ("-c", "dacon-236291", "--predictions", "p.csv", "--references", "r.csv")

    def test_json_lists_the_formula_first(self, capsys: pytest.CaptureFixture[str]) -> None:
        more = ["--metric", "em:rule=korquad1", "--metric", "jaccard"]
        assert run(["score", *self.FILES, *more, "--json"]) == 0
        scores = json.loads(capsys.readouterr().out)["scores"]
        assert [score["metric"] for score in scores] == ["f1", "em:rule=korquad1", "jaccard"]
        assert scores[0].keys() == {
            "metric", "value", "low", "high", "n", "direction", "signature", "proxy",
        }  # fmt: skip
        # The formula is in percent, further metrics are on 0..1: "12만명" is "12만 명" only there.
        assert scores[0]["value"] == pytest.approx(100 * (4 / 7 + 1) / 2)
        assert scores[1]["value"] == 0.0
        assert "rule:inha" in scores[0]["signature"]

    def test_rows_are_written_per_metric(self) -> None:
        more = ["--metric", "jaccard", "--rows", "rows.csv"]
        assert run(["score", *self.FILES, *more]) == 0
        rows = pd.read_csv("rows.csv")
        assert list(rows.columns) == ["id", "metric", "value"]
        assert rows["metric"].tolist() == ["f1", "f1", "jaccard", "jaccard"]
        assert rows["id"].tolist() == ["A", "B", "A", "B"]
        assert rows["value"].tolist() == pytest.approx([400 / 7, 100, 0, 0])

    def test_a_proxy_is_called_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        sample = SAMPLES / "wallpaper"
        files = ["--predictions", "w.csv", "--references", str(sample / "references.csv")]
        ids = pd.read_csv(sample / "references.csv")["id"]
        pd.DataFrame({"id": ids, "answer": "벽지"}).to_csv("w.csv", index=False)
        assert run(["score", "-c", "dacon-236216", *files, "--encoder", "offline"]) == 0
        shown = capsys.readouterr().out
        assert "36  proxy" in shown
        assert "Proxy: encoder 'offline' instead of the organizer's" in shown
        assert run(["score", "-c", "sample-wallpaper", *files]) == 0
        assert "proxy" not in capsys.readouterr().out.lower()

    def test_a_runs_scores_are_kept_and_a_files_are_not(self) -> None:
        sample = SAMPLES / "news"
        made = ["--test", str(sample / "test.csv"), "--set", "answer=서울", "--run", "one"]
        assert run(["generate", "constant", "-c", "dacon-236291", *made]) == 0
        gold = ["--references", str(sample / "references.csv")]
        for _ in range(2):
            assert run(["score", "-c", "dacon-236291", "--run", "one", *gold]) == 0
        assert run(["score", *self.FILES]) == 0
        with Ledger(Path("ledger.db")) as ledger:
            (kept,) = ledger.scores("one")
            assert ledger.scores("p.csv") == []
        assert kept["metric"] == "f1"

    def test_the_vectors_of_a_submission_score_as_its_text_does(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sample = SAMPLES / "wallpaper"
        train = ["--test", str(sample / "test.csv"), "--train", str(sample / "train.csv")]
        assert run(["generate", "nearest", "-c", "sample-wallpaper", *train, "--run", "n"]) == 0
        template = ["--template", str(sample / "sample_submission.csv"), "--out", "s.csv"]
        assert run(["submit", "-c", "sample-wallpaper", "--run", "n", *template]) == 0
        values = []
        for subject in (["--run", "n"], ["--predictions", "s.csv"]):
            capsys.readouterr()
            gold = ["--references", str(sample / "references.csv"), "--json"]
            assert run(["score", "-c", "sample-wallpaper", *subject, *gold]) == 0
            values.append(json.loads(capsys.readouterr().out)["scores"][0]["value"])
        assert values[0] == pytest.approx(values[1], abs=1e-7)
