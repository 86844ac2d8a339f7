"""Duplicates: every pair verified, exactly one of a cluster stays, in any order."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.corpus import folder as folders
from baselines.corpus.clean.step import Clean, CleanSettings
from baselines.corpus.dedup.pairs import Shuffled
from baselines.corpus.dedup.step import CLUSTERS, PAIRS, Dedup, DedupSettings
from baselines.corpus.execute import Applied, Outcome, execute
from baselines.corpus.folder import Corpus
from baselines.corpus.on_ray import HERE, OnRay
from baselines.corpus.record import Record, Source, encoder
from baselines.corpus.similarity.bands import Bands, bands_for
from baselines.corpus.similarity.clusters import Pair, clusters
from baselines.corpus.similarity.minhash import candidates, each_band, signatures
from baselines.corpus.similarity.text import flat_shingles, jaccard, shingles, solid
from baselines.stand_ins.articles import FOLDER, articles
from submission.errors import InputError


def record(name: str, document: str = "", question: str = "") -> Record:
    return Record(
        id=name,
        source=Source("made", "made.jsonl", name),
        task="qa",
        documents=(document,) if document else (),
        question=question,
    )


def written(path: Path, records: Sequence[Record]) -> Corpus:
    path.write_bytes(encoder.encode_lines(records))
    return Corpus.open(path)


def dedup(corpus: Corpus, out: Path, workers: int = 1, **given_settings: object) -> Outcome:
    step = Dedup(DedupSettings(**given_settings))  # type: ignore[arg-type]
    return execute(Applied(step, corpus), out, workers=workers, say=lambda _: None)


def ids(outcome: Outcome) -> list[str]:
    return [each.id for each in Corpus.open(outcome.out)]


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


@pytest.fixture(scope="module")
def sample() -> tuple[list[Record], set[frozenset[str]]]:
    rows = [json.loads(line) for line in (FOLDER / "articles.jsonl").open(encoding="utf-8")]
    truth = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    planted = {frozenset((each["kept"], each["copy"])) for each in truth["duplicates"]}
    return [record(row["id"], row["body"]) for row in rows], planted


def test_what_is_planted_in_the_sample_is_found_and_nothing_else(
    sample: tuple[list[Record], set[frozenset[str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 60_000)
    records, planted = sample
    corpus = written(tmp_path / "in.jsonl", records)
    one = dedup(corpus, tmp_path / "one")
    found = {frozenset((each["first"], each["second"])) for each in lines(one.out / PAIRS)}
    assert found == planted
    assert one.manifest.dropped == {"duplicate (exact)": 8, "duplicate (near)": 12}
    for each in lines(one.out / CLUSTERS):
        assert [each["kept"], *each["dropped"]] == sorted([each["kept"], *each["dropped"]])  # type: ignore[misc]
    assert one.manifest.rows == len(records) - len(planted)

    two = dedup(corpus, tmp_path / "two", workers=2)
    assert {path.name: path.read_bytes() for path in one.out.iterdir()} == {
        path.name: path.read_bytes() for path in two.out.iterdir()
    }


def test_the_longest_stays_where_that_is_asked(tmp_path: Path) -> None:
    body = "".join(article.body for article in articles(2))
    records = [
        record("a", body),
        record("b", body + " 한 문장이 더 있다."),
        record("c", "다른 글이다. " * 20),
    ]
    corpus = written(tmp_path / "in.jsonl", records)
    assert ids(dedup(corpus, tmp_path / "first")) == ["a", "c"]
    assert ids(dedup(corpus, tmp_path / "longest", keep="longest")) == ["b", "c"]
    assert ids(dedup(corpus, tmp_path / "exact", near=1.0)) == ["a", "b", "c"]


def test_short_questions_are_compared_directly_and_empty_ones_not_at_all(tmp_path: Path) -> None:
    questions = [
        "벽지에 곰팡이가 생기는 이유는 무엇인가요?",
        "벽지에 곰팡이가 생기는 이유가 무엇인가요?",
        "벽지에 곰팡이가 생기는이유는 무엇인가요 ?",
        "천장에서 물이 새는 이유는 무엇인가요?",
        "",
        "",
    ]
    records = [record(str(n), question=each) for n, each in enumerate(questions)]
    outcome = dedup(written(tmp_path / "in.jsonl", records), tmp_path / "out", compare="question")
    assert ids(outcome) == ["0", "3", "4", "5"]
    assert outcome.manifest.dropped == {"duplicate (exact)": 1, "duplicate (short)": 1}


def test_vectors_find_other_words(tmp_path: Path) -> None:
    records = [
        record("a", "거실 벽지에 곰팡이가 피어서 닦아 냈습니다."),
        record("b", "닦아 냈습니다, 곰팡이가 피어서 거실 벽지에."),
        record("c", "배관이 얼어 물이 나오지 않습니다."),
    ]
    corpus = written(tmp_path / "in.jsonl", records)
    assert ids(dedup(corpus, tmp_path / "none")) == ["a", "b", "c"]
    assert ids(dedup(corpus, tmp_path / "tfidf", tfidf=0.5)) == ["a", "c"]
    meant = dedup(corpus, tmp_path / "meant", encoder="offline", paraphrase=0.6)
    assert ids(meant) == ["a", "c"]
    assert meant.manifest.dropped == {"duplicate (paraphrase)": 1}


def test_the_target_decides_the_bands() -> None:
    bands = bands_for(0.8, 0.97)
    assert bands.slots <= 96
    assert bands.found(0.8) >= 0.97
    # Mining of Massive Datasets, figure 3.8: 20 bands of 5 rows.
    assert [round(Bands(20, 5).found(s), 3) for s in (0.2, 0.4, 0.6, 0.8)] == [
        0.006, 0.186, 0.802, 1.0,
    ]  # fmt: skip
    with pytest.raises(InputError, match="96 slots find"):
        bands_for(0.05, 0.9999)


def test_pairs_of_the_target_similarity_are_found_as_often_as_datasketch_finds_them() -> None:
    from datasketch import MinHash

    bands = bands_for(0.8, 0.97)
    chance = random.Random(3)  # noqa: S311
    texts = [solid(article.body) for article in articles(200)]
    pairs = []
    for number, text in enumerate(texts):
        sentence = solid(next(iter(articles(1, seed=number + 1))).body)
        place, length = chance.randrange(len(text)), len(text) // 5
        pairs.append((text, text[:place] + sentence[:length] + text[place:]))
    signed = signatures([text for pair in pairs for text in pair], bands.slots)
    found, _ = candidates(signed, bands, 0.78)
    hit = {tuple(pair) for pair in found.tolist()}
    near = [
        n for n, (a, b) in enumerate(pairs) if 0.78 <= jaccard(shingles(a), shingles(b)) <= 0.84
    ]
    assert len(near) > 20
    ours = np.mean([(2 * n, 2 * n + 1) in hit for n in near])

    def theirs(text: str) -> list[bytes]:
        own = MinHash(num_perm=bands.slots)
        own.update_batch([text[n : n + 5].encode() for n in range(len(text) - 4)])
        values = own.hashvalues.reshape(bands.bands, bands.rows)
        return [row.tobytes() for row in values]

    oracle = np.mean(
        [any(a == b for a, b in zip(*map(theirs, pairs[n]), strict=True)) for n in near]
    )
    assert ours >= 0.95
    assert abs(ours - oracle) < 0.08


TEXTS = st.lists(
    st.text(st.sampled_from("가나다라 마바"), min_size=1, max_size=80), min_size=1, max_size=12
)


@given(TEXTS)
@settings(max_examples=60)
def test_shingles_of_many_texts_are_those_of_each(texts: list[str]) -> None:
    made = [solid(text) for text in texts]
    hashes, offsets = flat_shingles(made)
    for number, text in enumerate(made):
        own = np.unique(hashes[offsets[number] : offsets[number + 1]])
        assert own.tolist() == shingles(text).tolist()
        grams = {text[n : n + 5] for n in range(max(len(text) - 4, 1))} if text else set()
        assert len(own) == len(grams)


@given(
    st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=30),
    st.integers(2, 16),
    st.randoms(),
)
def test_exactly_one_of_a_cluster_stays_in_any_order(
    edges: list[tuple[int, int]], cap: int, chance: random.Random
) -> None:
    pairs = [Pair(min(edge), max(edge), 0.9, "near") for edge in edges if edge[0] != edge[1]]
    found = clusters(pairs, lambda _: 0, cap)
    chance.shuffle(pairs)
    assert clusters(pairs, lambda _: 0, cap) == found
    linked = {frozenset(pair[:2]) for pair in pairs}
    seen = [number for group in found.members for number in group]
    assert len(seen) == len(set(seen))
    for stays, *go in found.members:
        assert stays not in found.kept
        assert [found.kept[number] for number in go] == [stays] * len(go)
    if not found.cut:
        assert set(seen) == {number for pair in pairs for number in pair[:2]}
    for number, stays in found.kept.items():
        assert not found.cut or frozenset((number, stays)) in linked or len(seen) > cap


def test_a_long_chain_is_taken_apart_link_by_link() -> None:
    links = 40_000  # a look at every record for every other one would take half a minute
    pairs = [Pair(number, number + 1, 0.9, "near") for number in range(links)]
    found = clusters(pairs, lambda _: 0, 200)
    assert found.cut == 1
    assert found.members == [[number, number + 1] for number in range(0, links, 2)]


class Together:
    """A cluster that groups rows on this machine."""

    def grouped(self, columns: Any, by: str, function: Any) -> Any:
        for group in np.unique(columns[by]):
            rows = columns[by] == group
            yield function({name: values[rows] for name, values in columns.items()})


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.2, 0.26, 0.5, 0.8]))
@settings(max_examples=20, deadline=None)
def test_a_shuffle_gives_the_candidates_that_one_look_at_each_band_gives(
    seed: int, near: float
) -> None:
    random_numbers = np.random.default_rng(seed)
    bands = bands_for(near, 0.9)
    signed = random_numbers.integers(0, 4, (60, bands.slots), dtype=np.uint32)
    alone, cut = candidates(signed, bands, near, each_band)
    shuffled, also_cut = candidates(signed, bands, near, Shuffled(Together()))  # type: ignore[arg-type]
    assert shuffled.tolist() == alone.tolist()
    assert also_cut == cut


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed")
def test_clean_and_dedup_over_ray_write_what_one_process_writes(
    sample: tuple[list[Record], set[frozenset[str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 60_000)
    corpus = written(tmp_path / "in.jsonl", sample[0])

    def chain(out: Path, ray: OnRay | None) -> dict[str, bytes]:
        for step in (Clean(CleanSettings()), Dedup(DedupSettings(near=0.26))):
            source = Corpus.open(out / "clean") if step.name == "dedup" else corpus
            done = execute(
                Applied(step, source), out / step.name, workers=2, say=lambda _: None, ray=ray
            )
        return {path.name: path.read_bytes() for path in done.out.iterdir()}

    alone = chain(tmp_path / "alone", None)
    with OnRay(HERE, 2) as ray:
        assert chain(tmp_path / "ray", ray) == alone
