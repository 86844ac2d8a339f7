"""What is guessed from files that are not as one expects."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submission.cli import run
from submission.competitions.new import Draft, make_draft, read_files, write_folder
from submission.competitions.new.draft import Asked
from submission.competitions.new.write import declaration, toml
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.prompts.template import render
from submission.records.read import read_questions, read_training
from submission.tables import JsonText
from tests.submission.competitions.contests import write_csv


def guessed(asked: Asked) -> tuple[str, ...]:
    return asked.guess


def draft(folder: Path, test: str = "test.csv", sample: str = "sample.csv") -> Draft:
    train = folder / "train.csv"
    files = read_files(folder / test, folder / sample, train if train.exists() else None)
    return make_draft(files, "mine", guessed)


def profile(folder: Path, test: str = "test.csv", sample: str = "sample.csv") -> Profile:
    found = draft(folder, test, sample)
    write_folder(found, folder / "mine")
    return Profile.model_validate(tomllib.loads(declaration(found)))


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=12
).filter(lambda name: name.strip() == name and "\ufeff" not in name)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.lists(NAMES, min_size=3, max_size=5, unique=True))
def test_any_column_names_come_back_from_the_toml(names: list[str], tmp_path: Path) -> None:
    rows = [[f"{row}-{n}" for n, _ in enumerate(names)] for row in range(3)]
    write_csv(tmp_path / "test.csv", names[:-1], [row[:-1] for row in rows])
    write_csv(tmp_path / "sample.csv", [names[0], names[-1]], [[row[0], ""] for row in rows])
    found = draft(tmp_path)
    declared = Profile.model_validate(tomllib.loads(declaration(found)))
    assert declared.test.columns == names[:-1]
    assert declared.submission.header == [names[0], names[-1]]
    texts = [each.text for each in read_questions(declared, tmp_path / "test.csv")]
    assert all(cell in text for row, text in zip(rows, texts, strict=True) for cell in row[1:-1])


@given(value=st.recursive(st.text(st.characters(exclude_categories=["Cs"])) | st.booleans(),
                          lambda inner: st.lists(inner, max_size=3)))  # fmt: skip
def test_any_value_comes_back_from_the_toml(value: object) -> None:
    assert tomllib.loads(f"key = {toml(value)}")["key"] == value
    assert tomllib.loads(f"key = {toml({'a b': value})}")["key"] == {"a b": value}


@pytest.mark.parametrize("encoding", ["cp949", "utf-8-sig"])
def test_korean_encodings(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("번호,질문\n1,하나?\n2,둘?\n", encoding)
    (tmp_path / "sample.csv").write_text("번호,답변\n1,\n2,\n", encoding)
    found = profile(tmp_path)
    assert (found.test.id, found.test.question, found.submission.answer) == ("번호", "질문", "답변")
    assert found.submission.bom is (encoding == "utf-8-sig")
    text = (tmp_path / "mine" / "competition.toml").read_text("utf-8")
    assert ("is CP949" in text) is (encoding == "cp949")


def test_tabs(tmp_path: Path) -> None:
    (tmp_path / "test.tsv").write_text("id\tq\n1\t하나?\n2\t둘?\n", "utf-8")
    (tmp_path / "sample.tsv").write_text("id\ta\n1\t\n2\t\n", "utf-8")
    found = profile(tmp_path, "test.tsv", "sample.tsv")
    assert (found.submission.ending, found.submission.header) == (".tsv", ["id", "a"])
    (tmp_path / "sample.tsv").rename(tmp_path / "sample.csv")
    with pytest.raises(InputError, match=r"separated by tabs: name it \.tsv"):
        draft(tmp_path, "test.tsv")


def test_the_submissions_id_has_another_name(tmp_path: Path) -> None:
    write_csv(tmp_path / "test.csv", ["ID", "q"], [["1", "하나?"], ["2", "둘?"]])
    write_csv(tmp_path / "sample.csv", ["row", "a"], [["1", ""], ["2", ""]])
    found = profile(tmp_path)
    assert (found.test.id, found.submission.id) == ("ID", "row")


def test_a_test_file_without_ids_is_numbered(tmp_path: Path) -> None:
    write_csv(tmp_path / "test.csv", ["q", "kind"], [["하나?", "x"], ["하나?", "x"]])
    write_csv(tmp_path / "sample.csv", ["id", "a"], [["1", ""], ["2", ""]])
    found = profile(tmp_path)
    assert found.test.numbered
    assert found.submission.id == "id"


def test_an_answer_column_of_zeros_is_what_train_says(tmp_path: Path) -> None:
    write_csv(tmp_path / "test.csv", ["id", "q"], [["1", "하나?"], ["2", "둘?"]])
    write_csv(tmp_path / "sample.csv", ["id", "a"], [["1", "0"], ["2", "0"]])
    rows = [["7", "셋?", "답을 여기에 적습니다"], ["8", "넷?", "다른 답을 적습니다"]]
    write_csv(tmp_path / "train.csv", ["id", "q", "a"], rows)
    assert profile(tmp_path).submission.kind == "text"


@pytest.mark.parametrize(
    ("gold", "kind", "metric"),
    [
        (["pos", "neg"] * 3, "label", "accuracy"),
        (["1.5", "2.25", "3.0", "4.75"], "number", "rmse"),
        (["서울", "부산", "대구", "광주"], "text", "em"),
        (
            ["서울에서 열린 회의는 어제 저녁 끝났다", "부산에 밤부터 큰 비가 내린다"],
            "text",
            "rouge1",
        ),
    ],
)
def test_the_training_answers_tell_kind_and_metric(
    gold: list[str], kind: str, metric: str, tmp_path: Path
) -> None:
    write_csv(tmp_path / "test.csv", ["id", "q"], [["1", "하나?"], ["2", "둘?"]])
    write_csv(tmp_path / "sample.csv", ["id", "a"], [["1", ""], ["2", ""]])
    rows = [[f"t{n}", f"{n}?", text] for n, text in enumerate(gold)]
    write_csv(tmp_path / "train.csv", ["id", "q", "a"], rows)
    found = profile(tmp_path)
    assert (found.submission.kind, found.score.metrics) == (kind, [metric])


def test_probabilities_have_a_column_per_label(tmp_path: Path) -> None:
    write_csv(tmp_path / "test.csv", ["id", "q"], [["1", "하나?"], ["2", "둘?"]])
    even = [[row, "0.5", "0.5"] for row in "12"]
    write_csv(tmp_path / "sample.csv", ["id", "p_neg", "p_pos"], even)
    rows = [[f"t{n}", f"{n}?", label] for n, label in enumerate(["pos", "neg"] * 3)]
    write_csv(tmp_path / "train.csv", ["id", "q", "label"], rows)
    found = profile(tmp_path)
    assert found.submission.kind == "probabilities"
    assert found.submission.answers == {"neg": "p_neg", "pos": "p_pos"}
    assert found.score.metrics == ["logloss"]
    assert found.score.direction == "lower"


@pytest.mark.parametrize(
    ("columns", "gold", "labels"),
    [
        (["A", "B", "C"], ["A", "C"], "letters"),
        (["option_1", "option_2", "option_3"], ["1", "3"], "digits"),
        (["choice0", "choice1", "choice2"], ["0", "2"], ["0", "1", "2"]),
        (["보기 1", "보기 2"], ["1", "2"], "digits"),
        (["가", "나", "다"], ["다", "가"], "hangul"),
    ],
)
def test_options_in_columns(
    columns: list[str], gold: list[str], labels: object, tmp_path: Path
) -> None:
    cells = [f"선택 {n}" for n, _ in enumerate(columns)]
    write_csv(tmp_path / "test.csv", ["id", "q", *columns], [[n, "?", *cells] for n in "12"])
    write_csv(tmp_path / "sample.csv", ["id", "a"], [["1", gold[0]], ["2", gold[0]]])
    rows = [[f"t{n}", "?", *cells, text] for n, text in enumerate(gold)]
    write_csv(tmp_path / "train.csv", ["id", "q", *columns, "a"], rows)
    found = profile(tmp_path)
    assert (found.test.options, found.test.labels) == (columns, labels)
    assert found.submission.kind == "label"
    assert "선택 1" in read_questions(found, tmp_path / "test.csv")[0].text


def test_a_copied_column_and_770_columns(tmp_path: Path) -> None:
    vectors = [f"vec_{n}" for n in range(768)]
    write_csv(tmp_path / "test.csv", ["ID", "질문"], [["1", "하나?"], ["2", "둘?"]])
    header = ["ID", "질문", "대책", *vectors]
    rows = [["1", "하나?", ""], ["2", "둘?", ""]]
    write_csv(tmp_path / "sample.csv", header, [[*row, *["0"] * 768] for row in rows])
    found = profile(tmp_path)
    assert found.submission.header == header
    assert found.submission.copied == ["질문"]
    assert found.encoder is not None
    assert found.encoder.dimension == 768


def test_nested_json_and_a_template_that_is_the_test_file(tmp_path: Path) -> None:
    items = [
        {"id": f"r-{n}", "input": {"question": f"{n}?", "kind": "단답"}, "output": {"answer": ""}}
        for n in range(3)
    ]
    text = json.dumps(items, ensure_ascii=False)
    (tmp_path / "test.json").write_text(text, "utf-8")
    (tmp_path / "sample.json").write_text(text, "utf-8")
    found = profile(tmp_path, "test.json", "sample.json")
    assert (found.submission.format, found.submission.answer) == ("json", "output.answer")
    assert found.test.question is None
    assert "input.question" in (found.test.template or "")


def test_files_without_a_column_to_fill_in_say_what_to_give(tmp_path: Path) -> None:
    write_csv(tmp_path / "test.csv", ["id", "q"], [["1", "하나?"], ["2", "둘?"]])
    write_csv(tmp_path / "sample.csv", ["id", "q"], [["1", "하나?"], ["2", "둘?"]])
    with pytest.raises(InputError, match="--answer"):
        draft(tmp_path)


def contest(folder: Path, gold: list[str], header: str = "id,q,a", suffix: str = ".csv") -> None:
    """A test file of two rows, and a training file of these answers under ``header``."""
    write_csv(folder / "test.csv", ["id", "q"], [["1", "하나?"], ["2", "둘?"]])
    write_csv(folder / "sample.csv", ["id", "a"], [["1", ""], ["2", ""]])
    rows = [[f"t{n}", f"{n}?", text] for n, text in enumerate(gold)]
    write_csv(folder / f"train{suffix}", header.split(","), rows)


def test_commas_in_a_tsv_are_refused(tmp_path: Path) -> None:
    contest(tmp_path, ["답 하나", "답 둘"], suffix=".tsv")
    with pytest.raises(InputError, match=r"separated by commas: name it \.csv"):
        read_files(tmp_path / "test.csv", tmp_path / "sample.csv", tmp_path / "train.tsv")


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        (["id", "text", "a"], [["t1", "하나?", "가"], ["t2", "둘?", "나"]],
         "lacks columns of the question: q; it has id, text, a"),
        (["q", "a"], [["하나?", "가"], ["하나?", "나"], ["셋?", "나"]], "No column can be its id"),
    ],
)  # fmt: skip
def test_a_training_file_that_cannot_be_used_is_named(
    header: list[str], rows: list[list[str]], said: str, tmp_path: Path
) -> None:
    contest(tmp_path, [])
    write_csv(tmp_path / "train.csv", header, rows)
    found = draft(tmp_path)
    assert not found.train
    assert [said in note for note in found.notes] == [True]
    assert said in declaration(found)
    assert profile(tmp_path).train is None


def test_a_training_file_is_numbered_as_its_test_file_is(tmp_path: Path) -> None:
    write_csv(tmp_path / "test.csv", ["q"], [["하나?"], ["하나?"]])
    write_csv(tmp_path / "sample.csv", ["id", "a"], [["1", ""], ["2", ""]])
    write_csv(tmp_path / "train.csv", ["q", "a"], [["셋?", "가"], ["셋?", "나"]])
    found = profile(tmp_path)
    assert found.train is not None
    rows = read_training(found, tmp_path / "train.csv")
    assert [(row.id, row.answers) for row in rows] == [("1", ("가",)), ("2", ("나",))]


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        ([{"who": "가", "said": "나는?"}, {"who": "나", "said": "너는."}],
         ["who: 가, said: 나는?", "who: 나, said: 너는."]),
        ([{"items": "가"}, {"it's": "나", "n": 3}], ["items: 가", "it's: 나, n: 3"]),
        ([{"role": "user", "content": "나는?"}], ["user: 나는?"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("others", [{}, {"topic": "인사"}])
def test_lists_of_objects_are_printed_in_words(
    items: list[object], lines: list[str], others: dict[str, str], tmp_path: Path
) -> None:
    rows = [{"id": f"r{n}", "input": {"conv": items if n else [], **others}} for n in range(3)]
    (tmp_path / "test.json").write_text(json.dumps(rows), "utf-8")
    answers = [{"id": f"r{n}", "output": ""} for n in range(3)]
    (tmp_path / "sample.json").write_text(json.dumps(answers), "utf-8")
    text = profile(tmp_path, "test.json", "sample.json").test.template or ""
    asked = render(text, {"input.conv": JsonText(json.dumps(items)), "input.topic": "인사"})
    assert "\n".join(lines) in asked
    assert not {"[", "{"} & {*asked}


@pytest.mark.parametrize(
    ("labels", "grades"),
    [
        (["1", "2", "3", "4", "5", "6"], True),
        (["-1", "0", "1"], True),
        (["0", "1"], False),
        (["1", "2", "4"], False),
        (["01", "02", "03"], False),
        (["가", "나", "다"], False),
    ],
)
def test_grades_are_offered_metrics_of_numbers(
    labels: list[str], grades: bool, tmp_path: Path
) -> None:
    contest(tmp_path, labels * 2)
    offered = {each.metric for each in draft(tmp_path).candidates}
    assert ({"kappa:weights=quadratic", "rmse", "accuracy"} <= offered) is grades
    assert len(offered) == len(draft(tmp_path).candidates)


@pytest.mark.parametrize(
    ("given", "kind", "labels"),
    [
        ({}, "label", [*"123456"]),
        ({"--metric": "kappa:weights=quadratic"}, "label", [*"123456"]),
        ({"--metric": "rmse"}, "number", []),
        ({"--metric": "kappa:weights=quadratic", "--kind": "number"}, "number", []),
        ({"--metric": "rmse", "--kind": "label"}, "label", [*"123456"]),
    ],
)
def test_grades_are_labels_or_numbers(
    given: dict[str, str], kind: str, labels: list[str], tmp_path: Path
) -> None:
    contest(tmp_path, [*"123456"] * 2)
    files = read_files(tmp_path / "test.csv", tmp_path / "sample.csv", tmp_path / "train.csv")

    def answered(asked: Asked) -> tuple[str, ...]:
        return (given[asked.option],) if asked.option in given else asked.guess

    submission = make_draft(files, "mine", answered).submission
    assert (submission["kind"], submission.get("labels", [])) == (kind, labels)


@pytest.mark.parametrize(
    ("ids", "header", "rows", "found"),
    [
        # "a" looks like the test file's ids by chance.
        ("123", "key,a", ["x,1", "y,2", "z,3"], ("id", "key", ["3 ids are not in"])),
        ("123", "key,a", ["x,1", "y,2"], ("id", "key", ["has 2 rows, the test file 3",
                                                         "2 ids are not in"])),
        ("xyz", "a,key", ["1,x", "2,y", "3,z"], ("id", "key", [])),
        ("xyz", "row,a", ["x,1", "y,2", "z,3"], ("id", "row", [])),
        ("xyz", "row,a", ["x,1", "y,2"], ("id", "row", ["has 2 rows, the test file 3"])),
        ("xyz", "a,id", ["1,x", "2,y"], ("id", "id", ["has 2 rows, the test file 3"])),
    ],
)  # fmt: skip
def test_the_id_column_and_what_does_not_fit(
    ids: str, header: str, rows: list[str], found: tuple[str, str, list[str]], tmp_path: Path
) -> None:
    write_csv(tmp_path / "test.csv", ["id", "q"], [[each, f"{each}?"] for each in ids])
    write_csv(tmp_path / "sample.csv", header.split(","), [row.split(",") for row in rows])
    given = draft(tmp_path)
    test_id, sample_id, notes = found
    assert (given.test["id"], given.submission["id"]) == (test_id, sample_id)
    assert given.submission["answer"] == "a"
    assert [part in note for part, note in zip(notes, given.notes, strict=True)] == [True] * len(
        notes
    )


def test_an_option_that_asks_nothing_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contest(tmp_path, ["답 하나", "답 둘"])
    files = ["--test", tmp_path / "test.csv", "--sample", tmp_path / "sample.csv"]
    command = ["competitions", "new", tmp_path / "mine", *files, "--yes", "--gold", "a"]
    assert run(list(map(str, command))) == 2
    assert "--gold cannot be used with these files" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()
    write_csv(tmp_path / "sample.csv", ["id", "a"], [["1", ""]])
    assert run(list(map(str, command[:-2]))) == 0
    assert "Warning: " in capsys.readouterr().err
