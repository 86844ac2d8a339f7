"""Pairs, joined questions and balanced categories, each new record beside its parent."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from baselines.corpus import folder as folders
from baselines.corpus.expand.step import Expand
from baselines.corpus.origin import parents_of
from submission.errors import InputError
from submission.prompts.compound import is_compound, split
from tests.baselines.corpus.made import corpus_of, question, records, run


def test_every_answer_becomes_a_record_of_its_own(tmp_path: Path) -> None:
    several = question(1, answers=("가", "나", "가", "다"))
    ranked = question(2, task="preference", answers=("좋다", "나쁘다"))
    made = records(run(Expand, corpus_of(tmp_path / "in.jsonl", [several, ranked]), tmp_path / "o"))
    assert [(each.id, each.parent, each.answers) for each in made] == [
        ("made:1", "", ("가",)),
        ("made:1~answer-2", "made:1", ("나",)),
        ("made:1~answer-3", "made:1", ("다",)),
        ("made:2", "", ("좋다", "나쁘다")),
    ]


def test_joined_questions_reach_the_share_and_name_both_parents(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(60)])
    outcome = run(Expand, corpus, tmp_path / "out", joined=0.4)
    made = records(outcome)
    joined = [each for each in made if is_compound(each.question)]
    assert len(joined) / len(made) == pytest.approx(0.4)
    assert outcome.manifest.counts == {"joined questions added": 40}
    by_id = {each.id: each for each in made}
    partner: dict[str, str] = {}
    for each in joined:
        one, other = (by_id[name] for name in parents_of(each))
        assert each.parent == one.id
        assert [part.text for part in split(each.question)] == [one.question, other.question]
        assert each.answers == (f"{one.answers[0]} {other.answers[0]}",)
        assert one.category != other.category
        assert each.category == f"{one.category}+{other.category}"
        # Nobody is joined with two, so that at most two originals belong together.
        assert partner.setdefault(one.id, other.id) == other.id
        assert partner.setdefault(other.id, one.id) == one.id


def test_what_cannot_be_joined_and_what_is_joined_already_counts_as_it_should(
    tmp_path: Path,
) -> None:
    both = "벽지가 우나요? 그리고 타일이 깨졌나요?"
    rows = [
        *(question(n) for n in range(20)),
        *(question(n, question=both) for n in range(20, 24)),
        *(question(n, documents=("글",)) for n in range(24, 64)),
    ]
    outcome = run(Expand, corpus_of(tmp_path / "in.jsonl", rows), tmp_path / "o", joined=0.5)
    # (4 + 16) of (24 + 16) questions without a document.
    assert outcome.manifest.counts == {"joined questions added": 16}
    made = [each for each in records(outcome) if "~joined-" in each.id]
    assert not any(each.documents or both in each.question for each in made)


def test_pairs_of_one_row_are_not_joined_with_each_other(tmp_path: Path) -> None:
    rows = [question(n, parent=f"made:row-{n // 4}", category="한 범주") for n in range(12)]
    made = records(run(Expand, corpus_of(tmp_path / "in.jsonl", rows), tmp_path / "o", joined=0.5))
    parent = {each.id: each.parent for each in made}
    joined = [each for each in made if len(parents_of(each)) > 1]
    # Three rows: two are joined, the third has nobody left.
    assert len(joined) == 12
    assert all(len({parent[name] for name in parents_of(each)}) == 2 for each in joined)
    assert len({each.question for each in joined}) == 12


def test_the_share_is_that_of_the_test_file(tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    one, two = "벽지가 우나요?", "벽지가 우나요? 또한, 타일이 깨졌나요?"
    test.write_text(f'id,질문\n1,{one}\n2,"{two}"\n3,{one}\n4,{one}\n', encoding="utf-8")
    corpus = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(30)])
    for number, competition in enumerate([None, "sample-wallpaper"]):
        outcome = run(Expand, corpus, tmp_path / str(number), test=test, competition=competition)
        made = records(outcome)
        assert sum(is_compound(each.question) for each in made) / len(made) == 0.25
        assert "25.0% of 4 rows" in outcome.notes[0]
    (tmp_path / "other.csv").write_text("id,text\n1,가\n", encoding="utf-8")
    with pytest.raises(InputError, match="--competition"):
        run(Expand, corpus, tmp_path / "no", test=tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({"balance": "cap"}, {"가": 5, "나": 5, "다": 2}),
        ({"balance": "cap", "per_category": 3}, {"가": 3, "나": 3, "다": 2}),
        ({"balance": "oversample"}, {"가": 11, "나": 11, "다": 11}),
        ({"balance": "oversample", "most_copies": 2}, {"가": 11, "나": 10, "다": 4}),
        ({"balance": "oversample", "per_category": 4}, {"가": 11, "나": 5, "다": 4}),
    ],
)
def test_categories_are_balanced(
    settings: dict[str, Any], sizes: dict[str, int], tmp_path: Path
) -> None:
    named = ["가"] * 11 + ["나"] * 5 + ["다"] * 2
    corpus = corpus_of(
        tmp_path / "in.jsonl", [question(n, category=name) for n, name in enumerate(named)]
    )
    outcome = run(Expand, corpus, tmp_path / "out", **settings)
    made = records(outcome)
    assert Counter(each.category for each in made) == sizes
    assert len({each.id for each in made}) == len(made)
    added = [each for each in made if each.parent]
    assert all(each.id.startswith(f"{each.parent}~copy-") for each in added)
    assert outcome.manifest.dropped == (
        {"category over its cap": 18 - len(made)} if settings["balance"] == "cap" else {}
    )


def test_the_seed_decides_which_records_stay(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(30)])
    kept = [
        {
            each.id
            for each in records(
                run(Expand, corpus, tmp_path / name, balance="cap", per_category=5, seed=seed)
            )
        }
        for name, seed in (("one", 0), ("again", 0), ("other", 1))
    ]
    assert kept[0] == kept[1] != kept[2]


def test_two_workers_expand_as_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "CHUNK", 3_000)
    corpus = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(50)])
    settings: dict[str, Any] = {"joined": 0.3, "balance": "oversample", "per_category": 40}
    one = run(Expand, corpus, tmp_path / "one", 1, **settings)
    two = run(Expand, corpus, tmp_path / "two", 2, **settings)
    assert len(one.manifest.parts) > 3
    assert one.manifest == two.manifest


@pytest.mark.skipif("LEADERKIT_REAL_DATA" not in os.environ, reason="LEADERKIT_REAL_DATA not set")
def test_about_half_of_the_real_test_cells_hold_two_questions() -> None:
    from baselines.corpus.expand.joined import share_in

    test = Path(os.environ["LEADERKIT_REAL_DATA"], "dacon-236216", "test.csv")
    assert share_in(test, "dacon-236216") == (pytest.approx(0.5, abs=0.1), 130)
