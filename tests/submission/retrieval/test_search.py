from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submission.errors import InputError
from submission.recipes.retrieval import DocQuest, Retrieval
from submission.records.rows import Question
from submission.retrieval.build import Settings, build
from submission.retrieval.chunks import Chunking
from submission.retrieval.dense import best
from submission.retrieval.documents import Document
from submission.retrieval.evidence import Evidence, Retriever, shorter
from submission.retrieval.fusion import reciprocal, weighted
from submission.retrieval.search import Index, Passage
from submission.retrieval.store import Store

DOCUMENTS = [
    Document("시청", "한울시청은 중앙로 12에 있다. 1926년에 지었다.", "한울시청", "시설"),
    Document("역", "한울역은 중앙로 40에 있다. 1931년에 지었다.", "한울역", "시설"),
    Document("벽지", "벽지가 들뜨면 풀을 다시 칠하고 롤러로 눌러 준다.", "도배", "안내"),
    Document(
        "곰팡이", "곰팡이는 습기 때문에 생긴다. 환기를 자주 한다.", "", "안내", {"연도": "2024"}
    ),
    Document(
        "긴 글", " ".join(f"{n}번 조항은 {n}층에 적용한다." for n in range(30)), "규칙", "안내"
    ),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("index") / "i")
    settings = Settings(chunking=Chunking(size=100, overlap=20))
    build(Store(folder, create=True), settings, DOCUMENTS)
    return folder


@pytest.fixture(scope="module")
def index(place: str) -> Index:
    return Index(place)


def search(index: Index, question: str, **how: Any) -> list[Passage]:
    return next(index.search([question], Retrieval(**how)))


def test_reciprocal_ranks_are_fused_as_cormack_has_them() -> None:
    # Of [a, b, c] and [c, a, d] with k = 60, by hand.
    fused = dict(reciprocal([[(0, 3.0), (1, 2.0), (2, 1.0)], [(2, 9.0), (0, 8.0), (3, 7.0)]]))
    assert [round(fused[each], 7) for each in (0, 2, 1, 3)] == [
        0.0325225, 0.0322665, 0.0161290, 0.0158730,
    ]  # fmt: skip
    assert list(fused) == [0, 2, 1, 3]


def test_equal_and_single_scores_are_weighed_without_nan() -> None:
    assert weighted([[(0, 2.0), (1, 2.0)], [(5, 0.0)]], [0.5, 0.5]) == [
        (0, 0.5),
        (1, 0.5),
        (5, 0.5),
    ]
    assert weighted([[], []], [0.5, 0.5]) == []


@given(
    scores=arrays(np.float32, st.integers(0, 40), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0])),
    k=st.integers(1, 50),
)
def test_the_best_are_those_of_a_whole_sort_and_ties_come_by_place(scores: Any, k: int) -> None:
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:k]
    assert [place for place, _ in best(scores, k)] == order


@pytest.mark.parametrize("method", ["dense", "sparse", "hybrid"])
def test_the_first_k_are_those_of_twice_as_many(index: Index, method: Any) -> None:
    few = search(index, "중앙로에 언제 지었나", k=2, method=method)
    many = search(index, "중앙로에 언제 지었나", k=4, method=method)
    assert [each.id for each in few] == [each.id for each in many[:2]]


def test_k_above_the_corpus_is_no_error_and_words_that_nobody_has_find_nothing(
    index: Index,
) -> None:
    assert len(search(index, "벽지", k=1000, candidates=1000, method="dense")) == len(index)
    assert search(index, "뷁뷁뷁", method="sparse") == []
    assert {each.id for each in search(index, "곰팡이", k=50, method="sparse")} == {"곰팡이#0"}


def test_every_stage_tells_its_rank(index: Index) -> None:
    first = search(index, "곰팡이와 습기")[0]
    assert first.id == "곰팡이#0"
    assert first.ranks == {"dense": 1, "sparse": 1, "fused": 1}
    assert first.scores["fused"] == pytest.approx(2 / 61)


def test_a_filter_admits_values_of_a_column_alone(index: Index) -> None:
    found = search(index, "중앙로", filter={"category": ["안내"]}, k=20, method="dense")
    assert {each.document for each in found} == {"벽지", "곰팡이", "긴 글"}
    found = search(index, "중앙로", filter={"연도": ["2024"]}, k=20)
    assert [each.document for each in found] == ["곰팡이"]
    with pytest.raises(InputError, match="no chunk has"):
        search(index, "중앙로", filter={"연도": ["1999"]})


