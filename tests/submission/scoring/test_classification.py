"""Labels and chosen options as classes. Figures of scikit-learn 1.9's functions, by hand below."""

import json
from pathlib import Path

import pytest

from evaluators import Example
from submission.cli import run
from submission.errors import InputError
from submission.scoring.classification import classify


def row(number: int, answer: str, gold: str, **meta: str) -> Example:
    return Example(str(number), answer, (gold,), meta=meta)


def test_labels_are_compared_as_they_stand() -> None:
    gold = ["들뜸", "들뜸", "곰팡이", "오염"]
    answers = ["들뜸 ", "곰팡이", "곰팡이", "들뜸"]

    found = classify(
        [row(i, *pair) for i, pair in enumerate(zip(answers, gold, strict=True))], "labels"
    )

    # By hand: 들뜸 P 1/2 R 1/2 F1 .5; 곰팡이 P 1/2 R 1 F1 2/3; 오염 0.
    assert found.report.accuracy == 0.5
    assert found.report.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert found.report.weighted_f1 == pytest.approx((2 * 0.5 + 2 / 3) / 4)
    assert [each.label for each in found.report.classes] == ["곰팡이", "들뜸", "오염"]
    assert found.report.confusion == ((1, 0, 0), (1, 1, 0), (0, 1, 0))
    assert (found.unread, found.left_out) == (0, 0)


def test_an_answer_that_names_no_option_is_wrong_and_no_class() -> None:
    rows = [row(0, "정답은 2번입니다", "2"), row(1, "잘 모르겠습니다", "1"), row(2, "①", "1")]

    found = classify(rows, "choice")

    assert found.unread == 1
    assert found.report.n == 3
    assert found.report.accuracy == pytest.approx(2 / 3)
    assert [each.label for each in found.report.classes] == ["1", "2"]
    assert found.report.confusion == ((1, 0), (0, 1))


def test_rows_whose_gold_is_no_option_are_left_out_and_counted() -> None:
    rows = [row(0, "3", "3"), row(1, "한국은행", "한국은행"), row(2, "1", "2")]

    assert classify(rows, "choice").left_out == 1
    with pytest.raises(InputError, match="names an option"):
        classify(rows[1:2], "choice")


def test_classes_are_in_their_natural_order() -> None:
    rows = [row(number, str(number), str(number)) for number in (10, 9, 1)]

    found = classify(rows, "choice")

    assert [each.label for each in found.report.classes] == ["1", "9", "10"]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "p.csv").write_text("id,answer\n1,2\n2,정답: 1\n3,몰라요\n4,서울\n", "utf-8")
    (tmp_path / "r.csv").write_text("id,answer\n1,2\n2,2\n3,1\n4,서울\n", "utf-8")
    return ["score", "--predictions", str(tmp_path / "p.csv"), "--references",
            str(tmp_path / "r.csv"), "--metric", "em", "--classes", "choice"]  # fmt: skip


def test_the_command_prints_classes_and_confusion(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files) == 0

    out = capsys.readouterr().out
    assert "Accuracy  Balanced  Macro-F1" in out
    assert "0.3333" in out
    assert "1 answers name no option." in out
    assert "1 rows have no label." in out
    assert "Gold \\ answer" in out


def test_the_command_gives_programs_everything(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*files, "--json"]) == 0

    classes = json.loads(capsys.readouterr().out)["classes"]
    assert classes["labels"] == ["1", "2"]
    assert classes["confusion"] == [[0, 0], [1, 1]]
    assert (classes["unread"], classes["left_out"]) == (1, 1)
