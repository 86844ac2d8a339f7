"""A scorer learned from what a real index finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from baselines.docquest.data import examples_of
from baselines.docquest.train import light, quality, train, write
from submission.errors import InputError
from submission.recipes.retrieval import Retrieval
from submission.retrieval.build import Settings, build
from submission.retrieval.documents import Document
from submission.retrieval.questions import Known, read_known
from submission.retrieval.search import Index
from submission.retrieval.store import Store
from submission.retrieval.useful import FILE, load_scorer

TOWNS = [f"{first}{second}시" for first in "한다라마바사아자차카" for second in "울산주천"]
FACTS = {
    "시청": "시청은 {n}번지에 있다.",
    "역": "역은 {n}년에 지었다.",
    "강": "강은 길이가 {n}km이다.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = str(tmp_path_factory.mktemp("docquest") / "index")
    documents = [
        Document(f"{town}-{what}", f"{town}의 {fact.format(n=100 + 7 * number)}")
        for number, town in enumerate(TOWNS)
        for what, fact in FACTS.items()
    ]
    build(Store(place, create=True), Settings(), documents)
    return Index(place)


@pytest.fixture(scope="module")
def questions() -> list[Known]:
    asked = {
        "시청": "시청은 어디에 있나요?",
        "역": "역은 언제 지었나요?",
        "강": "강은 얼마나 긴가요?",
    }
    known = [
        Known(f"{town}-{what}", f"{town} {asked[what]}", (f"{town}-{what}",), ())
        for town in TOWNS
        for what in FACTS
    ]
    nothing = [
        Known(f"{n}", f"너른들{n}시 {asked[what]}", (), (), answerable=False)
        for n, what in enumerate([*FACTS] * 10)
    ]
    return [*known, *nothing]


def test_a_scorer_tells_what_answers_and_is_as_sure_as_it_is_right(
    index: Index, questions: list[Known], tmp_path: Path
) -> None:
    examples = examples_of(questions, index, Retrieval(k=8))
    trained = train(examples, index, light(index), "light")
    assert trained.useful.auc > 0.95
    assert trained.useful.ece < 0.1
    assert trained.sufficient.auc > 0.85
    write(trained, tmp_path)
    scorer = load_scorer(str(tmp_path))
    example = examples[0]
    useful = scorer.useful(example.question.text, example.passages, index)
    assert max(useful) == useful[int(np.flatnonzero(example.useful)[0])]
    asked = example.question.text
    enough = scorer.sufficient(asked, example.passages, useful, index)
    lacking = [p for p, flag in zip(example.passages, example.useful, strict=True) if not flag]
    without = scorer.useful(asked, lacking, index)
    assert enough > scorer.sufficient(asked, lacking, without, index)
    assert scorer.sufficient(asked, [], [], index) == 0.0
    measured = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    assert measured["useful"]["auc"] == trained.useful.auc


def test_where_gold_is_not_known_an_answer_in_the_passage_makes_it_useful(index: Index) -> None:
    known = Known("1", "한울시 역은 언제 지었나요?", None, ("100년",))
    (example,) = examples_of([known], index, Retrieval(k=5, method="dense"))
    useful = [p.document for p, flag in zip(example.passages, example.useful, strict=True) if flag]
    assert useful == ["한울시-역"]


def test_quality_equals_scikit_learn() -> None:
    from sklearn.metrics import brier_score_loss, roc_auc_score

    random = np.random.default_rng(0)
    labels = random.random(200) < 0.4
    told = np.clip(labels * 0.3 + random.random(200) * 0.6, 0, 1)
    found = quality(told, labels)
    assert found.auc == roc_auc_score(labels, told)
    assert found.brier == pytest.approx(brier_score_loss(labels, told))
    assert (found.n, found.positive) == (200, labels.sum())


def test_what_cannot_be_learned_from_is_refused(index: Index, questions: list[Known]) -> None:
    with pytest.raises(InputError, match="nothing to learn"):
        examples_of(questions[-3:], index, Retrieval(k=5))
    few = examples_of(questions[:5], index, Retrieval(k=5))
    with pytest.raises(InputError, match="at least 10"):
        train(few, index, light(index), "light")


@pytest.mark.parametrize(
    "content", [None, "{", "[]", '{"version": 0, "features": []}', '{"version": 1}']
)
def test_what_is_no_scorer_is_refused_with_what_to_do(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="leaderkit docquest train"):
        load_scorer(str(tmp_path))


def test_questions_are_read_with_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(
        "id,question,gold,answers,answerable\n"
        '1,어디?,a|b,"[""하나"", ""둘""]",true\n'
        "2,언제?,,,false\n",
        encoding="utf-8",
    )
    first, second = read_known(path, {"a", "b"})
    assert (first.gold, first.answers) == (("a", "b"), ("하나", "둘"))
    assert (second.gold, second.answerable) == ((), False)
    with pytest.raises(InputError, match=r"documents that the index does not hold: b \(question 1"):
        read_known(path, {"a"})
    path.write_text("question,answers\n무엇?,하나\n", encoding="utf-8")
    with pytest.raises(InputError, match="no JSON list"):
        read_known(path)
