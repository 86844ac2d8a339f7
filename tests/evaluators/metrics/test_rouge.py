from __future__ import annotations

import time
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from evaluators import EvaluationError, Example, build_metric
from evaluators.metrics.rouge import Overlap, check_stat

WORDS = ["벽지", "도배", "곰팡이가", "A4", "LH", "3", "물", "\n"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)
KINDS = ("rouge1", "rouge2", "rougeL", "rougeLsum")


class Lowered:
    def tokenize(self, text: str) -> list[str]:
        return text.lower().split()


def scores(spec: str, *rows: tuple[str, ...]) -> list[float]:
    examples = [Example(str(n), row[0], row[1:]) for n, row in enumerate(rows)]
    return build_metric(spec).rows(examples).tolist()


@settings(deadline=None)
@given(st.sampled_from(KINDS), TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_the_numbers_of_rouge_score(kind: str, answer: str, references: list[str]) -> None:
    oracle = RougeScorer([kind], tokenizer=Lowered()).score_multi(references, answer)[kind]
    (best,) = scores(f"{kind}:tokenizer=whitespace", (answer, *references))
    assert best == pytest.approx(oracle.fmeasure, abs=1e-12)
    one = RougeScorer([kind], tokenizer=Lowered()).score(references[0], answer)[kind]
    for stat, expected in (("p", one.precision), ("r", one.recall)):
        (value,) = scores(f"{kind}:tokenizer=whitespace,stat={stat}", (answer, references[0]))
        assert value == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.sampled_from(KINDS), TEXTS, TEXTS)
def test_symmetry_identity_and_range(kind: str, one: str, two: str) -> None:
    there, back = scores(f"{kind}:tokenizer=whitespace", (one, two), (two, one))
    assert 0.0 <= there <= 1.0 + 1e-12
    if kind != "rougeLsum":
        assert there == pytest.approx(back, abs=1e-12)
    precision = scores(f"{kind}:tokenizer=whitespace,stat=p", (one, two))
    recall = scores(f"{kind}:tokenizer=whitespace,stat=r", (two, one))
    if kind != "rougeLsum":
        assert precision == recall
    (same,) = scores(f"{kind}:tokenizer=whitespace", (one, one))
    enough = len(one.split()) >= (2 if kind == "rouge2" else 1)
    assert same == pytest.approx(1.0 if enough else 0.0)


@settings(deadline=None)
@given(TEXTS, TEXTS, st.randoms())
def test_rouge1_does_not_see_the_order(one: str, two: str, random: Random) -> None:
    mixed = one.split()
    random.shuffle(mixed)
    spec = "rouge1:tokenizer=whitespace"
    assert scores(spec, (one, two)) == scores(spec, (" ".join(mixed), two))


@settings(deadline=None)
@given(st.sampled_from(["rouge1:rule=nikl", "rouge1:rule=legacy", "rougeL:rule=legacy"]), TEXTS)
def test_presets_give_a_text_its_full_score_against_itself(spec: str, text: str) -> None:
    assume(text.strip())
    assert scores(spec, (text, text)) == pytest.approx([1.0], abs=1e-8)


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [("물이 샌다", "물이 고인다"), ("타일", "타일이 깨졌다"), ("벽지", "도배")]
    for kind in KINDS:
        assert scores(kind, *rows) == scores(kind, *rows[::-1])[::-1]


def test_traps_of_the_tokenizer_that_drops_hangul() -> None:
    same, other = "도배 하자를 보수합니다", "LH 주택은 A4 용지 3 장"
    plain = RougeScorer(["rouge1"])
    assert plain.score(same, same)["rouge1"].fmeasure == 0.0
    assert plain.score("LH 공사가 A4 벽지 3 롤", other)["rouge1"].fmeasure == 1.0
    for name in ("mecab", "kiwi", "whitespace", "char"):
        spec = f"rouge1:tokenizer={name}"
        right, wrong = scores(spec, (same, same), (other, "LH 공사가 A4 벽지 3 롤"))
        assert right == 1.0
        assert wrong < 0.8


def test_several_references() -> None:
    row = ("가 나", "다 라", "가 나")
    spec = "rouge1:tokenizer=whitespace"
    assert scores(spec, row) == [1.0]
    assert scores(f"{spec},references=mean", row) == [0.5]
    assert scores(f"{spec},references=first", row) == [0.0]


def test_signatures() -> None:
    def options(spec: str) -> dict[str, str]:
        return dict(build_metric(spec).signature.options)

    assert options("rouge1") == {
        "stat": "f",
        "refs": "max",
        "tok": "mecab-0.996/ko-0.9.2-dic-1.0.0",
        "case": "lc",
    }
    assert options("rouge1:rule=nikl")["refs"] == "pooled"
    assert options("rouge1:rule=nikl,references=mean")["refs"] == "mean"
    assert options("rouge1:rule=nikl")["rule"] == "nikl"
    assert options("rougeL:rule=legacy,stat=r") == {
        "stat": "r",
        "refs": "first",
        "rule": "legacy",
        "tok": "whitespace",
        "like": "rouge-1.0.1",
    }
    assert options("rougeLsum:tokenizer=char,lowercase=0")["case"] == "mixed"
    assert options("rougeLsum")["split"] == "newline"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("rouge1:tokenizer=mecap", "use one of mecab, kiwi, whitespace, char"),
        ("rouge1:rule=nikl,tokenizer=char", "rule=nikl decides tokenizer itself"),
        ("rougeL:rule=legacy,lowercase=1", "rule=legacy decides lowercase itself"),
        ("rouge2:rule=nikl", "use one of legacy"),
        ("rougeLsum:rule=legacy", "has no option 'rule'"),
        ("rouge1:stat=f1", "use one of f, p, r"),
    ],
)
def test_bad_specs(spec: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        build_metric(spec)


def test_statistics_of_nothing() -> None:
    assert Overlap(0, 0, 0).share("f") == 0.0
    assert Overlap(1, 2, 4).share("p") == 0.5
    with pytest.raises(EvaluationError, match="use one of f, p, r"):
        check_stat("x")


def test_rouge_l_is_far_faster_than_rouge_score() -> None:
    # Both are timed here and now, so a slow machine slows both; the true factor is above 50.
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("가나다라마바사아자차"), 300)) for _ in range(40)]
    rows = [Example(str(n), texts[n], (texts[n + 20],)) for n in range(20)]
    metric = build_metric("rougeL:tokenizer=char")

    class Characters:
        def tokenize(self, text: str) -> list[str]:
            return list(text)

    oracle = RougeScorer(["rougeL"], tokenizer=Characters())
    start = time.process_time()
    expected = [oracle.score(row.references[0], row.answer)["rougeL"].fmeasure for row in rows]
    slow = time.process_time() - start
    start = time.process_time()
    values = metric.rows(rows)
    fast = time.process_time() - start
    np.testing.assert_allclose(values, expected, atol=1e-12)
    assert fast * 20 < slow
