"""The training answer closest on average to all others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from baselines.engines.medoid import Medoid
from evaluators import Example
from submission.cli import run
from submission.competitions import Competition, find_competition
from submission.competitions.profile import Profile
from submission.engines.base import EngineContext, Request, TaskData
from submission.errors import InputError
from submission.recipes import find_recipe
from submission.records.rows import Question, TrainingRow
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from tests.requests import ask, flat

NEWS = find_competition("dacon-236291")


def competition(metric: str, **score: object) -> Competition:
    formula = {"name": metric, "terms": [{"metric": metric}], **score}
    profile = Profile.model_validate(NEWS.profile.model_dump() | {"score": formula})
    return Competition(profile=profile, folder=NEWS.folder)


def rows(*answers: tuple[str, ...]) -> list[TrainingRow]:
    return [TrainingRow(str(n), ("?",), given, "", "", {}) for n, given in enumerate(answers)]


def medoid(contest: Competition, train: list[TrainingRow], encoder: str | None = None) -> list[str]:
    engine = Medoid(
        EngineContext(find_recipe("medoid"), TaskData(contest, train, "digest", encoder))
    )
    engine.start()
    done = flat(engine.complete([ask("a", "하나?"), ask("b", "둘?")]))
    return [completion.text for completion in done]


def test_worked_by_hand_with_jaccard() -> None:
    # 가 나: (1 + 1/3 + 1/2 + 0) / 4; 나 다: (1/3 + 1 + 1/2 + 0) / 4;
    # 나: (1/2 + 1/2 + 1 + 0) / 4, the best; 라: 1/4.
    assert medoid(competition("jaccard"), rows(("가 나", "나 다"), ("나",), ("라",))) == ["나"] * 2


def test_answers_that_are_given_often_weigh_more() -> None:
    assert medoid(competition("jaccard"), rows(("가",), ("나",), ("나",))) == ["나"] * 2


def test_of_equally_central_ones_the_first_is_given() -> None:
    assert medoid(competition("jaccard"), rows(("가",), ("나",))) == ["가"] * 2


def test_where_lower_is_better_the_least_central_is_best() -> None:
    train = rows(("가 나", "나 다"), ("나",), ("라",))
    assert medoid(competition("jaccard", direction="lower"), train) == ["라"] * 2


@pytest.mark.parametrize(
    ("contest", "encoder"),
    [(find_competition("sample-wallpaper"), None), (NEWS, None),
     (find_competition("dacon-236455"), "offline")],
)  # fmt: skip
def test_it_is_the_best_constant_under_the_competitions_formula(
    contest: Competition, encoder: str | None
) -> None:
    draw = np.random.default_rng(0)
    words = ["벽지", "타일", "결로", "시공", "점검", "교육"]
    texts = [" ".join(draw.choice(words, size=draw.integers(1, 5))) for _ in range(30)]
    formula = Scorer.of(contest, encoder).formula
    means = [
        formula.rows([Example("", text, (gold,)) for gold in texts]).mean()
        for text in dict.fromkeys(texts)
    ]
    best = list(dict.fromkeys(texts))[int(np.argmax(means))]
    (given, _) = medoid(contest, rows(*((text,) for text in texts)), encoder)
    assert given == best


def test_without_training_rows_it_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="give --train"):
        medoid(NEWS, [])


CULTURE = find_competition("nikl-2025-culture")


def cultural(kind: str, *answers: str) -> TrainingRow:
    return TrainingRow(kind, ("?",), answers, kind, "", {"input.question_type": kind})


def test_where_kinds_of_rows_are_scored_differently_each_kind_has_its_own() -> None:
    # As labels 2 is the most frequent, as exact matches 김치.
    train = [
        cultural("선다형", "2"), cultural("선다형", "1"), cultural("선다형", "2"),
        cultural("단답형", "김치"), cultural("단답형", "떡국"), cultural("단답형", "김치"),
    ]  # fmt: skip
    engine = Medoid(EngineContext(find_recipe("medoid"), TaskData(CULTURE, train, "digest")))
    engine.start()
    asked = [
        Question(str(n), "같은 질문", "", {"input.question_type": kind})
        for n, kind in enumerate(["단답형", "선다형", "단답형", "주관식"])
    ]
    requests = [Request(row.id, row, row.text) for row in asked]
    # The same question of another kind is another request, not the same one answered once.
    prompts = [engine.prompt(row, row.text) for row in asked]
    assert (prompts[0], len(set(prompts))) == (prompts[2], 3)
    given = [each.text for each in flat(engine.complete(requests))]
    assert given[:3] == ["김치", "2", "김치"]
    assert given[3] in {"2", "1", "김치", "떡국"}


def test_it_runs_from_the_files_of_a_competition_with_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        {"id": str(n), "input": {"question": f"{n}?", "question_type": kind, "category": "",
         "domain": "", "topic_keyword": ""}, "output": {"answer": answer}}
        for n, (kind, answer) in enumerate(
            [("선다형", "3"), ("선다형", "3"), ("선다형", "1"), ("단답형", "설날"),
             ("단답형", "설날#구정")]
        )
    ]  # fmt: skip
    for name in ("train.json", "test.json"):
        Path(name).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    files = ["--test", "test.json", "--train", "train.json", "--ledger", "l.db", "--run", "m"]
    assert run(["generate", "medoid", "-c", "nikl-2025-culture", *files]) == 0
    with Ledger(Path("l.db")) as ledger:
        assert [row.text for row in run_answers(ledger, "m")] == ["3", "3", "3", "설날", "설날"]
