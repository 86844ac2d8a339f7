"""Everything that is wrong in a competition's folder is found at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from submission.check.competition import check_folder
from submission.check.findings import ERRORS
from submission.cli import run
from submission.competitions import find_competition, shipped_competitions
from submission.errors import InputError

DECLARATION = """\
name = "own"
title = "Own"
constant_answer = "A"

[test]
id = "id"
template = "{{ row.q }}: {{ row['a'] }}"
columns = ["id", "q", "a"]

[train]
id = "id"
questions = ["q"]
answers = ["answer"]
columns = ["id", "q", "a", "answer"]

[submission]
id = "id"
answer = "answer"

[score]
name = "F1"
terms = [{ metric = "f1" }]

[[rules]]
id = "offline"
text = "no network"

[certainty]
columns = "H"
normalisation = "M"
"""
CASE = {
    "name": "half",
    "term": "f1",
    "answer": "가 나",
    "references": ["가"],
    "expected": 0.6666667,
    "tolerance": 1e-6,
    "source": "by hand: 2 * 1 * 0.5 / 1.5",
}
GROUPED = """\
from evaluators.metrics.grouped import Group, Grouped


def formula(part):
    return Grouped([Group("a", lambda: part("ff1"), lambda row: row)], "g")
"""
CODED = DECLARATION.replace('terms = [{ metric = "f1" }]', 'code = "scoring.py"')
MINE = """\
import numpy as np
from evaluators import Signature
from evaluators.metrics.rowwise import RowMetric


class Mine(RowMetric):
    name, signature, proxy = "mine", Signature.of("mine"), None

    def rows(self, examples):
        {body}


def formula(part):
    return Mine()
