"""The training answer closest on average to all others."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.answers.medoid import Medoid
from evaluators import Example
from submission.competitions import Competition, find_competition
from submission.competitions.profile import Profile
from submission.engines.base import EngineContext, Request
from submission.errors import InputError
from submission.recipes import find_recipe
from submission.records import TrainingRow
from submission.scoring import Scorer

NEWS = find_competition("dacon-236291")


def competition(metric: str, **score: object) -> Competition:
    formula = {"name": metric, "terms": [{"metric": metric}], **score}
    profile = Profile.model_validate(NEWS.profile.model_dump() | {"score": formula})
    return Competition(profile=profile, folder=NEWS.folder)


def rows(*answers: tuple[str, ...]) -> list[TrainingRow]:
    return [TrainingRow(str(n), ("?",), given, "", "", {}) for n, given in enumerate(answers)]


def medoid(contest: Competition, train: list[TrainingRow], encoder: str | None = None) -> list[str]:
    engine = Medoid(EngineContext(find_recipe("medoid"), contest, train, "digest", encoder))
    engine.start()
    done = engine.complete([Request("a", "하나?"), Request("b", "둘?")])
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
    formula = Scorer(contest, encoder).formula
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
