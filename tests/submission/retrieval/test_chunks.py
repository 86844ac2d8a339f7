from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submission.retrieval.chunks import Chunking, chunks_of
from submission.retrieval.documents import Document
from submission.retrieval.tokens import WAYS, bigrams, morphemes, sentences

SENTENCES = [
    "서울은 한국의 수도이다.",
    "서울에서 만나자.",
    "서울이 좋다.",
    "나는 서울을 떠났다.",
    "서울로 간다.",
    "서울과 부산은 멀다.",
    "서울의 밤은 밝다.",
    "서울도 춥다.",
    "서울까지 두 시간 걸린다.",
    "서울부터 걸었다.",
]


def test_a_bare_noun_is_found_with_every_particle() -> None:
    assert all("서울" in words for words in morphemes(SENTENCES))
    assert all("서울\t" in words for words in WAYS["mixed"](SENTENCES))
    assert all("서울" in words for words in WAYS["bigrams"](SENTENCES))
    assert sum("서울" in words for words in WAYS["words"](SENTENCES)) == 0


def test_a_name_that_kiwi_does_not_know_is_found_by_its_letters() -> None:
    (question,), (document,) = WAYS["mixed"](["한울시"]), WAYS["mixed"](["한울시의 역"])
    assert {"한울\t", "울시\t"} <= set(question) & set(document)


@pytest.mark.parametrize("way", WAYS)
def test_normal_forms_of_a_text_have_equal_words(way: str) -> None:
    text = "서울은 GPU 12대"
    forms = [text, unicodedata.normalize("NFD", text), "서울은 ＧＰＵ １２대"]
    first, *others = WAYS[way](forms)
    assert first
    assert others == [first, first]


def test_bigrams_are_of_a_word_each() -> None:
    assert bigrams(["가나다 라 마바"]) == [["가나", "나다", "라", "마바"]]


def test_an_endless_text_is_no_trouble() -> None:
    text = "가" * 50_000
    assert morphemes([text])[0]
    assert "".join(text[start:end] for start, end in sentences(text)) == text


@settings(max_examples=50, deadline=None)
@given(st.text("가나다. \n?!", max_size=300))
def test_sentences_are_the_whole_text(text: str) -> None:
    spans = sentences(text)
    assert "".join(text[start:end] for start, end in spans) == text


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.text("가나다라 ", min_size=1, max_size=60), max_size=30),
    size=st.integers(20, 120),
    overlap=st.integers(0, 19),
    whole=st.booleans(),
)
def test_chunks_hold_every_character_and_are_no_longer_than_asked(
    parts: list[str], size: int, overlap: int, whole: bool
) -> None:
    text = ". ".join(parts)
    chunking = Chunking(size=size, overlap=overlap, sentences=whole)
    chunks = list(chunks_of(Document("d", text), chunking))
    assert all(text[each.start : each.end] == each.text for each in chunks)
    assert all(len(each.text) <= size for each in chunks)
    covered = {place for each in chunks for place in range(each.start, each.end)}
    assert all(text[place].isspace() for place in set(range(len(text))) - covered)
    assert [each.id for each in chunks] == [f"d#{number}" for number in range(len(chunks))]


def test_chunks_end_with_sentences_and_repeat_the_last_ones() -> None:
    text = " ".join(f"{number}번 문장은 여기에서 끝난다." for number in range(40))
    first, second, *_ = chunks_of(Document("d", text), Chunking(size=200, overlap=60))
    assert first.text.endswith(".")
    assert second.start < first.end
    repeated = text[second.start : first.end].strip()
    assert 0 < len(repeated) <= 60
    assert repeated.startswith(second.text[:10])


def test_a_chunk_carries_the_heading_above_it() -> None:
    text = "# 총칙\n" + "목적을 정한다. " * 20 + "\n## 벌칙\n" + "벌금을 정한다. " * 20
    chunks = list(chunks_of(Document("d", text, "조례"), Chunking(size=100, overlap=0)))
    last = chunks[-1]
    assert last.heading == "벌칙"
    assert last.embedded.startswith("조례\n벌칙\n")


def test_a_changed_document_changes_only_what_is_kept_of_it() -> None:
    one, other = (
        next(chunks_of(Document("d", "같은 글이다.", category=name), Chunking()))
        for name in ("가", "나")
    )
    assert one.key == other.key
    assert one.digest != other.digest