"""


def folder(path: Path, declaration: str = DECLARATION, **files: str) -> Path:
    (path / "competition.toml").write_text(declaration, "utf-8")
    for name, text in files.items():
        (path / name.replace("_", ".")).write_text(text, "utf-8")
    return path


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(InputError) as found:
        check_folder(path)
    return found.value.problems


def cases(*changes: dict[str, object]) -> str:
    return json.dumps([{**CASE, **change} for change in changes], ensure_ascii=False)


def test_a_folder_without_faults_says_how_many_cases_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = "name,public,private,certainty,source\nus,0.5,,H,our page\n"
    files = {"cases_json": cases({}, {"name": "again"}), "leaderboard_csv": board}
    place = folder(tmp_path, **files)
    assert run(["competitions", str(place)]) == 0
    assert "2 cases hold." in capsys.readouterr().out
    assert run(["competitions", str(place / "competition.toml"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["cases"] == {"hold": 2, "problems": [], "skipped": [], "trial": None}


def test_everything_is_listed_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = (
        DECLARATION.replace('"f1"', '"rogue1"')
        .replace("row['a']", "row['b']")
        .replace('["id", "q", "a", "answer"]', '["id", "q", "q", "answers"]')
        .replace('normalisation = "M"', 'colums = "M"')
        .replace('constant_answer = "A"', 'constant_answer = " "')
    )
    wrong += '[[rules]]\nid = "offline"\ntext = "again"\n[[quirks]]\ntext = "t"\ncase = "halv"\n'
    board = "name,public,private,certainty,source\nus,,,H,page\nthem,0.5,,X,\nall,much,,H,page\n"
    files = {"cases_json": cases({"expected": 0.5}), "leaderboard_csv": board}
    assert run(["competitions", str(folder(tmp_path, wrong, **files))]) == 2
    listed = capsys.readouterr().err
    for part in (
        "12 problems",
        "there is no metric 'rogue1', perhaps 'rouge1'",
        "test.template: row has no column 'b'",
        "train.columns: the column 'q' is named twice",
        "train.answers: 'answer' is not among train.columns, perhaps 'answers'",
        "'colums' is not a part of a declaration, perhaps 'columns'",
        "constant_answer: is empty",
        "rules: the id 'offline' is there twice",
        "cases.json has no case 'halv', perhaps 'half'",
        "leaderboard.csv, row 2: has neither a public nor a private score",
        "leaderboard.csv, row 3: certainty 'X' is not one of H, M-H, M, L",
        "leaderboard.csv, row 3: 'source' is empty",
        "leaderboard.csv, row 4, column 'public': 'much' is not a number",
    ):
        assert part in listed
    assert "Traceback" not in listed


def test_a_wrong_declaration_hides_no_other_fault(tmp_path: Path) -> None:
    wrong = DECLARATION.replace('title = "Own"\n', "").replace('"f1"', '"f1:rule=none"')
    found = " ".join(problems(folder(tmp_path, wrong, cases_json="[{}]")))
    assert "'title' is missing" in found
    assert "f1: rule='none' is unknown" in found
    assert "cases.json: case 1: 'name' is missing" in found


def test_a_case_that_does_not_hold_is_named_with_both_numbers(tmp_path: Path) -> None:
    place = folder(tmp_path, cases_json=cases({}, {"name": "no", "expected": 0.25}))
    assert problems(place) == ("cases.json: case 'no': expected 0.25, got 0.6666666666666666",)


def test_a_case_of_a_term_that_the_formula_lacks_is_named(tmp_path: Path) -> None:
    (found,) = problems(folder(tmp_path, cases_json=cases({"term": "em"})))
    assert found.startswith("cases.json: case 'half': 'em' is not a term of the formula")


def test_a_case_whose_model_is_not_here_is_skipped_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = DECLARATION.replace('"f1"', '"bertscore:model=/no/such/model,layer=9"')
    case = cases({"term": "formula"})
    assert run(["competitions", str(folder(tmp_path, declared, cases_json=case))]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Skipped: case 'half'" in said
    assert "0 cases hold." in said


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "scoring.py: there is no such file"),
        ("", "scoring.py: has no function formula(part)"),
        ("import nonsuch\n", "scoring.py, line 1: ModuleNotFoundError: No module named 'nonsuch'"),
        ("def formula(part):\n    return (\n", "scoring.py, line 2: SyntaxError"),
        ("import sys\nsys.exit(3)\n", "scoring.py, line 2: SystemExit: 3"),
        ("def formula():\n    return 1\n", "TypeError: formula() takes 0 positional arguments"),
        ("def formula(part):\n    return part(1)[2]\n", "scoring.py, line 2: "),
        (
            "def formula(part):\n\n    return part('rogue1')\n",
            "scoring.py, line 3: there is no metric 'rogue1', perhaps 'rouge1'",
        ),
        ("def formula(part):\n    return 3\n", "scoring.py, line 1: formula(part) returned int"),
        (GROUPED, "scoring.py, line 5: there is no metric 'ff1', perhaps 'f1'"),
    ],
)
def test_code_that_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str | None, message: str
) -> None:
    files = {} if code is None else {"scoring_py": code}
    assert run(["competitions", str(folder(tmp_path, CODED, **files))]) == 2
    said = capsys.readouterr().err
    assert message in " ".join(said.replace("\n", " ").split())
    assert "Traceback" not in said


BODIES = {
    "return [1 / 0 for row in examples]": "line 10: ZeroDivisionError: division by zero",
    "return [row.meta['mark'] for row in examples]": "line 10: KeyError: 'mark'",
    "return None": "line 9: Mine.rows returned None: it must return a number for each row",
    "return np.zeros(7)": "line 9: Mine.rows returned values of shape (7,)",
    "return np.full(len(examples), np.inf)": "returned values that are infinite, or no numbers",
    "return ['a' for row in examples]": "returned values that are infinite, or no numbers",
    "return [[1], [1, 2]]": "Mine.rows returned lists of different lengths",
    "return np.full(len(examples), np.nan)": "mine left every row unscored",
}


@pytest.mark.parametrize(("body", "message"), BODIES.items())
def test_what_goes_wrong_in_code_at_score_time_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, message: str
) -> None:
    place = folder(tmp_path, CODED, scoring_py=MINE.format(body=body))
    (tmp_path / "answers.csv").write_text("id,answer\n1,가\n2,나\n", "utf-8")
    files = ["--predictions", str(tmp_path / "answers.csv"), "--references"]
    command = ["score", "-c", str(place), *files, str(tmp_path / "answers.csv")]
    assert run(command) == 2
    said = capsys.readouterr().err
    assert message in " ".join(said.split())
    assert "Traceback" not in said


def test_the_same_goes_for_a_case(tmp_path: Path) -> None:
    code = MINE.format(body="raise ValueError('a\\u0020reason')")
    place = folder(tmp_path, CODED, scoring_py=code, cases_json=cases({"term": "formula"}))
    (found,) = problems(place)
    assert found == f"cases.json: case 'half': {place}/scoring.py, line 10: ValueError: a reason"


@pytest.mark.parametrize("name", shipped_competitions())
def test_every_shipped_competition_passes(name: str) -> None:
    import submission.competitions as shipped

    check_folder(Path(shipped.__file__).parent / name)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ q }}", "'q' is undefined: it is given row, options, labels; a column is row['q']"),
        ("{% if rwo.q %}x{% endif %}", "'rwo' is undefined"),
        ("{% for each in optoins %}{{ each }}{% endfor %}", "'optoins' is undefined"),
        ("{% set a = row.q %}{{ a }}{{ b }}", "'b' is undefined"),
        ("{{ row.q | nofilter }}", "No filter named 'nofilter'"),
    ],
)
@pytest.mark.parametrize("table", ["test", "train"])
def test_a_template_names_only_what_it_is_given(
    tmp_path: Path, template: str, problem: str, table: str
) -> None:
    old = DECLARATION.splitlines()[6 if table == "test" else 11]
    declared = DECLARATION.replace(old, f'template = "{template}"')
    (found,) = problems(folder(tmp_path, declared))
    assert found.startswith(f"{table}.template: ")
    assert problem in found


def test_templates_may_use_options_loops_and_functions(tmp_path: Path) -> None:
    template = "{% for n in range(2) %}{{ loop.index }}{{ row.q }}{{ options }}{{ labels }}"
    declared = DECLARATION.replace("{{ row.q }}: {{ row['a'] }}", f"{template}{{% endfor %}}")
    check_folder(folder(tmp_path, declared))


@pytest.mark.parametrize(
    ("code", "hint"), [("ids-ordr", ", perhaps 'ids-order'"), ("text-newline", ""), ("x", "")]
)
def test_a_scorer_stops_at_errors_of_check_only(tmp_path: Path, code: str, hint: str) -> None:
    quirk = f'[[quirks]]\ntext = "t"\ncase = "half"\nfails = ["bom", "{code}"]\n'
    stops: dict[str, object] = {"fails": True, "expected": None}
    place = folder(tmp_path, DECLARATION + quirk, cases_json=cases(stops))
    (found,) = problems(place)
    assert found.startswith(f"quirks: 'fails' has '{code}', no error of check{hint}")


@pytest.mark.parametrize("key", ["question", "category", "options", "keywords", "source"])
def test_a_column_of_references_that_is_nearly_a_known_one_is_named(
    tmp_path: Path, key: str
) -> None:
    found = problems(folder(tmp_path, f'{DECLARATION}[meta]\n{key} = "anwser"\n'))
    assert found == (
        f"meta.{key}: 'anwser' is in no declared column and no case, perhaps 'answer'",
    )


def test_groups_are_told_apart_by_a_column_that_there_may_be(tmp_path: Path) -> None:
    groups = '[[score.groups]]\nvalue = "a"\nterms = [{ metric = "f1" }]\n'
    grouped = DECLARATION.replace('terms = [{ metric = "f1" }]', f'group_by = "anwser"\n{groups}')
    assert problems(folder(tmp_path, grouped))[0].startswith("score.group_by: 'anwser' is in no")
    rows = cases({"meta": {"anwser": "a"}})
    assert check_folder(folder(tmp_path, grouped, cases_json=rows)).hold == 1
    check_folder(folder(tmp_path, grouped.replace("anwser", "kind of row"), cases_json="[]"))


@pytest.mark.parametrize("name", shipped_competitions())
def test_columns_and_findings_of_shipped_profiles_are_known(name: str) -> None:
    profile = find_competition(name).profile
    known = {*profile.test.columns, *(profile.train.columns if profile.train else ())}
    named = {profile.score.group_by, *profile.meta.model_dump().values()} - {None}
    assert named <= known
    assert {code for quirk in profile.quirks for code in quirk.fails} <= ERRORS


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return [len(row.meta['q']) / 99 for row in examples]", "run on a made-up row only"),
        ("return [row.meta['mark'] for row in examples]", "not checked: on a made-up row of the"),
        ("return [float(row.answer) for row in examples]", "ValueError: could not convert"),
        ("return np.full(len(examples), np.nan)", "not checked: on a made-up row"),
    ],
)
def test_code_without_cases_is_run_on_a_made_up_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, told: str
) -> None:
    body += "\n\n    def aggregate(self, rows):\n        return float(np.nanmean(rows))"
    place = folder(tmp_path, CODED, scoring_py=MINE.format(body=body))
    assert run(["competitions", str(place)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "The formula's code has no case in cases.json: it was " in said
    assert told in said


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return [each.nonsuch for each in examples]", "no attribute 'nonsuch'"),
        ("return [rogue(each) for each in examples]", "NameError: name 'rogue' is not defined"),
        ("return examples + 1", "line 10: TypeError"),
    ],
)
def test_what_no_row_can_mend_in_code_is_a_problem(tmp_path: Path, body: str, told: str) -> None:
    (found,) = problems(folder(tmp_path, CODED, scoring_py=MINE.format(body=body)))
    assert found.startswith("a made-up row of the declared columns: ")
    assert told in found
