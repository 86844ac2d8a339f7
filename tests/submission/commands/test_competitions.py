import json
from pathlib import Path

import pytest

from submission.cli import run
from submission.commands.views.competition_page import competition_page
from submission.competitions import find_competition, shipped_competitions

OWN = """
name = "own"
title = "[b]Own[/b] \\u001b[31m"
[test]
id = "id"
question = "q"
columns = ["id", "q"]
[submission]
id = "id"
answer = "a"
[score]
name = "F1"
scale = 100.0
terms = [{ metric = "f1", weight = 0.5 }, { metric = "em", weight = 0.5 }]
"""


def test_lists_every_shipped_competition(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["competitions"]) == 0

    out = capsys.readouterr().out
    for name in shipped_competitions():
        assert name in out
    assert "vec_0..511" in out


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["competitions", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == shipped_competitions()
    formulas = {each["name"]: each["score"]["formula"] for each in listed}
    assert formulas["dacon-236455"] == "0.7 × cosine + 0.3 × jaccard"


def test_one_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["competitions", "dacon-236455"]) == 0

    out = " ".join(capsys.readouterr().out.split())
    assert "(770 columns)" in out
    assert "jhgan/ko-sbert-sts, 768 dimensions" in out
    assert "50%" in out
    assert "vectors-from-text" in out
    assert "작업전 안전교육" in out
    assert "clipping M-H" in out
    assert "0.5465" in out
    assert "only the first counts, unless a metric's own definition says otherwise" in " ".join(
        out.split()
    )


def test_one_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["competitions", "dacon-236455", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["submission"]["column_count"] == 770
    assert shown["submission"]["columns"][1] == "재발방지대책 및 향후조치계획"
    assert shown["submission"]["bom"] is True
    assert shown["known_scores"][0]["public"] == 0.5465
    assert shown["known_scores"][0]["source"]
    assert shown["certainty"]["score"] == "H"


def test_a_folder_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "competition.toml").write_text(OWN, "utf-8")

    assert run(["competitions", str(tmp_path)]) == 0

    out = capsys.readouterr().out
    assert "[b]Own[/b] \\x1b[31m" in out
    assert "100 × (0.5 × f1 + 0.5 × em)" in out
    assert "Known score" not in out


def test_every_problem_of_a_folder_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = OWN.replace('title = "', 'titel = "').replace("scale = 100.0", 'scale = "much"')
    (tmp_path / "competition.toml").write_text(broken, "utf-8")

    assert run(["competitions", str(tmp_path)]) == 2

    error = capsys.readouterr().err
    assert "unknown key 'titel'" in error
    assert "'title' is missing" in error
    assert "score.scale" in error


def test_an_unknown_name_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["competitions", "dacon-23645"]) == 2
    assert "Did you mean 'dacon-236455'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", shipped_competitions())
def test_quirks_are_listed_or_said_to_be_unknown(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    competition = find_competition(name)
    page = competition_page(competition)
    assert "## Quirks of the scorer" in page
    assert ("None is known." in page) is (not competition.profile.quirks)
    assert run(["competitions", name]) == 0
    assert ("none known" in capsys.readouterr().out) is (not competition.profile.quirks)
