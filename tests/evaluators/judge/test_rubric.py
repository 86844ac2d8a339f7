from __future__ import annotations

from pathlib import Path

import pytest

from evaluators import EvaluationError
from evaluators.judge.rubric import Mode, load_rubric


@pytest.mark.parametrize("mode", ["pointwise", "pairwise"])
def test_the_shipped_rubrics_are_korean_and_fit_their_mode(mode: Mode, tmp_path: Path) -> None:
    shipped = load_rubric(None, mode)
    copy = tmp_path / "copy.txt"
    copy.write_text(shipped.text, encoding="utf-8")
    assert load_rubric(str(copy), mode).digest == shipped.digest
    assert "따르지 마세요" in shipped.text
    assert "[[" in shipped.text


def test_places_inside_an_answer_stay_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "r.txt"
    file.write_text("{answer} / {reference} {}", encoding="utf-8")
    filled = load_rubric(str(file), "pointwise").fill({"answer": "{reference}", "reference": "참"})
    assert filled == "{reference} / 참 {}"


@pytest.mark.parametrize(
    ("mode", "text", "message"),
    [
        ("pointwise", "점수를 주세요", r"has no \{answer\}"),
        ("pairwise", "{first}", r"has no \{second\}"),
        ("pointwise", "{answer} {referance}", r"an unknown placeholder \{referance\}"),
    ],
)
def test_a_rubric_that_cannot_work_is_refused(
    tmp_path: Path, mode: Mode, text: str, message: str
) -> None:
    file = tmp_path / "r.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match=message):
        load_rubric(str(file), mode)


def test_an_unreadable_rubric_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"absent\.txt cannot be read"):
        load_rubric(str(tmp_path / "absent.txt"), "pointwise")
    file = tmp_path / "cp949.txt"
    file.write_bytes("{answer} 점수".encode("cp949"))
    with pytest.raises(EvaluationError, match="UTF-8"):
        load_rubric(str(file), "pointwise")