def test_diversity_puts_what_is_alike_apart(index: Index) -> None:
    alike = search(index, "한울시청 중앙로에 지었다", k=2, method="dense")
    apart = search(index, "한울시청 중앙로에 지었다", k=2, method="dense", diversity=0.9)
    assert {each.document for each in alike} == {"시청", "역"}
    assert apart[0].document == "시청"
    assert {each.document for each in apart} != {"시청", "역"}


def test_neighbours_come_along_without_what_overlaps(index: Index) -> None:
    found = search(index, "15번 조항은 몇 층", k=1, method="sparse", neighbours=1)[0]
    whole = DOCUMENTS[-1].text
    assert found.document == "긴 글"
    assert len(found.text) > 100
    assert found.text.replace("\n", " ") in whole


def asked(text: str) -> list[tuple[Question, str]]:
    return [(Question("1", text, "", {}), text)]


def test_a_query_template_says_what_is_searched(place: str) -> None:
    retriever = Retriever(Retrieval(index=place, k=1, query="{{ row.제목 }}"))
    question = Question("1", "언제 지었나?", "", {"제목": "한울역"})
    (found,) = retriever.find([(question, question.text)])
    assert found.passages[0].document == "역"
    assert found.rounds[0].query == "한울역"
    assert retriever.context(found).startswith("[1] 한울역\n한울역은")


def test_the_same_passages_for_every_question_are_warned_of(place: str) -> None:
    said: list[str] = []
    retriever = Retriever(Retrieval(index=place, query="벽지"), said.append)
    list(retriever.find([*asked("하나"), *asked("둘"), *asked("셋")]))
    assert any("every question got the same passages" in text for text in said)


def test_evidence_loses_its_least_useful_sentences_first() -> None:
    passages = (
        Passage("a#0", "a", "", "", "첫째 문장이다. 둘째 문장이다.", 2.0),
        Passage("b#0", "b", "", "", "셋째 문장이다. 넷째 문장이다.", 1.0),
    )
    once = shorter(Evidence(passages), 0.99)
    assert [each.text for each in once.passages] == [passages[0].text, "셋째 문장이다."]
    assert (once.cut, once.dropped) == (1, 0)
    half = shorter(Evidence(passages), 0.5)
    assert [each.text for each in half.passages] == [passages[0].text]
    assert (half.cut, half.dropped) == (1, 1)
    assert shorter(Evidence(passages), 0.0).passages == ()


class Picky:
    """A scorer that takes one document alone for useful."""

    def useful(self, question: str, passages: Any, index: Any) -> list[float]:
        del question, index
        return [0.9 if each.document == "긴 글" else 0.1 for each in passages]

    def sufficient(self, question: str, passages: Any, useful: Any, index: Any) -> float:
        del question, index
        assert list(useful) == [0.9] * len(passages)
        return 0.8 if passages else 0.0


@pytest.fixture
def picky(place: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("submission.retrieval.evidence.load_scorer", lambda _: Picky())

    def make(**how: Any) -> Retriever:
        return Retriever(
            Retrieval(index=place, k=1, method="sparse", docquest=DocQuest(scorer="x", **how))
        )

    return make


def test_where_too_little_is_useful_the_search_is_repeated(picky: Any) -> None:
    (found,) = picky(rounds=3).find(asked("벽지가 몇 층에서 들뜨나"))
    assert [each.method for each in found.rounds] == ["sparse", "hybrid", "dense"][
        : len(found.rounds)
    ]
    assert [each.k for each in found.rounds] == [1, 2, 4][: len(found.rounds)]
    assert [each.document for each in found.passages] == ["긴 글"]
    assert found.sufficient == 0.8
    assert found.useful["벽지#0"] == 0.1
    plain = found.plain()
    assert plain["rounds"][0] == {
        "query": "벽지가 몇 층에서 들뜨나", "method": "sparse", "k": 1, "found": 1, "kept": [],
    }  # fmt: skip


def test_one_round_is_enough_where_enough_is_useful_and_none_may_stay(picky: Any) -> None:
    (found,) = picky(rounds=3).find(asked("15번 조항"))
    assert len(found.rounds) == 1
    (found,) = picky(rounds=1).find(asked("곰팡이"))
    assert (found.passages, found.sufficient) == ((), 0.0)
