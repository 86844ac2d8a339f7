"""Indexes made, changed, killed and damaged, in LanceDB on disk."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pytest

from submission.errors import InputError
from submission.recipes.retrieval import Retrieval
from submission.retrieval import build as module
from submission.retrieval.build import Settings, build, remove
from submission.retrieval.chunks import Chunking
from submission.retrieval.documents import Document
from submission.retrieval.embed import Dense
from submission.retrieval.search import Index
from submission.retrieval.sparse import Sparse
from submission.retrieval.store import Store

TEXTS = {
    "시청": "한울시청은 중앙로 12에 있다. 1926년에 처음 지었다.",
    "항구": "다래항은 가장 큰 항구이다. 컨테이너가 많이 드나든다.",
    "벽지": "벽지가 들뜨면 풀을 다시 칠하고 롤러로 눌러 준다.",
    "곰팡이": "곰팡이는 습기 때문에 생긴다. 환기를 자주 해야 한다.",
}


class Counting:
    """An encoder that counts what it is given, and may fail at a text."""

    identity = "counting 1"
    dimension = 16

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.fails_at = ""

    def encode(self, texts: Sequence[str]) -> Any:
        if self.fails_at and any(self.fails_at in text for text in texts):
            raise RuntimeError("no more memory")
        self.texts += texts
        vectors = np.zeros((len(texts), 16), dtype=np.float32)
        for row, text in enumerate(texts):
            for letter in text:
                vectors[row, ord(letter) % 16] += 1
        return vectors


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Counting:
    made = Counting()
    monkeypatch.setattr(module, "embedder", lambda _: made)
    monkeypatch.setattr("submission.retrieval.search.embedder", lambda _: made)
    return made


def documents(**changed: str) -> list[Document]:
    texts = {**TEXTS, **changed}
    return [Document(name, text, name) for name, text in texts.items()]


def make(
    place: Path, given: Iterable[Document], settings: Settings | None = None, **how: Any
) -> Any:
    settings = settings or Settings()
    return build(Store(str(place), create=True), settings, given, **how)


def ids(place: Path, question: str, **how: Any) -> list[str]:
    (found,) = Index(str(place)).search([question], Retrieval(**{"k": 3, **how}))
    return [each.id for each in found]


def test_what_is_there_is_not_embedded_again(tmp_path: Path, encoder: Counting) -> None:
    assert make(tmp_path / "i", documents()).embedded == 4
    encoder.texts.clear()
    again = make(tmp_path / "i", documents())
    assert (again.embedded, again.kept, encoder.texts) == (0, 4, [])

    changed = make(tmp_path / "i", documents(벽지="벽지는 마른 뒤에 바른다."))
    assert (changed.embedded, changed.kept) == (1, 3)
    assert encoder.texts == ["벽지\n벽지는 마른 뒤에 바른다."]
    assert ids(tmp_path / "i", "마른 뒤", method="sparse") == ["벽지#0"]


def test_equal_texts_are_embedded_once(tmp_path: Path, encoder: Counting) -> None:
    twins = [Document(str(number), "같은 글이다.") for number in range(5)]
    assert make(tmp_path / "i", twins).embedded == 1
    assert make(tmp_path / "i", [*twins, Document("5", "같은 글이다.")]).embedded == 0
    assert len(Index(str(tmp_path / "i"))) == 6


def test_a_text_that_is_written_over_gives_its_vector_to_nobody(
    tmp_path: Path, encoder: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    place = tmp_path / "i"
    make(place, [Document("a", "첫째 글이다."), Document("b", "둘째 글이다.")])
    # The text of a's row moves to b, after that row has another text.
    make(place, [Document("a", "다른 글이다."), Document("b", "첫째 글이다.")])
    fresh = tmp_path / "fresh"
    make(fresh, [Document("a", "다른 글이다."), Document("b", "첫째 글이다.")])
    ids, vectors = Store(str(place)).all_vectors()
    assert ids == ["a#0", "b#0"]
    assert vectors.tolist() == Store(str(fresh)).all_vectors()[1].tolist()


def test_chunks_are_as_long_as_the_encoder_counts(
    tmp_path: Path, encoder: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = " ".join(f"{number}번 벽지는 {number}층에 있다." for number in range(40))
    settings = Settings(chunking=Chunking(size=40, overlap=0, unit="tokens"))
    with pytest.raises(InputError, match="tokens are those of an encoder with a tokenizer"):
        make(tmp_path / "i", [Document("a", text)], settings)
    assert not (tmp_path / "i").exists()
    monkeypatch.setattr(encoder, "count_tokens", lambda text: len(text.split()), raising=False)
    make(tmp_path / "i", [Document("a", text)], settings)
    chunks = Store(str(tmp_path / "i")).current()["text"].to_pylist()
    assert [len(each.split()) for each in chunks] == [40, 40, 40, 40]


def test_documents_are_removed_added_and_taken_out(tmp_path: Path) -> None:
    place = tmp_path / "i"
    make(place, documents())
    assert make(place, documents()[:2]).removed == 2
    assert Index(str(place)).documents == {"시청", "항구"}
    make(place, documents()[2:], add=True)
    assert Index(str(place)).documents == set(TEXTS)
    assert remove(Store(str(place)), ["항구"]).removed == 1
    assert Index(str(place)).documents == set(TEXTS) - {"항구"}
    assert ids(place, "항구", method="sparse") == []
    with pytest.raises(InputError, match="no document '항구'"):
        remove(Store(str(place)), ["항구"])


def test_a_failure_while_embedding_loses_no_document_and_leaves_the_index_as_it_was(
    tmp_path: Path, encoder: Counting
) -> None:
    place = tmp_path / "i"
    make(place, documents())
    before = ids(place, "습기", method="sparse")
    encoder.fails_at = "새로"
    with pytest.raises(RuntimeError):
        make(place, documents(벽지="새로 바른다."))
    assert ids(place, "습기", method="sparse") == before
    assert Index(str(place)).documents == set(TEXTS)
    encoder.fails_at = ""
    make(place, documents(벽지="새로 바른다."))
    assert ids(place, "새로 바른다", method="sparse")[0] == "벽지#0"


def test_other_settings_are_refused_with_what_differs(tmp_path: Path) -> None:
    place = tmp_path / "i"
    make(place, documents())
    other = Settings(chunking=Chunking(size=500), sparse=Sparse(tokens="bigrams"))
    with pytest.raises(InputError) as refusal:
        make(place, documents(), other)
    assert "made.chunking.size: 1000 in the index, 500 now" in str(refusal.value)
    assert "made.sparse.tokens: 'mixed' in the index, 'bigrams' now" in str(refusal.value)
    make(place, documents(), other, rebuild=True)
    assert ids(place, "곰팡이는 왜", method="sparse") == ["곰팡이#0"]


def test_another_row_count_than_the_manifest_says_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "i"
    make(place, documents())
    store = Store(str(place))
    manifest = store.manifest()
    assert manifest is not None
    store.commit(manifest._replace(rows=5))
    with pytest.raises(InputError, match=r"holds 4 chunks and its manifest says 5"):
        Index(str(place))


def test_an_index_that_was_never_finished_is_none(tmp_path: Path, encoder: Counting) -> None:
    encoder.fails_at = "곰팡이"
    with pytest.raises(RuntimeError):
        make(tmp_path / "i", documents())
    with pytest.raises(InputError, match="not finished"):
        Index(str(tmp_path / "i"))
    with pytest.raises(InputError, match="there is no index"):
        Index(str(tmp_path / "none"))


def test_two_documents_with_one_id_are_refused(tmp_path: Path) -> None:
    twice = [
        Document("a", "하나.", place="d.csv, row 1"),
        Document("a", "둘.", place="d.csv, row 2"),
    ]
    with pytest.raises(InputError, match=r"^d.csv, row 2: another document has the id 'a'"):
        make(tmp_path / "i", twice)
    with pytest.raises(InputError, match="no documents"):
        make(tmp_path / "j", [])


def test_without_vectors_only_words_are_searched(tmp_path: Path) -> None:
    place = tmp_path / "i"
    make(place, documents(), Settings(dense=None))
    assert ids(place, "습기", method="sparse") == ["곰팡이#0"]
    with pytest.raises(InputError, match="made without vectors"):
        ids(place, "습기")


def test_another_encoder_than_its_own_is_refused(tmp_path: Path, encoder: Counting) -> None:
    make(tmp_path / "i", documents())
    encoder.identity = "counting 2"
    with pytest.raises(InputError, match="another encoder: counting 1, and here is counting 2"):
        Index(str(tmp_path / "i"))


def test_an_approximate_search_says_what_it_finds_of_the_exact_ten(tmp_path: Path) -> None:
    many = [Document(str(n), f"{n * 7919 % 1000}번 벽지는 {n}호실에 있다.") for n in range(400)]
    settings = Settings(dense=Dense(encoder="offline:32"))
    done = make(tmp_path / "i", many, settings, approximate=True)
    assert done.recall is not None
    assert 0.8 < done.recall <= 1.0
    found = ids(tmp_path / "i", "3번 벽지는", method="dense", k=5)
    assert len(found) == 5


def test_appends_are_put_into_few_files(tmp_path: Path) -> None:
    place = tmp_path / "i"
    make(place, documents()[:1])
    for end in range(2, 5):
        make(place, documents()[:end])
    table = lancedb.connect(str(place)).open_table("chunks")
    assert table.stats()["fragment_stats"]["num_fragments"] == 1


KILLED = """
import sys
from submission.retrieval import build as module
from submission.retrieval.build import Settings, build
from submission.retrieval.documents import Document
from submission.retrieval.store import Store
module.AT_ONCE = 16
texts = [Document(f"d{n:03}", f"{n}번 문서는 {n * 37 % 101}호 창고에 있다.") for n in range(160)]
print("begun", flush=True)
build(Store(sys.argv[1], create=True), Settings(), texts)
print("done", flush=True)
"""


def run_killed(place: Path, after: float | None) -> bool:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(place)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    if after is not None:
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)
    told = process.stdout.read()
    process.wait()
    return "done" in told


def found_in(place: Path) -> list[list[tuple[str, float]]]:
    index = Index(str(place))
    asked = [f"{n * 37 % 101}호 창고" for n in range(0, 160, 23)]
    return [
        [(each.id, each.score) for each in some]
        for method in ("dense", "sparse", "hybrid")
        for some in index.search(asked, Retrieval.model_validate({"k": 5, "method": method}))
    ]


def test_a_killed_indexing_goes_on_to_the_same_results(tmp_path: Path) -> None:
    began = time.monotonic()
    assert run_killed(tmp_path / "whole", None)
    seconds = time.monotonic() - began
    wanted = found_in(tmp_path / "whole")
    place = tmp_path / "killed"
    moments = random.Random(0)  # noqa: S311
    kills = int(os.environ.get("LEADERKIT_CRASH_KILLS", "3"))
    for _ in range(kills):
        run_killed(place, moments.uniform(0.02, seconds))
    assert run_killed(place, None)
    assert len(Index(str(place))) == 160
    assert found_in(place) == wanted
