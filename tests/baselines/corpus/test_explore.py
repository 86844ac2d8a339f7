"""What is said of a corpus: every number against another way to count it."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, f_oneway, pearsonr
from selectolax.lexbor import LexborHTMLParser

from baselines.commands.corpus import command
from baselines.corpus.explore.counts import Counts, distribution
from baselines.corpus.explore.explored import Explored, Ways, explore
from baselines.corpus.explore.page import render_page
from baselines.corpus.explore.rules import jensen_shannon, normalized, sentences, syllables
from baselines.corpus.explore.sample import Sample
from baselines.corpus.explore.words import _chi_squared
from baselines.corpus.record import Record, Source, encoder

NO_KIWI = Ways(characters=0)
KINDS = {"벽지": "벽지가 들뜨면 풀을 다시 칠합니다.", "타일": "타일 줄눈이 갈라지면 메웁니다."}


def record(number: int, question: str, answer: str, category: str = "") -> Record:
    return Record(
        id=f"made:{number}",
        source=Source("made", "a.jsonl", str(number)),
        task="qa",
        question=question,
        answers=(answer,),
        category=category,
    )


def written(path: Path, records: Sequence[Record]) -> Path:
    path.write_bytes(encoder.encode_lines(records))
    return path


@pytest.fixture(scope="module")
def records() -> list[Record]:
    chance = random.Random(3)  # noqa: S311
    made = []
    for number in range(60):
        name = "벽지" if number % 3 else "타일"
        times = chance.randrange(1, 4)
        question = f"{name} {number}번은 왜 그런가요?"
        answer = " ".join([KINDS[name]] * times * (2 if name == "타일" else 1))
        made.append(record(number, question, answer, name))
    return made


@pytest.fixture(scope="module")
def explored(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Explored:
    path = written(tmp_path_factory.mktemp("corpus") / "train.jsonl", records)
    return explore((path,), Ways(), say=lambda _: None).corpora[0]


def test_totals_are_those_of_a_plain_count(explored: Explored, records: list[Record]) -> None:
    answers = [text for each in records for text in each.answers]
    field = next(each for each in explored.fields if each.name == "answers")
    assert field.texts == len(answers)
    assert field.bytes == sum(len(text.encode()) for text in answers)
    assert field.characters == sum(map(len, answers))
    assert field.syllables == sum(len(re.findall("[가-힣]", text)) for text in answers)
    assert field.eojeol == sum(len(text.split()) for text in answers)
    assert field.sentences == sum(text.count(".") for text in answers)
    assert field.lengths.quantiles["50%"] == np.quantile(
        [len(text) for text in answers], 0.5, method="inverted_cdf"
    )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_counting_together_is_counting_one_by_one(texts: list[str]) -> None:
    together, apart = Counts(), Counts()
    made = [record(number, text, text) for number, text in enumerate(texts)]
    together.add(made)
    for each in made:
        apart.add([each])
    assert together.fields() == apart.fields()
    assert list(together.duplicates()) == list(apart.duplicates())
    [question, _] = together.fields()
    assert question.bytes == sum(len(text.encode()) for text in texts)
    assert question.syllables == sum("가" <= char <= "힣" for text in texts for char in text)


@given(st.lists(st.integers(1, 100_000), min_size=1))
def test_quantiles_are_exact_to_the_stated_step(lengths: list[int]) -> None:
    counts = Counts()
    counts.add([record(0, "가" * min(length, 3000), "나") for length in lengths])
    real = [min(length, 3000) for length in lengths]
    found = counts.fields()[0].lengths
    assert found.longest == max(real)
    assert found.mean == pytest.approx(np.mean(real))
    for name, value in found.quantiles.items():
        exact = np.quantile(real, float(name[:-1]) / 100, method="inverted_cdf")
        assert value <= exact < value * 1.016 + 1
    assert sum(count for _, count in found.histogram) == len(real)


def test_sentences_end_where_the_rule_says() -> None:
    assert sentences("하나입니다. 둘인가요? 셋!") == 3
    assert sentences("3.5배입니다…\n\n그리고 끝") == 2
    assert sentences("“정말요?” 네.") == 2
    assert sentences(" \n ") == 0
    assert syllables("가a힣ㄱ漢") == 2


def test_equal_texts_are_found_without_spaces_case_and_punctuation(tmp_path: Path) -> None:
    made = [
        record(0, "벽지가 운다?", "네."),
        record(1, "벽지가운다", "네"),
        record(2, "벽지가 운다!", "아니요"),
        record(3, "ＡＢＣ", "네"),
        record(4, "abc", "글쎄"),
    ]
    found = explore((written(tmp_path / "a.jsonl", made),), NO_KIWI, say=lambda _: None).corpora[0]
    by_key = {each.key: each for each in found.duplicates}
    assert (by_key["question"].groups, by_key["question"].beyond_first) == (2, 3)
    assert (by_key["record"].groups, by_key["record"].beyond_first) == (1, 1)
    assert by_key["answers"].largest == 3


def test_correlations_and_categories_agree_with_scipy(
    explored: Explored, records: list[Record]
) -> None:
    lengths = [(len(each.question), len(each.answers[0])) for each in records]
    [found] = explored.correlations
    assert found.pearson == pytest.approx(pearsonr(*zip(*lengths, strict=True)).statistic)
    groups = [[len(e.answers[0]) for e in records if e.category == name] for name in KINDS]
    f = f_oneway(*groups).statistic
    freedom = len(groups) - 1, len(records) - len(groups)
    eta = f * freedom[0] / (f * freedom[0] + freedom[1])
    answer = next(each for each in explored.explained if each.field == "answer")
    assert answer.eta_squared == pytest.approx(eta)
    assert {each.name: each.records for each in explored.categories} == {"벽지": 40, "타일": 20}
    table = [[7, 13], [2, 38]]
    assert _chi_squared(7, 20, 9, 60) == pytest.approx(
        chi2_contingency(table, correction=False).statistic
    )


def test_words_that_set_categories_apart_are_those_that_were_planted(explored: Explored) -> None:
    strongest = {each.category: each.word for each in reversed(explored.apart)}
    assert set(strongest) == {"벽지", "타일"}
    assert strongest["벽지"] in {"벽지", "풀", "칠"}
    assert strongest["타일"] in {"타일", "줄눈"}


def test_answers_are_more_like_their_own_question(explored: Explored) -> None:
    [found] = explored.similarities
    assert found.mean > found.by_chance > 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1))
def test_divergence_agrees_with_scipy(pairs: list[tuple[int, int]]) -> None:
    one, other = zip(*pairs, strict=True)
    found = jensen_shannon(one, other)
    if not sum(one) or not sum(other):
        assert found is None
        return
    assert found == pytest.approx(float(jensenshannon(one, other, base=2)) ** 2, abs=1e-9)


def test_leaks_are_equal_or_over_the_limit_and_no_others(tmp_path: Path) -> None:
    question = "석고보드 이음매를 따라 도배지가 터졌을 때 어떤 순서로 보수해야 하나요?"
    near = question.replace("하나요?", "하나")
    made = [
        record(0, question, "a"),
        record(1, near, "b"),
        record(2, "장판은 무엇으로 닦나요?", "c"),
    ]
    tests = [record(9, question + " ", ""), record(8, "다른 질문", "")]
    test = written(tmp_path / "test.jsonl", tests)
    path = written(tmp_path / "train.jsonl", made)
    leaks = explore((path,), NO_KIWI, test=test, say=lambda _: None).corpora[0].leaks
    assert leaks is not None
    one, other = (
        {text[place : place + 5] for place in range(len(text) - 4)}
        for text in (normalized(question), normalized(near))
    )
    jaccard = len(one & other) / len(one | other)
    assert jaccard >= leaks.limit
    assert [(each.id, each.similarity) for each in leaks.shown] == [
        ("made:0", 1.0),
        ("made:1", pytest.approx(jaccard)),
    ]
    assert (leaks.equal, leaks.near, leaks.test_records_met) == (1, 1, 1)


def test_a_sample_is_the_same_in_any_order(records: list[Record]) -> None:
    def ids(order: Sequence[Record], seed: int) -> list[str]:
        sample = Sample(20, seed)
        sample.add(order)
        return [each.id for each in sample.rows()]

    assert ids(records, 1) == ids(records[::-1], 1)
    assert ids(records, 1) != ids(records, 2)


def test_two_corpora_stand_side_by_side_with_their_drift(
    tmp_path: Path, records: list[Record]
) -> None:
    one = written(tmp_path / "one.jsonl", records)
    same = written(tmp_path / "same.jsonl", records)
    far = written(tmp_path / "far.jsonl", [record(n, "콘크리트 " * 40, "양생") for n in range(30)])
    none = explore((one, same), NO_KIWI, say=lambda _: None).drift
    assert {each.divergence for each in none} == {0.0}
    apart = {each.of: each for each in explore((one, far), NO_KIWI, say=lambda _: None).drift}
    assert apart["lengths of question"].divergence == pytest.approx(1)
    words = apart["words of question"]
    assert words.by_chance is not None
    assert words.divergence > words.by_chance
    assert words.told.startswith("100.0%")


def test_the_page_runs_and_loads_nothing_and_shows_data_as_text(tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)></td><script>alert(1)</script>\x1b[31m"
    made = [record(n, f"{hostile} {n}", f"{hostile} 답", hostile + str(n % 2)) for n in range(6)]
    path = written(tmp_path / "a<b>.jsonl", made)
    found = explore((path, path), Ways(), test=written(tmp_path / "t.jsonl", made[:2]), say=print)
    page = render_page(found)
    assert page == render_page(found)
    tree = LexborHTMLParser(page)
    assert not tree.css("script")
    assert not [each for each in tree.css("*") if any(n.startswith("on") for n in each.attributes)]
    assert all(str(each.attributes["src"]).startswith("data:image/svg") for each in tree.css("img"))
    assert len(tree.css("img")) >= 3
    [policy] = tree.css("meta[http-equiv]")
    assert "default-src 'none'" in str(policy.attributes["content"])
    cells = [each.text() for each in tree.css("td")]
    assert any("<script>alert(1)</script>\\x1b[31m" in cell for cell in cells)


def test_the_command_says_to_read_a_csv_first_and_writes_json(
    tmp_path: Path, records: list[Record]
) -> None:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(command, ["explore", *arguments])

    csv = tmp_path / "train.csv"
    csv.write_text("id,질문\n1,왜?\n", "utf-8")
    refused = run(str(csv))
    assert "leaderkit corpus read" in str(refused.exception)
    path = written(tmp_path / "a.jsonl", records)
    page = tmp_path / "page.html"
    shown = run(str(path), "--json", "--html", str(page), "--morphemes", "0")
    assert shown.exit_code == 0, shown.output
    data = json.loads(shown.stdout)
    assert data["corpora"][0]["records"] == 60
    assert data["corpora"][0]["morphemes"] is None
    assert page.read_text("utf-8").startswith("<!doctype html>")
    table = run(str(path), "--morphemes", "0")
    assert "Lengths in characters" in table.output
    assert "Hangul syllables, U+AC00 to U+D7A3" in table.output


def test_an_empty_corpus_has_tables_of_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [])
    found = explore((path,), NO_KIWI, say=lambda _: None)
    assert found.corpora[0].records == 0
    assert "There is nothing to draw." in render_page(found)
    assert math.isclose(distribution({3: 2}, 3.0, 3).mean, 3)
